"""When a session may be recorded as performed. Plain values in, plain values out."""

import datetime as dt
from enum import StrEnum

LATE_DAYS = 7  # own: a record that was forgotten can be made up for this long


class Refusal(StrEnum):
    """Why a session cannot be performed."""

    NOT_BOOKED = "not_booked"
    TOO_EARLY = "too_early"
    DAY_OVER = "day_over"
    MAY_NOT_TREAT = "may_not_treat"
    NOT_CLEARED = "not_cleared"


def refusal(
    *, booked: bool, session_day: dt.date, day: dt.date, may_treat: bool, performable: bool
) -> Refusal | None:
    """Why the session cannot be recorded on `day`, or None. It stands on the screening for its own day.

    A forgotten one can be recorded up to LATE_DAYS later: moving it to another day would make the record untrue.
    """
    if not booked:
        return Refusal.NOT_BOOKED
    if session_day > day:
        return Refusal.TOO_EARLY
    if (day - session_day).days > LATE_DAYS:
        return Refusal.DAY_OVER
    if not may_treat:
        return Refusal.MAY_NOT_TREAT
    return None if performable else Refusal.NOT_CLEARED
