"""What a why sheet is made of: words only, so that the page and the PDF show the same."""

from dataclasses import dataclass

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; the first cell of a row says what the row is about."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    widths: tuple[int, ...]  # of the columns, beside each other

    @property
    def labelled(self) -> list[Pairs]:
        """The rows with the head of its column beside every cell, for narrow screens."""
        return [tuple(zip(self.head, row, strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Part:
    """A heading and what stands under it. What is empty is left out."""

    heading: str
    tag: str = ""
    effect: str = ""  # of a finding: stop, hold, caution or note
    text: tuple[str, ...] = ()
    pairs: Pairs = ()
    lines: tuple[str, ...] = ()
    table: Table | None = None
    parts: tuple["Part", ...] = ()
    sources: str = ""  # of a finding: its line among the sources side by side; for the page only


@dataclass(frozen=True, slots=True)
class Code:
    """The QR code and what stands beside it."""

    address: str
    svg: str
    picture: str  # the same as an address of its own data, for pages
    alt: str
    says: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole why sheet, ready to be read."""

    language: str
    title: str
    eyebrow: str
    name: str  # of the file: no patient in it
    about: Pairs
    alarm: str  # the sheet cannot be relied on; "" where it can
    verdict: str
    word: str
    next: tuple[str, ...]
    notes: tuple[str, ...]
    parts: tuple[Part, ...]
    digest: str
    code: Code
    footer: str  # with {page} and {of}


def pairs(*said: tuple[str, str]) -> Pairs:
    """Those that say something."""
    return tuple((str(label), str(value)) for label, value in said if value)
