"""How fast the machinery turns in a run, see `MESSAGE_PACE` in the settings."""

from dataclasses import dataclass

from treatments.reminders import rules

SHORTEST = 2.0  # seconds that a conversation may stand still at any pace: processes wait for a processor, too


@dataclass(frozen=True, slots=True)
class Pace:
    """So many times as fast as in earnest."""

    times: int

    @property
    def tick(self) -> float:
        """Seconds."""
        return 60 / self.times

    @property
    def answer(self) -> float:
        """Seconds that somebody waits for an answer of the mail server."""
        return 20 / self.times

    @property
    def letter(self) -> float:
        """Seconds that a conversation with the mail server may stand still."""
        return max(self.answer, SHORTEST)

    @property
    def lease(self) -> float:
        """Seconds for which a claim holds."""
        return rules.LEASE.total_seconds() / self.times


EVEN, QUICK, QUICKEST = Pace(6), Pace(10), Pace(20)
