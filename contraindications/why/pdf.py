"""A why sheet as a PDF: the same bytes for the same words."""

import datetime as dt
from dataclasses import asdict
from pathlib import Path

from clinic.typesetting import typeset
from contraindications.why.parts import Sheet

TEMPLATE = Path(__file__).parent / "typst" / "why.typ"


def pdf_of(sheet: Sheet, *, at: dt.datetime) -> bytes:
    """The sheet as PDF, dated `at`. The same sheet gives the same bytes. Raises CannotTypeset."""
    return typeset(TEMPLATE, asdict(sheet), name=sheet.name, at=at)
