"""Where nothing is to be had within the wished weeks: the first weeks after them in which there is something."""

import datetime as dt
from dataclasses import replace

from treatments.schedule.rules.choosing import Offer
from treatments.schedule.rules.clock import day_of, wall
from treatments.schedule.rules.proposing import FIRST_WITHIN_DAYS, Question, propose
from treatments.schedule.rules.wishes import Wishes

LATER_WITHIN = dt.timedelta(days=182)  # how long after the wished day a later start is looked for


def later(question: Question, wishes: Wishes, *, until: dt.date) -> Offer | None:
    """The best series, by the same wishes, of the next weeks that have one, begun by the day `until`; None: none has.

    Free time has to be known for a course that begins then. Where sessions stand nothing can begin later.
    """
    zone, weeks = question.clock.zone, dt.timedelta(days=FIRST_WITHIN_DAYS + 1)
    until = min(until, wishes.latest or until)
    day = day_of(wishes.earliest, zone) + weeks
    while day <= until and not question.series.standing:
        found = propose(question, replace(wishes, earliest=wall(day, dt.time.min, zone)), most=1)
        if isinstance(found, list):
            return found[0]
        day += weeks
    return None
