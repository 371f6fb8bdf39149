"""Promise a message, keep the promise true to what happens, and send it at most once.

All moments are passed in as `at`; the doors read them from the database's clock, so that hosts whose clocks differ
agree on what is due and whose lease ran out.
"""

from treatments.reminders.actions.claiming import claim, pause, release
from treatments.reminders.actions.journal import begin, settle
from treatments.reminders.actions.noting import note_deed, note_move, see
from treatments.reminders.actions.outcomes import Outcome
from treatments.reminders.actions.promising import (
    drafted,
    follow_channel,
    promise,
    promise_interview,
    promise_loss,
    promise_maintenance,
    promise_offer,
    reconsider,
)
from treatments.reminders.actions.recalls import answer_recall
from treatments.reminders.actions.replanning import PLANNED_BY, replan
from treatments.reminders.actions.reports import TooEarly, arrived, came_back, stop_number, unwanted
from treatments.reminders.actions.rewording import reword
from treatments.reminders.actions.sending import Turn, deliver
from treatments.reminders.actions.sessions import (
    patient_moved,
    promise_aftercare,
    session_cancelled,
    session_moved,
    session_over,
    sessions_booked,
)
from treatments.reminders.actions.ticking import (
    NotFailed,
    clear_away,
    look,
    promise_today,
    put_back,
    want_today,
)
from treatments.reminders.actions.wishing import say_wishes, stop_all, stop_topic

__all__ = [
    "PLANNED_BY",
    "NotFailed",
    "Outcome",
    "TooEarly",
    "Turn",
    "answer_recall",
    "arrived",
    "begin",
    "came_back",
    "claim",
    "clear_away",
    "deliver",
    "drafted",
    "follow_channel",
    "look",
    "note_deed",
    "note_move",
    "patient_moved",
    "pause",
    "promise",
    "promise_aftercare",
    "promise_interview",
    "promise_loss",
    "promise_maintenance",
    "promise_offer",
    "promise_today",
    "put_back",
    "reconsider",
    "release",
    "replan",
    "reword",
    "say_wishes",
    "see",
    "session_cancelled",
    "session_moved",
    "session_over",
    "sessions_booked",
    "settle",
    "stop_all",
    "stop_number",
    "stop_topic",
    "unwanted",
    "want_today",
]
