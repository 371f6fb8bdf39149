"""What decides about a message: when it goes, whether it is still wanted, and when to try again.

None of this is documented clinically; the clinic's protocol gives the weeks, the rest is how mail is delivered.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from treatments.reminders.rules_times import SETTLING

LEASE = dt.timedelta(seconds=120)  # longer than the time limit of a task, so nobody is at it when it runs out
MAX_ATTEMPTS = 24  # with the pauses below: most of a day
FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=1)


class Needless(StrEnum):
    """Why a message is not needed (any more)."""

    DIED = "died"
    DUPLICATE = "duplicate"
    OTHER_CHANNEL = "other_channel"
    OPTED_OUT = "opted_out"
    COURSE_CANCELLED = "course_cancelled"
    NEWER_COURSE = "newer_course"
    BOOKED = "booked"
    LINK_ENDED = "link_ended"
    ANSWERED = "answered"
    OFFER_OVER = "offer_over"
    NEVER_OFFERED = "never_offered"
    RECALL_ANSWERED = "recall_answered"
    NOTHING_TO_TELL = "nothing_to_tell"
    NOT_BOOKED = "not_booked"
    MOVED = "moved"
    OVER = "over"
    NO_RULES = "no_rules"
    NOTHING_OPEN = "nothing_open"
    NOT_WANTED = "not_wanted"
    NOT_PLANNED = "not_planned"


# What is asked at the sending only: it hangs on the day, and on lists and a catalogue that may change until then.
ONLY_AT_SENDING = frozenset({Needless.NO_RULES, Needless.NOTHING_OPEN})


def needless_to_anybody(
    *, ended: bool, duplicate: bool, opted_out: bool, other_channel: bool
) -> Needless | None:
    """Why a person gets no message, whatever it would say; None if they may. The gravest reason first."""
    reasons = [
        (ended, Needless.DIED),
        (duplicate, Needless.DUPLICATE),
        (opted_out, Needless.OPTED_OUT),
        (other_channel, Needless.OTHER_CHANNEL),
    ]
    return next((why for applies, why in reasons if applies), None)


@dataclass(frozen=True, slots=True)
class Appointment:
    """What is the case for a session when somebody is to be told of it."""

    booked: bool
    cancelled: bool
    starts_at: dt.datetime
    booked_at: dt.datetime
    cancelled_at: dt.datetime | None = None


def still_to_come(appointment: Appointment, at: dt.datetime) -> bool:
    """Is it told as booked or moved?"""
    return appointment.booked and appointment.starts_at > at


def called_off(appointment: Appointment, at: dt.datetime) -> bool:
    """Does it not take place, though it was to come?"""
    return appointment.cancelled and appointment.starts_at > at


def hardly_booked(appointment: Appointment) -> bool:
    """Was it given up while its booking was still settling? Then nobody knew of it, unless a letter went all the same.

    The moments are of whoever was at the desk: they began before they had to wait for who sends, on another's clock.
    """
    given_up = appointment.cancelled_at
    return given_up is not None and given_up - appointment.booked_at < SETTLING


@dataclass(frozen=True, slots=True)
class Ahead:
    """What is the case for a message before a session."""

    booked: bool
    as_promised: bool  # it starts when it did as the message was promised, and none was promised since
    starts_at: dt.datetime


def needless_ahead(ahead: Ahead, at: dt.datetime) -> Needless | None:
    """Why a message before a session is not needed, or None if it is."""
    if not ahead.booked:
        return Needless.NOT_BOOKED
    if not ahead.as_promised:
        return Needless.MOVED
    return Needless.OVER if ahead.starts_at <= at else None


@dataclass(frozen=True, slots=True)
class Recall:
    """What is the case for a reminder of maintenance at the moment of asking."""

    course_finished: bool  # the course it speaks of still counts as finished
    newer_course: bool  # a course confirmed later is under way, or brings a reminder of its own
    booked_ahead: bool  # a session is booked for a time after the message would go
    recall_answered: bool = False  # the patient said no, or wants to be called


def needless_recall(recall: Recall) -> Needless | None:
    """Why a maintenance reminder is not needed, or None if it is."""
    if not recall.course_finished:
        return Needless.COURSE_CANCELLED
    if recall.newer_course:
        return Needless.NEWER_COURSE
    if recall.recall_answered:
        return Needless.RECALL_ANSWERED
    return Needless.BOOKED if recall.booked_ahead else None


@dataclass(frozen=True, slots=True)
class Request:
    """What is the case for a request to answer the interview. The desk asks for it: it is no reminder to opt out of."""

    link_works: bool
    answered: bool  # by another way, after this was asked for


def needless_request(request: Request) -> Needless | None:
    """Why a request is not needed, or None if it is."""
    if request.answered:
        return Needless.ANSWERED
    return None if request.link_works else Needless.LINK_ENDED


@dataclass(frozen=True, slots=True)
class Offered:
    """What is the case for an offer from the waiting list. The patient asked for it: no reminder to opt out of."""

    can_be_answered: bool
    told: bool  # a letter with the offer went out, or may have


def needless_offer(offered: Offered) -> Needless | None:
    """Why the offer of a time is not needed, or None if it is."""
    return None if offered.can_be_answered else Needless.OFFER_OVER


def needless_loss(offered: Offered) -> Needless | None:
    """Why nobody needs to hear that an offered time is taken, or None if somebody does."""
    return None if offered.told else Needless.NEVER_OFFERED


def pause(attempts: int, spread: float) -> dt.timedelta:
    """How long to wait after the `attempts`th attempt (1 or more) failed: twice as long each time, up to an hour.

    `spread` (0 to 1) adds up to a quarter, so that many messages that failed together do not come back together.
    """
    doubled = FIRST_PAUSE * 2 ** min(attempts - 1, 10)
    return min(doubled, LONGEST_PAUSE) * (1 + spread / 4)
