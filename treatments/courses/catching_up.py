"""What has gone stale behind the back of every change: other lists in force, or another day. Caught up in batches.

Each batch is a transaction of its own, and what is left to do is asked of the database: a run that is killed loses
nothing, the next one goes on, and several share the work. Whatever was not reached is held meanwhile.
"""

import datetime as dt
import gc
from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from contraindications.models import RuleSet
from treatments.courses.models import Cause, Course
from treatments.courses.rescreening import rescreen_courses

BATCH = 500  # courses: some tenths of a second, for which bookings of these wait


def catch_up(*, at: dt.datetime) -> Iterator[int]:
    """Hold whatever is stale against the lists in force and the clinic's day of `at`: how many, batch by batch.

    First what other lists hold up, then what only the day may have changed. Ends when nothing is left that nobody
    else has locked.
    """
    for cause in (Cause.RULES, Cause.DAY):
        while done := _batch(cause, at=at):
            yield done


def _batch(cause: Cause, *, at: dt.datetime) -> int:
    rule_set = RuleSet.objects.in_force()
    if rule_set is None:
        return 0
    day = timezone.localdate(at) if cause == Cause.DAY else None
    stale = Course.objects.unchecked(rule_set.pk, day)
    with _undisturbed():
        return rescreen_courses(stale, cause=cause, by=None, at=at, at_most=BATCH)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the garbage collector: all that a batch makes lives until its end, and looking for more costs a fifth."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
