"""Compile the translations: each `locale/*/LC_MESSAGES/django.po` into the .mo beside it, which is never committed.

Run by set-up and before the tests. What is compiled already from the same text is not done again. A file is there
whole or not at all, and where it is missing pages are in English.
"""

import hashlib
import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "locale"


def compile_all(folder: Path = FOLDER) -> list[Path]:
    """The .po files that were compiled just now. Raises ValueError, babel's PoFileError for what is no .po file."""
    return [source for source in sorted(folder.glob("*/LC_MESSAGES/*.po")) if _compile(source)]


def _compile(source: Path) -> bool:
    target, stamp = source.with_suffix(".mo"), source.with_suffix(".mo.of")
    text = source.read_bytes()
    wanted = hashlib.sha256(text).hexdigest()
    if target.exists() and stamp.exists() and stamp.read_text() == wanted:
        return False
    _whole(target, _binary(source))
    _whole(stamp, wanted.encode())
    return True


def _binary(source: Path) -> bytes:
    from io import BytesIO

    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with source.open("rb") as file:
        catalog = read_po(file, locale=source.parent.parent.name, abort_invalid=True)
    made = BytesIO()
    write_mo(made, catalog)
    return made.getvalue()


def _whole(target: Path, content: bytes) -> None:
    """Put it there in one step: whoever reads meanwhile has the old file or the new one."""
    made = target.with_name(f".{target.name}.{os.getpid()}")
    made.write_bytes(content)
    made.replace(target)


if __name__ == "__main__":
    compile_all()
