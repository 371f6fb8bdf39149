"""What decides how much a channel carries, and how long it rests after trouble: how mail works, nothing clinical."""

import datetime as dt
from dataclasses import dataclass

BATCH = 50  # messages that a worker claims at once: all are sent, or given back, well before their lease ends
A_LETTER_TAKES = dt.timedelta(seconds=60)  # at most: none is begun when less than this is left of its lease
WRITTEN_TOGETHER = 10  # letters: the secrets in their links are stored in one statement
TRUTH_HOLDS = dt.timedelta(
    seconds=1
)  # what was found true longer ago is asked again before a message is sent
FIRST_CHANNEL_PAUSE = dt.timedelta(seconds=5)
LONGEST_CHANNEL_PAUSE = dt.timedelta(minutes=1)
LONGEST_WAIT = dt.timedelta(hours=1)  # whatever a server asks for


def channel_pause(pauses: int, spread: float) -> dt.timedelta:
    """How long a channel rests when nobody answers there, or it asks for it: 5 seconds, doubled up to a minute.

    `pauses` is how many there were in a row before; `spread` (0 to 1) adds up to a quarter.
    """
    doubled = FIRST_CHANNEL_PAUSE * 2 ** min(pauses, 10)
    return min(doubled, LONGEST_CHANNEL_PAUSE) * (1 + spread / 4)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `per_minute` messages in any minute: some at once, the others spread evenly.

    What is given away is one moment, `free_at`: up to there the time of the channel belongs to somebody.
    """

    per_minute: int

    @property
    def at_once(self) -> int:
        """So many may go together after a rest."""
        return max(1, self.per_minute // 10)

    @property
    def apart(self) -> dt.timedelta:
        """The time that one takes up; as many as may go at once and those that follow in a minute are `per_minute`."""
        return dt.timedelta(minutes=1) / (self.per_minute - self.at_once + 1)

    def allowed(self, free_at: dt.datetime | None, at: dt.datetime) -> int:
        """How many may go at `at`."""
        ahead = at + self.apart * (self.at_once - 1) - max(free_at or at, at)
        return max(0, ahead // self.apart + 1)

    def taken(self, free_at: dt.datetime | None, at: dt.datetime, count: int) -> dt.datetime:
        """`free_at` when `count` more go at `at`."""
        return max(free_at or at, at) + self.apart * count

    def next_at(self, free_at: dt.datetime) -> dt.datetime:
        """When the next may go."""
        return free_at - self.apart * (self.at_once - 1)
