"""What to leave after a session, each until when, counted from its real end."""

import datetime as dt
from collections.abc import Sequence

from django.utils.functional import lazy

from clinic import moments
from clinic.models import Clinic
from treatments.reminders import rules
from treatments.reminders.care import CareBook, label_of, still_held
from treatments.reminders.kinds.shape import Kind, Values
from treatments.reminders.models import LinkPurpose, Message, MessageKind, Topic
from treatments.reminders.pieces import piece
from treatments.reminders.rules_care import Care
from treatments.visits.models import Visit

PAGE_FOR = dt.timedelta(days=14)  # longer than any rule that ships


def _held(messages: Sequence[Message], at: dt.datetime) -> dict[int, list[Care]]:
    """By message what is not allowed yet, in four queries."""
    book, clinic = CareBook.load(), Clinic.current()
    rows = Visit.objects.select_related("session__course__area__parent", "session__course__technique")
    visits = {row.session_id: row for row in rows.filter(session__in=[one.session_id for one in messages])}
    return {
        one.pk: still_held(book.after_session(visits[one.session_id], clinic), at)
        for one in messages
        if one.session_id in visits
    }


def needless(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
    """Four queries."""
    held = _held(messages, at)
    return {one.pk: rules.Needless.NO_RULES for one in messages if not held.get(one.pk)}


def values(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
    """Four queries. Only what tells nothing about the treatment stands in the letter, and never no time.

    None for what is needless.
    """
    return {
        pk: Values(
            {"care": tuple(_line(one) for one in held if one.behaviour) or (_all_of_it(held),)},
            purpose=LinkPurpose.SESSION,
            link_until=at + PAGE_FOR,
        )
        for pk, held in _held(messages, at).items()
        if held
    }


def _written(care: Care) -> str:
    """In the language that is active when the letter is written."""
    words = piece("from_when", what=label_of(care), when=moments.at(care.until, "day"))
    return f"{words} {piece('own_rule')}" if care.own else words


def _written_together(held: Sequence[Care]) -> str:
    """Where none of them may be named: from when on there is nothing to mind."""
    last = max(held, key=lambda one: (one.until, one.own))
    words = piece("all_of_it", when=moments.at(last.until, "day"))
    return f"{words} {piece('own_rule')}" if last.own else words


_line, _all_of_it = lazy(_written, str), lazy(_written_together, str)

KINDS = [
    Kind(MessageKind.AFTERCARE, Topic.CARE, frozenset({"link", "care"}), needless, values),
]
