"""Items and their rows in words: what meets them, in which state, how surely, and where that is written."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from contraindications.rulebook import listwords
from contraindications.rules import words
from contraindications.rules.rows import AgeRow, AllergenRow, AllOfRow, AnyOfRow, Row

Labels = Mapping[str, str]  # fact -> what people call it


def subject(row: Row, facts: Labels) -> str:
    """What a row looks at: facts, an allergen or an age."""
    if isinstance(row, AgeRow):
        return _ages(row)
    if isinstance(row, AllergenRow):
        return str(listwords.PLACES[row.place])
    return joined(row.facts, facts)


def joined(codes: Collection[str], facts: Labels) -> str:
    """Several facts that are asked about together."""
    return _(" and ").join(facts.get(code, code) for code in codes)


def when(row: Row) -> str:
    """In which state: "now, recent"; of facts asked together also whether all of them have to be there."""
    if isinstance(row, AgeRow | AllergenRow):
        return ""
    said = states(row.states)
    if isinstance(row, AllOfRow) and len(row.facts) > 1:
        return f"{listwords.ALL_OF}, {said}"
    return f"{listwords.ANY_OF}, {said}" if isinstance(row, AnyOfRow) else said


def states(codes: Collection[str]) -> str:
    """now, recent, past: in this order."""
    return ", ".join(str(listwords.STATES[code]) for code in words.HELD_STATES if code in codes)


def match(row: Row) -> str:
    """How surely: named, as one of a group, or left open."""
    return str(listwords.MATCHES[row.match])


def in_words(row: Row, facts: Labels) -> str:
    """The whole row in a line."""
    said = ": ".join(part for part in (subject(row, facts), when(row)) if part)
    return f"{said} ({match(row)})"


def sentence(text: str) -> str:
    """What a source says, as the start of a sentence."""
    return text[:1].upper() + text[1:]


def place(locator: str) -> str:
    """ "L88 item 2" is "item 2, line 88" to people."""
    line, _sep, item = locator.partition(" ")
    if not line.startswith("L"):
        return locator
    said = _("line %(line)s") % {"line": line[1:]}
    return f"{item}, {said}" if item else said


def _ages(row: AgeRow) -> str:
    ages = {"low": row.age_from, "below": row.age_below, "last": (row.age_below or 0) - 1}
    if row.is_clinic_minimum and row.age_from is None:
        return _("younger than %(below)s, the clinic's minimum age") % ages
    if row.age_from is None:
        return _("younger than %(below)s") % ages
    return _("%(low)s to %(last)s years") % ages if row.age_below else _("%(low)s years and older") % ages
