"""What a session occupies, where it fits, and which times to propose for a whole course.

Moments are aware datetimes in UTC, days and times of day are the clinic's (`zone`). Free time comes as spans
`(from, until)`, sorted, apart from each other, the end not included.
"""

from treatments.schedule.rules.again import Days, days_left, gap_without
from treatments.schedule.rules.chaining import Before, Chain, Stuck, chain
from treatments.schedule.rules.choosing import Further, Offer
from treatments.schedule.rules.clock import (
    MINUTE,
    Clock,
    Hours,
    Span,
    at_work,
    day_of,
    grid_up,
    of_day,
    on_grid,
    wall,
)
from treatments.schedule.rules.elsewhere import a_few
from treatments.schedule.rules.faults import BOOKABLE_AHEAD, Fault, farthest, faults, interval_faults
from treatments.schedule.rules.later import LATER_WITHIN, later
from treatments.schedule.rules.nearest import Change, Seat
from treatments.schedule.rules.occupation import Occupation, Step, occupation, shifted
from treatments.schedule.rules.openings import (
    ANY_TIME,
    Daytime,
    Free,
    Need,
    Opening,
    Slot,
    by_day,
    could_start,
    openings,
    slots_of,
)
from treatments.schedule.rules.proposing import (
    FIRST_WITHIN_DAYS,
    OFF_AT_FIRST,
    PROPOSALS,
    Lack,
    Lacking,
    Question,
    horizon,
    loosened,
    propose,
)
from treatments.schedule.rules.series import Cost, Series
from treatments.schedule.rules.standing import Stage, is_held, stage
from treatments.schedule.rules.steps import NEVER, Times
from treatments.schedule.rules.taking import Taken, less
from treatments.schedule.rules.waiting import Fit, Vacancy, Waiter, choose
from treatments.schedule.rules.wishes import Wish, Wishes

__all__ = [
    "ANY_TIME",
    "BOOKABLE_AHEAD",
    "FIRST_WITHIN_DAYS",
    "LATER_WITHIN",
    "MINUTE",
    "NEVER",
    "OFF_AT_FIRST",
    "PROPOSALS",
    "Before",
    "Chain",
    "Change",
    "Clock",
    "Cost",
    "Days",
    "Daytime",
    "Fault",
    "Fit",
    "Free",
    "Further",
    "Hours",
    "Lack",
    "Lacking",
    "Need",
    "Occupation",
    "Offer",
    "Opening",
    "Question",
    "Seat",
    "Series",
    "Slot",
    "Span",
    "Stage",
    "Step",
    "Stuck",
    "Taken",
    "Times",
    "Vacancy",
    "Waiter",
    "Wish",
    "Wishes",
    "a_few",
    "at_work",
    "by_day",
    "chain",
    "choose",
    "could_start",
    "day_of",
    "days_left",
    "farthest",
    "faults",
    "gap_without",
    "grid_up",
    "horizon",
    "interval_faults",
    "is_held",
    "later",
    "less",
    "loosened",
    "occupation",
    "of_day",
    "on_grid",
    "openings",
    "propose",
    "shifted",
    "slots_of",
    "stage",
    "wall",
]
