"""What follows from a change of the calendar: letters about it, and all that goes before and after a session.

Call it with the course locked, as every change of the calendar has it: then nobody else writes letters of the course.
The clinic's settings count as they are at booking or moving; when they change, `replanning` plans what waits anew.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Q, QuerySet

from clinic.models import Clinic
from clinic.prepared import Prepared, asked
from treatments.reminders import rules_times, words
from treatments.reminders.actions.promising import addressed, promise, quiet_of, turn
from treatments.reminders.kinds.told import appointment
from treatments.reminders.models import LEFT_THE_HOUSE, Message, MessageKind, MessageState
from treatments.reminders.recipients import Recipient, recipient
from treatments.reminders.rules import Needless, called_off, hardly_booked
from treatments.reminders.rules_times import Due, Quiet
from treatments.schedule.events import Booked
from treatments.schedule.models import Session
from treatments.visits.models import Visit

BEFORE = (MessageKind.REMINDER, MessageKind.PRECARE, MessageKind.RECHECK)
TOLD = (MessageKind.BOOKED, MessageKind.MOVED, MessageKind.CANCELLED)
MAY_BE_KNOWN = (MessageState.SENDING, *LEFT_THE_HOUSE)
RECALLED = (MessageKind.MAINTENANCE,)
EXTENDED = ["about", "told_before", "due_at", "try_at", "not_after", "lease_token", "lease_until"]


def _waiting_or_said() -> QuerySet[Message]:
    waits = Q(state__in=[MessageState.DUE, MessageState.SENDING])
    waits |= Q(state=MessageState.SUPPRESSED, due_at__gt=asked("at"))
    said = Q(course=asked("course"), kind__in=TOLD) | Q(session=asked("session"))
    rows = Message.objects.filter(waits | said, patient=asked("patient")).order_by("pk")
    return rows.select_for_update(of=("self",))


def _of_booking() -> QuerySet[Message]:
    told, recall = (
        Q(course=asked("course"), kind=MessageKind.BOOKED),
        Q(kind__in=RECALLED, state=MessageState.DUE),
    )
    rows = Message.objects.filter(told | recall, patient=asked("patient")).order_by("pk")
    return rows.select_for_update(of=("self",))


HELD = Prepared(_waiting_or_said)
CONCERNED = Prepared(_of_booking)  # few, however many the patient has: others wait for this course's calendar


@dataclass(frozen=True, slots=True)
class Desk:
    """All that promises about the sessions of a course need: to whom, by which settings, and when."""

    course_id: int
    to: Recipient
    clinic: Clinic
    at: dt.datetime

    @classmethod
    def of(cls, course_id: int, patient_id: int, at: dt.datetime) -> "Desk":
        """Two SQL queries."""
        return cls(course_id, recipient(patient_id), Clinic.current(), at)

    @property
    def quiet(self) -> Quiet:
        return quiet_of(self.clinic)


@transaction.atomic(savepoint=False)
def sessions_booked(course_id: int, patient_id: int, sessions: Sequence[Booked], *, at: dt.datetime) -> None:
    """One letter tells of all of them, and what goes before each is promised. Four SQL queries, however many."""
    desk, held = Desk.of(course_id, patient_id, at), CONCERNED.objects(patient=patient_id, course=course_id)
    turn([one for one in held if one.kind in RECALLED], at=at)
    if sessions:
        letter = _told(desk, MessageKind.BOOKED, sessions, held)
        promise([*letter, *(one for session in sessions for one in before(desk, session))], once=False)


@transaction.atomic(savepoint=False)
def session_moved(course_id: int, patient_id: int, now: Booked, *, at: dt.datetime) -> None:
    """It is told where it is now, and what goes before it is promised anew. If only its place changed, nothing is.

    One that is back before the letter went, where the patient knows it, is told by none: `kinds.told` leaves it out.
    """
    was = _started_before(now)
    if was == now.starts_at:
        return
    desk, held = Desk.of(course_id, patient_id, at), _held(patient_id, course_id, at, now.session_id)
    gone = _take_back(held, now.session_id, Needless.MOVED)
    waiting = _waiting(held, now)
    knew = {str(now.session_id): was.isoformat()} if was else {}
    letter = [] if waiting else _told(desk, MessageKind.MOVED, [now], held, knew)
    promise([*letter, *before(desk, now, gone)], once=False)
    turn([*waiting, *(one for one in held if one.kind in RECALLED)], at=at)


@transaction.atomic(savepoint=False)
def patient_moved(course_id: int, session_id: int) -> None:
    """It was the patient who had it moved: they know where it is, so back where it was is a change to be told."""
    letters = Message.objects.filter(
        course=course_id, kind=MessageKind.MOVED, state=MessageState.DUE, about__contains=[session_id]
    )
    for letter in letters.order_by("pk").select_for_update(of=("self",)):
        letter.told_before = {**(letter.told_before or {}), str(session_id): None}
        letter.save(update_fields=["told_before"])


@transaction.atomic(savepoint=False)
def session_cancelled(session: Session, *, at: dt.datetime) -> None:
    """It is told that it does not take place; letters that have nothing else to say are taken back."""
    course = session.course
    desk, held = (
        Desk.of(course.pk, course.patient_id, at),
        _held(course.patient_id, course.pk, at, session.pk),
    )
    _take_back(held, session.pk, Needless.NOT_BOOKED)
    known = not hardly_booked(stands := appointment(session)) or _went(held, session.pk)
    if known and called_off(stands, at):
        was = Booked(session.pk, session.number, session.starts_at, session.ends_at, session.version)
        promise(_told(desk, MessageKind.CANCELLED, [was], held, _known(held, session.pk)), once=False)
    emptied = [one for one in held if one.state == MessageState.DUE and session.pk in one.about]
    recalls = [one for one in held if one.kind in RECALLED]
    turn([*(one for one in emptied if one.kind != MessageKind.CANCELLED), *recalls], at=at)


@transaction.atomic(savepoint=False)
def session_over(session: Session, *, at: dt.datetime) -> None:
    """It was performed, or the patient did not come: nothing goes before it any more; recalls may be needed again."""
    course = session.course
    held = _held(course.patient_id, course.pk, at, session.pk)
    _take_back(held, session.pk, Needless.NOT_BOOKED)
    turn([one for one in held if one.kind in RECALLED], at=at)


@transaction.atomic(savepoint=False)
def promise_aftercare(visit: Visit, *, at: dt.datetime) -> None:
    """What to leave after the session, soon after its real end; too late for it, nothing."""
    course = visit.session.course
    due_at = max(visit.performed_at + rules_times.AFTER_THE_SESSION, at)
    not_after = visit.performed_at + rules_times.AFTERCARE_USEFUL_FOR
    if due_at > not_after:
        return
    about = {"session": visit.session, "subject_version": visit.session.version, "not_after": not_after}
    promise([addressed(MessageKind.AFTERCARE, recipient(course.patient_id), due_at=due_at, at=at, **about)])


def before(desk: Desk, session: Booked, gone: Collection[str] = ()) -> list[Message]:
    """All that goes before a session (not saved). Of a kind that had `gone` before nothing is made up for."""
    clinic, quiet, starts_at, since = desk.clinic, desk.quiet, session.starts_at, desk.at
    reminders = rules_times.reminders(starts_at, clinic.reminder_hours, quiet, since=since)
    wanted = [(MessageKind.REMINDER, due) for due in reminders]
    for kind, days in (
        (MessageKind.PRECARE, clinic.precare_days),
        (MessageKind.RECHECK, clinic.recheck_days),
    ):
        late_too = kind not in gone
        due = rules_times.days_before(
            starts_at, days, clinic.messages_at, quiet, since=since, late_too=late_too
        )
        wanted += [(kind, due)] if due else []
    return [_ahead(desk, kind, session, due) for kind, due in wanted]


def _ahead(desk: Desk, kind: MessageKind, session: Booked, due: Due) -> Message:
    about: dict[str, Any] = {"session_id": session.session_id, "subject_version": session.version}
    return addressed(kind, desk.to, **due._asdict(), **about, at=desk.at)


def _held(patient_id: int, course_id: int, at: dt.datetime, session_id: int) -> list[Message]:
    """What waits for the patient, is being sent or was said of the course or the session: locked, nobody sends it.

    All at once and in the order of their keys: two that lock bit by bit would wait for each other for ever.
    """
    return HELD.objects(patient=patient_id, course=course_id, at=at, session=session_id)


def _open(letters: Iterable[Message], channel: str) -> Message | None:
    """The letter that waits, and that nobody can have got yet."""
    waiting = (one for one in letters if one.state == MessageState.DUE and one.channel == channel)
    return next((one for one in waiting if not one.maybe_twice), None)


def _went(held: Iterable[Message], session_id: int) -> bool:
    """Has a letter gone that tells of the session, or may one have gone?"""
    letters = (one for one in held if one.kind in TOLD and session_id in one.about)
    return any(one.state in MAY_BE_KNOWN or one.maybe_twice for one in letters)


def _waiting(held: Iterable[Message], session: Booked) -> list[Message]:
    """The letters that wait and tell of the session as booked, and so where it is by then."""
    booked = [one for one in held if one.kind == MessageKind.BOOKED and session.session_id in one.about]
    return [one for one in booked if one.state == MessageState.DUE and not one.maybe_twice]


def _known(held: Iterable[Message], session_id: int) -> dict[str, str]:
    """When the session starts as far as the patient knows, where the letter of its move has not gone: by its key."""
    key = str(session_id)
    moves = (one for one in held if one.kind == MessageKind.MOVED and one.state == MessageState.DUE)
    moment = next(
        filter(None, ((one.told_before or {}).get(key) for one in moves if not one.maybe_twice)), None
    )
    return {key: moment} if moment else {}


def _told(
    desk: Desk,
    kind: MessageKind,
    sessions: Sequence[Booked],
    held: Sequence[Message],
    knew: Mapping[str, str] | None = None,
) -> list[Message]:
    """The letter to promise (not saved), or none where one that waits can tell of these sessions too."""
    starts = [session.starts_at for session in sessions]
    due_at = rules_times.soon(desk.at, desk.quiet, min(starts) - rules_times.LAST_CALL)
    if due_at > max(starts):
        return []
    letters = [one for one in held if one.kind == kind and one.course_id == desk.course_id]
    waiting, about = _open(letters, desk.to.channel), [session.session_id for session in sessions]
    if waiting:
        if knew:
            waiting.told_before = {
                **knew,
                **(waiting.told_before or {}),
            }  # what they knew first, they know still
        _extend(waiting, about, due_at, max(starts))
        return []
    number = max((one.subject_version for one in letters), default=0) + 1
    subject = {
        "course_id": desk.course_id,
        "about": about,
        "subject_version": number,
        "told_before": knew,
    }
    return [addressed(kind, desk.to, due_at=due_at, not_after=max(starts), at=desk.at, **subject)]


def _extend(letter: Message, about: Collection[int], due_at: dt.datetime, not_after: dt.datetime) -> None:
    """Whoever claimed it must not write down what they found of it before: that it has nothing to say, for one."""
    letter.about = sorted({*letter.about, *about})
    letter.lease_token = letter.lease_until = None
    letter.due_at, letter.try_at = due_at, max(letter.try_at, due_at)
    letter.not_after = max(letter.not_after, not_after)
    letter.save(update_fields=EXTENDED)


def _take_back(held: Iterable[Message], session_id: int, why: Needless) -> set[str]:
    """Nothing that waits goes before the session any more. Returns the kinds that had gone, or are going."""
    of_session = [one for one in held if one.session_id == session_id and one.kind in BEFORE]
    due = [one for one in of_session if one.state == MessageState.DUE]
    if due:
        rows = Message.objects.filter(pk__in=[one.pk for one in due])
        rows.update(state=MessageState.SUPPRESSED, why=str(words.NEEDLESS[why]))
    return {one.kind for one in of_session if one.state not in (MessageState.DUE, MessageState.SUPPRESSED)}


def _started_before(now: Booked) -> dt.datetime | None:
    """When it started at its version before, None if nobody wrote that down. One SQL query."""
    history = apps.get_model("schedule", "SessionEvent").objects
    before_it = history.filter(pgh_obj=now.session_id, version=now.version - 1)
    return before_it.order_by("-pgh_id").values_list("starts_at", flat=True).first()
