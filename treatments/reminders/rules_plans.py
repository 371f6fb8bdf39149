"""What becomes of messages that wait when the clinic wants them at other times. Not clinical: how a plan is changed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replanned:
    """`moved`: {key of one that waits: its place in the plan}. `dropped`: keys. `missing`: places nobody waits for."""

    moved: dict[int, int]
    dropped: list[int]
    missing: list[int]


def replanned(
    plan: Sequence[dt.datetime], waiting: Mapping[int, dt.datetime], *, went: int, at: dt.datetime
) -> Replanned:
    """Give those of one kind that wait before a session the moments of the plan, the first one first.

    `waiting` are {key: moment}, `went` how many went already. Where the plan's moment is over and none went for it, one
    that waits goes when it was promised: a change of settings must not cost a patient the reminder. Nobody gets more
    than the plan has. What should have gone by now is on its way, and left alone.
    """
    ahead = {place: moment for place, moment in enumerate(plan) if moment > at}
    open_ = {key: moment for key, moment in waiting.items() if moment > at}
    went += len(waiting) - len(open_)
    moved = _as_they_are(ahead, open_)
    left = sorted(open_.keys() - moved.keys(), key=lambda key: (open_[key], key))
    stay = left[: max(0, len(plan) - len(ahead) - went)]
    left = left[len(stay) :]
    places = [place for place in ahead if place not in moved.values()]
    moved |= dict(zip(left, places, strict=False))
    most = max(0, len(plan) - went - len(stay) - len(moved))
    return Replanned(moved, left[len(places) :], places[len(left) :][:most])


def _as_they_are(ahead: Mapping[int, dt.datetime], waiting: Mapping[int, dt.datetime]) -> dict[int, int]:
    """Those whose moment is in the plan already."""
    by_moment = {moment: place for place, moment in ahead.items()}
    found = {by_moment[moment]: key for key, moment in waiting.items() if moment in by_moment}
    return {key: place for place, key in found.items()}
