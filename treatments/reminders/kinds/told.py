"""What is told of the sessions of a course: that they are booked, are elsewhere now, or do not take place.

One letter tells of all that changed together. What it says is what is so when it is written: a session that is booked
and moved at once is told where it is, one that is given up again is not told as booked, one that is moved and is back
before the letter went is not told as moved, one that is given up is named as the patient knows it.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence

from clinic.models import Clinic
from treatments.reminders import rules
from treatments.reminders.channels.lines import Attachment
from treatments.reminders.kinds.shape import Kind, Said, Values
from treatments.reminders.models import Channel, LinkPurpose, Message, MessageKind, Topic
from treatments.reminders.pieces import lazy_piece
from treatments.schedule.feeds import files
from treatments.schedule.ics import content
from treatments.schedule.models import Session, SessionState

Tells = Callable[[rules.Appointment, dt.datetime], bool]


def appointment(session: Session) -> rules.Appointment:
    """The session as the rules see it."""
    return rules.Appointment(
        booked=session.state == SessionState.BOOKED,
        cancelled=session.state == SessionState.CANCELLED,
        starts_at=session.starts_at,
        booked_at=session.booked_at,
        cancelled_at=session.cancelled_at,
    )


def _chosen(message: Message, known: Mapping[int, Session], tells: Tells, at: dt.datetime) -> list[Session]:
    """The sessions that the letter tells of, soonest first."""
    told = [pk for pk in message.about if pk in known and not _is_back(message, known[pk])]
    found = [known[pk] for pk in told if tells(appointment(known[pk]), at)]
    return sorted(found, key=lambda session: (session.starts_at, session.pk))


def _is_back(message: Message, session: Session) -> bool:
    """Was it moved, and is it where the patient knows it again before the letter went?"""
    return message.kind == MessageKind.MOVED and _as_known(message, session) == session.starts_at


def _as_known(message: Message, session: Session) -> dt.datetime | None:
    """When it starts as the patient knew it at the promise; None: as it is, or they know of a move already."""
    known = (message.told_before or {}).get(str(session.pk))
    return dt.datetime.fromisoformat(known) if known else None


def _needless(tells: Tells) -> Callable[[Sequence[Message], dt.datetime], dict[int, rules.Needless]]:
    def asked(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
        known = Session.objects.in_bulk(_about(messages))
        empty = [one for one in messages if not _chosen(one, known, tells, at)]
        return {one.pk: rules.Needless.NOTHING_TO_TELL for one in empty}

    return asked


def _values(tells: Tells, method: str) -> Callable[[Sequence[Message], dt.datetime], dict[int, Values]]:
    """Three queries: the sessions, since when they are as they are, and the clinic."""

    def asked(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
        known = {
            session.pk: session for session in files.dated(Session.objects.filter(pk__in=_about(messages)))
        }
        clinic = Clinic.installed()
        return {one.pk: _said(one, _chosen(one, known, tells, at), clinic, method, at) for one in messages}

    return asked


def _said(message: Message, told: list[Session], clinic: Clinic, method: str, at: dt.datetime) -> Values:
    # One that is given up is named as the patient knows it, whatever it was moved to before they were told.
    known = {session.pk: _as_known(message, session) for session in told} if method == "CANCEL" else {}
    starts = tuple(known.get(session.pk) or session.starts_at for session in told)
    more = lazy_piece("more", n=len(starts) - 1) if len(starts) > 1 else ""
    said: dict[str, Said] = {"when": starts[0], "sessions": starts, "more": more}
    calendar = _calendar(message, told, clinic, method, at)
    if method == "CANCEL":
        return Values(said, calendar)
    return Values(said, calendar, purpose=LinkPurpose.SESSION, link_until=starts[-1])


def _calendar(
    message: Message, told: Iterable[Session], clinic: Clinic, method: str, at: dt.datetime
) -> tuple[Attachment, ...]:
    """A file for the calendar of whoever reads mail there."""
    if message.channel != Channel.EMAIL:
        return ()
    language = message.patient.language  # type: ignore[union-attr]  # these kinds go to patients
    file = files.patient_file(told, clinic, language=language, at=at, method=method)
    return (Attachment("appointment.ics", content(file), "text/calendar"),)


def _about(messages: Sequence[Message]) -> set[int]:
    return {pk for message in messages for pk in message.about}


def _kind(code: MessageKind, tells: Tells, method: str = "PUBLISH") -> Kind:
    link = frozenset({"link"} if method == "PUBLISH" else ())
    said = frozenset({"when", "sessions", "more"}) | link
    return Kind(code, Topic.SESSIONS, said, _needless(tells), _values(tells, method))


KINDS = [
    _kind(MessageKind.BOOKED, rules.still_to_come),
    _kind(MessageKind.MOVED, rules.still_to_come),
    _kind(MessageKind.CANCELLED, rules.called_off, "CANCEL"),
]
