"""Calls of a request find room without asking the system for it again and again."""

import resource

from clinic.middleware import RoomForCalls

TIMES = 500
TRIES = 5  # the system gives pages for reasons of its own, too


def deep(calls: int) -> int:
    return deep(calls - 1) + 1 if calls else 0


def back_and_forth(request=None) -> list[int]:
    """What a template does: deep calls, one after the other. Some of these depths cross the border of a chunk."""
    return [deep(calls) for calls in range(20, 220, 2) for _ in range(TIMES // 100)]


def pages_of_memory(job) -> int:
    """How many the system had to give to this thread."""
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    job()
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def test_calls_that_go_deep_and_back_ask_for_memory_once():
    roomy = RoomForCalls(back_and_forth)
    assert roomy(None) == back_and_forth()
    without, within = (
        min(pages_of_memory(job) for _ in range(TRIES)) for job in (back_and_forth, lambda: roomy(None))
    )
    assert within < without / 4
    assert without > TIMES / 4
