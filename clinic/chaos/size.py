"""How large a run is."""

from dataclasses import dataclass

from clinic.chaos.pace import EVEN, Pace


@dataclass(frozen=True, slots=True)
class Size:
    """How many courses are booked and chased, for how many seconds, with how many killings, at which pace, by whom.

    `stopping`: beats and parents of workers are stopped and killed as well, which take seconds to start again.
    """

    courses: int
    seconds: float
    kills: int
    pace: Pace = EVEN
    workers: int = 3
    beats: int = 2
    stopping: bool = True
