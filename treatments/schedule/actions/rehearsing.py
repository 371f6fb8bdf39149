"""Trying a change out: what it would be refused for, with nothing left of it."""

from collections.abc import Callable, Iterable

from django.db import transaction

from treatments.schedule.models import Session
from treatments.schedule.overlapping import overlaps


def rehearse(deed: Callable[[], object]) -> None:
    """Do it and take it back. Raises what it raises."""
    with transaction.atomic():
        deed()
        transaction.set_rollback(True)


def rehearse_over(deed: Callable[[], Iterable[Session]]) -> set[int]:
    """Do it and take it back: over which others the sessions that it returns would be. Raises what it raises."""
    with transaction.atomic():
        rows = deed()
        met = {one.other for one in overlaps.pairs(sessions=[row.pk for row in rows])}
        transaction.set_rollback(True)
    return met
