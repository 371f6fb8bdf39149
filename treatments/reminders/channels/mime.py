"""A letter as it goes over the wire: written straight, since the library takes longer for it than the server.

Headers by RFC 5322 and 2047, text and page as quoted-printable, files as base64 (RFC 2045, 2046).
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from email.header import Header
from email.utils import formatdate

from treatments.reminders.channels.lines import Attachment, Letter

LONGEST_LINE = 900  # of a header; more than 998 is not allowed


def content(letter: Letter, headers: Mapping[str, str]) -> bytes:
    """The whole letter; addresses are in ASCII already. Raises ValueError for a header that would become two."""
    said = {
        "Subject": letter.subject,
        "To": letter.to,
        "Date": formatdate(),
        "MIME-Version": "1.0",
        **headers,
    }
    top = "".join(_header(name, value) for name, value in said.items() if value)
    return top.encode("ascii") + _body(letter)


def _header(name: str, value: str) -> str:
    if any(one in value for one in "\r\n\0"):
        raise ValueError(f"a line break in {name}")
    if not value.isascii() or len(value) > LONGEST_LINE:
        value = Header(value, "utf-8", header_name=name).encode(linesep="\r\n")
    return f"{name}: {value}\r\n"


def _body(letter: Letter) -> bytes:
    parts = [_text("plain", letter.text)]
    if letter.html:
        parts.append(_text("html", letter.html))
    body = parts[0] if len(parts) == 1 else _joined("alternative", parts)
    if letter.attachments:
        body = _joined("mixed", [body, *map(_file, letter.attachments)])
    return body


def _text(kind: str, text: str) -> bytes:
    lines = "\r\n".join(text.replace("\r\n", "\n").split("\n"))
    printable = binascii.b2a_qp((lines + "\r\n").encode(), istext=True)
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    )
    return head.encode() + printable


def _file(file: Attachment) -> bytes:
    name = "".join(one for one in file.name if one.isascii() and one.isprintable() and one not in '"\\')
    head = (
        f'Content-Type: {_header_free(file.mimetype)}; name="{name}"\r\nContent-Transfer-Encoding: base64\r\n'
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return head.encode() + base64.encodebytes(file.content).replace(b"\n", b"\r\n")


def _header_free(mimetype: str) -> str:
    if not mimetype.isascii() or not mimetype.isprintable():
        raise ValueError("no type of a file")
    return mimetype


def _joined(kind: str, parts: list[bytes]) -> bytes:
    """Parts of a multipart; no part can hold the line between them, which nobody knows before."""
    between = f"=_{secrets.token_hex(16)}"
    head = f'Content-Type: multipart/{kind}; boundary="{between}"\r\n\r\n'.encode()
    line = f"--{between}\r\n".encode()
    return head + b"".join(line + part + b"\r\n" for part in parts) + f"--{between}--\r\n".encode()
