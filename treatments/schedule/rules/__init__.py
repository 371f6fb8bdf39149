"""What a session occupies, where it fits, and which times to propose for a whole course.

Moments are aware datetimes in UTC, days and times of day are the clinic's (`zone`). Free time comes as spans
`(from, until)`, sorted, apart from each other, the end not included.
"""

from treatments.schedule.rules.clock import (
    MINUTE,
    Clock,
    Hours,
    Span,
    at_work,
    day_of,
    grid_down,
    grid_up,
    of_day,
    on_grid,
    wall,
)
from treatments.schedule.rules.faults import BOOKABLE_AHEAD, Fault, faults, interval_faults
from treatments.schedule.rules.occupation import Occupation, Step, occupation, shifted
from treatments.schedule.rules.openings import (
    ANY_TIME,
    Daytime,
    Free,
    Opening,
    Slot,
    by_day,
    openings,
    slots_of,
)
from treatments.schedule.rules.proposing import FIRST_WITHIN_DAYS, Lack, Lacking, Series, propose
from treatments.schedule.rules.standing import Stage, is_held, stage

__all__ = [
    "ANY_TIME",
    "BOOKABLE_AHEAD",
    "FIRST_WITHIN_DAYS",
    "MINUTE",
    "Clock",
    "Daytime",
    "Fault",
    "Free",
    "Hours",
    "Lack",
    "Lacking",
    "Occupation",
    "Opening",
    "Series",
    "Slot",
    "Span",
    "Stage",
    "Step",
    "at_work",
    "by_day",
    "day_of",
    "faults",
    "grid_down",
    "grid_up",
    "interval_faults",
    "is_held",
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
