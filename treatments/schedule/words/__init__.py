"""The words for what is proposed, what is not as preferred, what is lacking, what changes and what is wrong."""

from treatments.schedule.words.changed import days_said, length_said, lost_said, stuck_said
from treatments.schedule.words.lacking import lacking_said, later_said, letting_said, otherwise_said
from treatments.schedule.words.proposed import deviations
from treatments.schedule.words.times import face, hour, short_day, when
from treatments.schedule.words.wrong import fault_said, faults_said

__all__ = [
    "days_said",
    "deviations",
    "face",
    "fault_said",
    "faults_said",
    "hour",
    "lacking_said",
    "later_said",
    "length_said",
    "letting_said",
    "lost_said",
    "otherwise_said",
    "short_day",
    "stuck_said",
    "when",
]
