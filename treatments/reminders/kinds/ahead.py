"""What goes before a session: the reminders, what to mind, and the questions to answer again."""

import datetime as dt
from collections.abc import Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, lazy

from contraindications import rules as screening_rules
from contraindications.screening import CannotScreen, Person, facts_of, failing_closed, rules_in_force
from patients.actions import link_for_letter
from patients.models import Interview, Report
from patients.querysets import Told
from treatments.reminders import rules
from treatments.reminders.care import CareBook, words_of
from treatments.reminders.kinds.shape import Kind, Values
from treatments.reminders.models import LinkPurpose, Message, MessageKind, Topic
from treatments.reminders.pieces import lazy_piece
from treatments.reminders.rules_care import CareRule
from treatments.schedule.models import Session, SessionState


def needless(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
    """One query."""
    rows = Message.objects.filter(pk__in=[one.pk for one in messages]).with_session_truth()
    found = {row.pk: rules.needless_ahead(_truth_of(row), at) for row in rows}
    return {pk: why for pk, why in found.items() if why}


def _truth_of(row: Message) -> rules.Ahead:
    session: Session = row.session  # type: ignore[assignment]  # the kinds have one, by a constraint
    as_promised = row.same_start and not row.promised_since  # type: ignore[attr-defined]
    return rules.Ahead(session.state == SessionState.BOOKED, as_promised, session.starts_at)


def values(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
    """One query."""
    sessions = _sessions(messages)
    return {one.pk: _said(sessions[one.session_id]) for one in messages if one.session_id}


def _said(session: Session, **said: tuple[str | Promise, ...]) -> Values:
    starts_at = session.starts_at
    return Values({"when": starts_at, **said}, purpose=LinkPurpose.SESSION, link_until=starts_at)


def _sessions(messages: Sequence[Message]) -> dict[int, Session]:
    """With what the care rules ask of their course, in one query."""
    rows = Session.objects.select_related("course__patient", "course__area__parent", "course__technique")
    return rows.in_bulk([one.session_id for one in messages if one.session_id])


# What to mind before a session


def needless_precare(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
    """Four queries."""
    sessions, book = _sessions(messages), CareBook.load()
    nothing = [one for one in messages if not book.before_session(sessions[one.session_id].course)]  # type: ignore[index]
    return {one.pk: rules.Needless.NO_RULES for one in nothing} | needless(messages, at)


def values_precare(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
    """Three queries. Only what is said to everybody stands in the letter, or that the rest is on the page."""
    sessions, book = _sessions(messages), CareBook.load()
    said = {}
    for one in messages:
        session = sessions[one.session_id]  # type: ignore[index]
        general = [rule for rule in book.before_session(session.course) if rule.general]
        lines = tuple(_line(rule) for rule in general) or (lazy_piece("on_your_page"),)
        said[one.pk] = _said(session, mind=lines)
    return said


def _written(rule: CareRule) -> str:
    """In the language that is active when the letter is written."""
    return f"- {words_of(rule)}"


_line = lazy(_written, str)


# Questions to answer again


def needless_recheck(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
    """Five queries. Where nothing can be said of the answers they are asked for again."""
    sessions, compiled = _sessions(messages), _rules()
    patients = {session.course.patient_id for session in sessions.values()}
    interviews, reports = Interview.objects.standing_of(patients), Report.objects.pending_of(patients)
    found = {}
    for one in messages:
        session = sessions[one.session_id]  # type: ignore[index]
        patient = session.course.patient_id
        if patient in reports:
            found[one.pk] = rules.Needless.ANSWERED
        elif compiled and not _open_on_the_day(session, interviews.get(patient), compiled):
            found[one.pk] = rules.Needless.NOTHING_OPEN
    return found | needless(messages, at)


def _rules() -> screening_rules.RuleSet | None:
    try:
        return rules_in_force()[1]
    except CannotScreen:
        return None


def _open_on_the_day(session: Session, interview: Told | None, compiled: screening_rules.RuleSet) -> bool:
    """Is an answer missing, or too old by then?"""
    patient, day = session.course.patient, timezone.localdate(session.starts_at)
    person = Person(patient.pk, patient.birth_date, patient.sex)
    try:
        with failing_closed(patient.pk):
            facts = facts_of(person, interview, day=day)
            return bool(screening_rules.unanswered_on(day, facts, compiled))
    except CannotScreen:
        return True


def values_recheck(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
    """One query. The link is the interview's own."""
    sessions = _sessions(messages)
    return {
        one.pk: Values({"when": sessions[one.session_id].starts_at}) for one in messages if one.session_id
    }


def interview_address(message: Message, at: dt.datetime) -> str:
    """A link to the interview, made with the letter. Raises LinkDead when the patient has answered meanwhile."""
    token = link_for_letter(message.patient_id, since=message.created_at, at=at)  # type: ignore[arg-type]
    return settings.BASE_URL + reverse("interview:enter", args=[token])


KINDS = [
    Kind(MessageKind.REMINDER, Topic.REMINDERS, frozenset({"link", "when"}), needless, values),
    Kind(
        MessageKind.PRECARE,
        Topic.CARE,
        frozenset({"link", "when", "mind"}),
        needless_precare,
        values_precare,
    ),
    Kind(
        MessageKind.RECHECK,
        Topic.CARE,
        frozenset({"link", "when"}),
        needless_recheck,
        values_recheck,
        interview_address,
    ),
]
