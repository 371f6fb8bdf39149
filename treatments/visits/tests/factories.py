"""Check-ins for tests, made through the action."""

from django.utils import timezone

from patients.actions import Seen
from treatments.visits import actions
from treatments.visits.asking import asking


def checked_in(session, *, by, at=None, answers=None, new_allergies=()):
    """The patient of `session` asked again when it begins: as said last, else "no"; `answers` say otherwise."""
    at = at or session.starts_at
    due = asking(session.course.patient, day=timezone.localdate(at))
    last = due.stands.answers if due.stands else {}
    known = (due.stands.allergies if due.stands else None) or {"substances": [], "texts": []}
    return actions.check_in(
        session,
        answers={fact.code: _same(last.get(fact.code)) for fact in due.facts} | (answers or {}),
        allergies={"substances": known["substances"], "texts": [*known["texts"], *new_allergies]}
        if due.asks_allergies
        else None,
        on=Seen(due.stands.number if due.stands else 0, None),
        by=by,
        at=at,
    )


def _same(answer):
    return {k: answer[k] for k in ("state", "until") if k in answer} if answer else {"state": "no"}
