"""What is asked at check-in, and when a session may be recorded as performed. Plain values in, plain values out."""

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum

LATE_DAYS = 7  # own: a record that was forgotten can be made up for this long


class Refusal(StrEnum):
    """Why a session cannot be performed."""

    NOT_BOOKED = "not_booked"
    ENDED = "ended"
    TOO_EARLY = "too_early"
    DAY_OVER = "day_over"
    MAY_NOT_TREAT = "may_not_treat"
    UNCONFIRMED = "unconfirmed"
    NOT_CHECKED_IN = "not_checked_in"
    NOT_CLEARED = "not_cleared"


def is_due(answer: Mapping[str, str] | None, *, reask: bool, day: dt.date, validity_days: int) -> bool:
    """Is a question asked at a check-in on `day`, given the answer that stands?

    What was answered on that day is not asked twice. `reask`: the state can begin or end between two sessions.
    """
    if answer is None:
        return True
    days = (day - dt.date.fromisoformat(answer["on"])).days
    if days == 0:
        return False
    return reask or answer.get("state") == "unsure" or not 0 < days <= validity_days


def refusal(
    *,
    booked: bool,
    ended: bool,
    session_day: dt.date,
    day: dt.date,
    may_treat: bool,
    unconfirmed: bool,
    checked_in: bool,
    performable: bool,
) -> Refusal | None:
    """Why the session cannot be recorded on `day`, or None. It stands on the screening for its own day.

    `ended`: the patient had died before that day, or the record was closed in favour of another.

    A forgotten one can be recorded up to LATE_DAYS later: moving it to another day would make the record untrue. Then
    nobody can be asked again for that day any more; the record says so.
    """
    if not booked:
        return Refusal.NOT_BOOKED
    if ended:
        return Refusal.ENDED
    if session_day > day:
        return Refusal.TOO_EARLY
    if (day - session_day).days > LATE_DAYS:
        return Refusal.DAY_OVER
    if not may_treat:
        return Refusal.MAY_NOT_TREAT
    if unconfirmed:
        return Refusal.UNCONFIRMED
    if not checked_in and session_day == day:
        return Refusal.NOT_CHECKED_IN
    return None if performable else Refusal.NOT_CLEARED
