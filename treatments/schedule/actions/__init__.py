"""Changes to the calendar: book a course, put sessions elsewhere, cancel one. All of it or nothing."""

from treatments.schedule.actions.booking import book_course
from treatments.schedule.actions.cancelling import cancel_session, cancel_sessions_of
from treatments.schedule.actions.common import keep_verdict
from treatments.schedule.actions.rearranging import Change, move_session, rearrange

__all__ = [
    "Change",
    "book_course",
    "cancel_session",
    "cancel_sessions_of",
    "keep_verdict",
    "move_session",
    "rearrange",
]
