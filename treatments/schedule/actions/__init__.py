"""Changes to the calendar: book a course, put sessions elsewhere, cancel one. All of it or nothing."""

from treatments.schedule.actions.answering import mint_token, say_no, say_yes
from treatments.schedule.actions.booking import book_course
from treatments.schedule.actions.by_patient import (
    cancel_by_patient,
    confirm_by_patient,
    may_change,
    move_by_patient,
    soonest,
)
from treatments.schedule.actions.cancelling import cancel_all_of, cancel_session, cancel_sessions_of, is_late
from treatments.schedule.actions.closing import close_gap
from treatments.schedule.actions.common import keep_verdict
from treatments.schedule.actions.missing import come_after_all, may_be_missed, may_come_after_all, miss
from treatments.schedule.actions.offering import OfferGone
from treatments.schedule.actions.rearranging import Change, move_session, rearrange
from treatments.schedule.actions.rehearsing import rehearse, rehearse_over
from treatments.schedule.actions.waiting import may_wait, put_on_list, withdraw

__all__ = [
    "Change",
    "OfferGone",
    "book_course",
    "cancel_all_of",
    "cancel_by_patient",
    "cancel_session",
    "cancel_sessions_of",
    "close_gap",
    "come_after_all",
    "confirm_by_patient",
    "is_late",
    "keep_verdict",
    "may_be_missed",
    "may_change",
    "may_come_after_all",
    "may_wait",
    "mint_token",
    "miss",
    "move_by_patient",
    "move_session",
    "put_on_list",
    "rearrange",
    "rehearse",
    "rehearse_over",
    "say_no",
    "say_yes",
    "soonest",
    "withdraw",
]
