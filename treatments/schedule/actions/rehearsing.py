"""Trying a change out: what it would be refused for, with nothing left of it."""

from collections.abc import Callable

from django.db import transaction


def rehearse(deed: Callable[[], object]) -> None:
    """Do it and take it back. Raises what it raises."""
    with transaction.atomic():
        deed()
        transaction.set_rollback(True)
