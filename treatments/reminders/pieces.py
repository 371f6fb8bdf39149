"""What letters say around the texts that the clinic words, in the language that is active when they are written."""

from functools import cache
from pathlib import Path

import yaml
from django.utils.functional import lazy
from django.utils.translation import get_language

from clinic.languages import FIRST_LANGUAGE
from treatments.reminders.placeholders import filled

SHIPPED = Path(__file__).parent / "data" / "pieces.yaml"


@cache
def shipped() -> dict[str, dict[str, str]]:
    """{piece: {language: text}}."""
    return yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))


def piece(name: str, **said: object) -> str:
    """A piece, filled; in the first language where it is not worded in the active one.

    >>> from django.utils import translation
    >>> with translation.override("de"):
    ...     piece("more", n=4)
    'und 4 weitere'
    """
    texts = shipped()[name]
    text = texts.get(get_language() or FIRST_LANGUAGE, texts[FIRST_LANGUAGE])
    return filled(text, {key: str(value) for key, value in said.items()})


lazy_piece = lazy(piece, str)
