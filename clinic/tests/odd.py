"""Input that no form of ours sends: made from the forms that the pages show, with a fixed seed."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import quote, urlencode

# As they travel: bytes, since what is no text at all must arrive as it is.
ODD = [
    b"",
    b" ",
    b"\x00",
    b"a\x00b",
    b"\xed\xa0\x80",  # half of a pair
    b"\xff\xfe",
    "\u202e\u0000".encode(),
    b"x" * 10_000,
    ("ł" * 300).encode(),
    b"0",
    b"-1",
    b"32768",
    b"2147483648",
    b"9" * 18,
    b"9" * 19,
    b"-9223372036854775809",
    b"9" * 5_000,
    b"1e309",
    b"NaN",
    b"Infinity",
    b"0.5",
    "٣".encode(),
    "²".encode(),
    "१२३".encode(),
    b"0001-01-01",
    b"1900-01-01",
    b"2026-02-30",
    b"9999-12-31",
    b"10000-01-01",
    b"0001-01-01T00:00",
    b"9999-12-31T23:59",
    b"24:00",
    b"23:59:59.999999",
    b"none",
    b"zzz",
    b"[]",
    b"{}",
    b'{"a": 1}',
    b"'\"<script>",
    b"%s%(x)s{0}\\",
    "😀".encode() * 60,
]
NUMBERS = [b"0", b"-1", b"9" * 18, b"9" * 19, "٣".encode(), b"9999", b"0001"]
PLAIN = "application/x-www-form-urlencoded"


@dataclass
class Form:
    """A form as a page shows it: where it goes, and each field with all the values that it offers."""

    address: str
    post: bool
    fields: dict[str, list[str]] = field(default_factory=dict)


class Forms(HTMLParser):
    """Reads the forms and the addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.addresses: list[str] = []
        self._open: list[Form] = []
        self._text: str | None = None
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said: dict[str, str] = {name: value or "" for name, value in attrs}
        self.addresses += [said[name] for name in ("href", "hx-get", "hx-post", "action") if said.get(name)]
        self.addresses += [value for name, value in said.items() if name.startswith("data-") and "/" in value]
        name = said.get("name", "")
        if tag == "form":
            self._open.append(Form(said.get("action", ""), said.get("method", "get").lower() == "post"))
            self.forms.append(self._open[-1])
        elif tag == "select":
            self._select = name
            self._offer(name)
        elif tag == "option" and self._select:
            self._offer(self._select, said.get("value", ""))
        elif tag == "textarea":
            self._offer(name, "")
        elif tag in ("input", "button") and name:
            self._offer(name, said.get("value", "on"))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self._open:
            self._open.pop()
        elif tag == "select":
            self._select = ""

    def _offer(self, name: str, *values: str) -> None:
        if self._open and name:
            self._open[-1].fields.setdefault(name, []).extend(values)


def read(page: str) -> Forms:
    reader = Forms()
    reader.feed(page)
    return reader


def whole(fields: dict[str, list[str]], rng: random.Random) -> list[tuple[str, bytes]]:
    """What a person could send: of every field one value that it offers, the first one mostly."""
    return [
        (name, (offered[0] if rng.random() < 0.7 else rng.choice(offered)).encode("utf-8", "replace"))
        for name, offered in fields.items()
        if offered
    ]


def spoiled(pairs: list[tuple[str, bytes]], rng: random.Random, share: float) -> list[tuple[str, bytes]]:
    """The same with some fields odd: another value, a damaged one, twice, under another name, or missing."""
    found: list[tuple[str, bytes]] = []
    for name, value in pairs:
        found += _odd(name, value, rng) if rng.random() < share else [(name, value)]
    return found


def _odd(name: str, value: bytes, rng: random.Random) -> list[tuple[str, bytes]]:
    way = rng.randrange(10)
    if way == 0:
        return []
    if way == 1:
        return [(name, value), (name, rng.choice(ODD))]
    if way == 2:
        return [(f"{name}[]", value)]
    if way < 6 and value:
        return [(name, _damaged(value, rng))]
    return [(name, rng.choice(ODD))]


def _damaged(value: bytes, rng: random.Random) -> bytes:
    """One number of it another one, or a part of it gone or there twice."""
    numbers = list(re.finditer(rb"\d+", value))
    if numbers and rng.random() < 0.7:
        one = rng.choice(numbers)
        return value[: one.start()] + rng.choice(NUMBERS) + value[one.end() :]
    cut = rng.randrange(len(value))
    return value[:cut] + rng.choice([b"", value, b"\x00", b"|", b"-"]) + value[cut + 1 :]


def bodies(fields: dict[str, list[str]], rng: random.Random, rounds: int) -> Iterator[tuple[str, bytes]]:
    """(content type, body): nothing, other kinds of content, and forms of which more and more is odd."""
    yield PLAIN, b""
    yield rng.choice(OTHER_KINDS)
    pairs = whole(fields, rng) or [("version", b"1"), ("to", b"1")]
    for number in range(rounds):
        share = (0.15, 0.5, 0.9)[number % 3]
        yield PLAIN, urlencode(spoiled(whole(fields, rng) or pairs, rng, share)).encode()


OTHER_KINDS = [
    ("application/json", b'{"a": "\\ud800", "version": {"b": []}}'),
    ("application/json", b"[[[["),
    ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=version\r\n\r\n"),
    ("multipart/form-data", b"--x--"),
    ("multipart/form-data; boundary=" + "x" * 300, b"--x--"),
    (
        "multipart/form-data; boundary=x",
        b'--x\r\nContent-Disposition: form-data; name="version"; filename="v"\r\n\r\n1\r\n--x--\r\n',
    ),
    ("text/plain; charset=nonsense", b"version=1"),
    ("application/x-www-form-urlencoded; charset=utf-7", b"version=+AAA-"),
    ("application/x-www-form-urlencoded", b"&".join(b"f%d=1" % n for n in range(2_000))),
    ("application/octet-stream", b"\x00\xff" * 100),
]


def query(names: list[str], rng: random.Random) -> str:
    """A query string in which every name is odd."""
    return urlencode([(name, rng.choice(ODD)) for name in names for _ in range(rng.choice([1, 1, 2]))])


def paths(address: str, rng: random.Random) -> str:
    """The address with one part of it odd."""
    parts = address.split("/")
    at = rng.choice([place for place, part in enumerate(parts) if part] or [0])
    return "/".join([*parts[:at], quote(rng.choice(ODD)[:300] or b"0"), *parts[at + 1 :]])
