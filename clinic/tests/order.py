"""In which order tests run, so that all workers end together; `conftest.py` exports this as a plugin.

Workers get equal shares in one piece each, and who has nothing left takes half of what another has before it. What is
begun last must therefore be short: one long test there keeps one worker busy while the others look on.
"""

import os
from collections.abc import Callable, Iterable
from itertools import chain
from typing import TypeVar

import pytest

T = TypeVar("T")
SLOW, QUICK, SLOW_THAT_COMMIT, BROWSER, QUICK_THAT_COMMIT = range(5)
# Of these every worker gets as many, one after the other; of the others a stretch, as modules share fixtures.
DEALT = (SLOW, SLOW_THAT_COMMIT, BROWSER)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Last, as pytest then groups tests by their browser."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    items[:] = chain.from_iterable(shares(items, kind, workers))


def kind(item) -> int:
    """Who commits comes after who does not, as pytest-django says too.

    What drives a browser comes after those, as it leaves an event loop running in the thread of the tests.
    """
    slow = item.get_closest_marker("slow") is not None
    if item.get_closest_marker("browser"):
        return BROWSER
    if commits(item):
        return SLOW_THAT_COMMIT if slow else QUICK_THAT_COMMIT
    return SLOW if slow else QUICK


def commits(item) -> bool:
    """Does what this test writes stay until it is put back?"""
    marker = item.get_closest_marker("django_db")
    used = set(getattr(item, "fixturenames", ()))
    return bool({"transactional_db", "live_server"} & used or (marker and marker.kwargs.get("transaction")))


def shares(items: Iterable[T], kind: Callable[[T], int], workers: int) -> list[list[T]]:
    """What each worker runs, in order: kind by kind, and of each kind as many as the others."""
    every: list[list[T]] = [[] for _ in range(workers)]
    for wanted in range(QUICK_THAT_COMMIT + 1):
        found = [item for item in items if kind(item) == wanted]
        for worker, share in enumerate(every):
            share += found[worker::workers] if wanted in DEALT else _stretch(found, worker, workers)
    return every


def _stretch(found: list[T], worker: int, workers: int) -> list[T]:
    return found[len(found) * worker // workers : len(found) * (worker + 1) // workers]
