"""PDFs by typst: tagged (PDF/UA-1), their fonts in them, the same bytes for the same words.

The words go in as JSON and are never read as markup. typst sees its template and nothing else: no network, no packages,
no other file.
"""

import datetime as dt
import json
import logging
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import typst

log = logging.getLogger(__name__)

# What typst says of a character that no font has; control characters are written like \u{1}.
_NO_GLYPH = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")


class CannotTypeset(Exception):
    """No PDF could be made. The page that shows the same still can."""


def typeset(template: Path, words: dict, *, name: str, at: dt.datetime) -> bytes:
    """The words as PDF by `template`, which finds them as `sys.inputs.sheet`; dated `at`. Raises CannotTypeset.

    `name` is what the log calls it. A character that no font here has is printed by its number, such as [U+738B], so
    that nothing is lost.
    """
    try:
        try:
            return _typeset(template, words, at)
        except typst.TypstError as error:
            return _typeset(template, _spelt(words, _without_glyph(error)), at)
    except Exception as error:
        # Never the message: it quotes the words.
        log.error("Cannot typeset %s: %s", name, type(error).__name__)
        raise CannotTypeset from error


def _typeset(template: Path, words: dict, at: dt.datetime) -> bytes:
    return typst.compile(
        str(template),
        root=str(template.parent),
        font_paths=_fonts(),
        package_path=str(template.parent),
        package_cache_path=str(template.parent),
        format="pdf",
        pdf_standards=["ua-1"],
        timestamp=int(at.timestamp()),
        sys_inputs={"sheet": json.dumps(words)},
    )


@cache
def _fonts() -> typst.Fonts:
    """typst's own fonts, and those of the machine for other scripts. Read once per process."""
    return typst.Fonts(include_system_fonts=True)


def _without_glyph(error: typst.TypstError) -> frozenset[str]:
    """The characters that typst says it has no glyph for; the error itself where it says something else."""
    quoted = "".join(_NO_GLYPH.findall(error.diagnostic))
    missing = frozenset(_ESCAPED.sub(lambda found: chr(int(found[1], 16)), quoted))
    if not missing:
        raise error
    return missing


def _spelt(words, missing: Iterable[str]):
    """The same words with the characters of `missing` as their numbers."""
    numbers = str.maketrans({character: f"[U+{ord(character):04X}]" for character in missing})

    def spell(value):
        if isinstance(value, str):
            return value.translate(numbers)
        if isinstance(value, dict):
            return {key: spell(inner) for key, inner in value.items()}
        return [spell(inner) for inner in value] if isinstance(value, list | tuple) else value

    return spell(words)
