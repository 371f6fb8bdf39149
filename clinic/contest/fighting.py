"""A run: contest after contest, each counted, and the tables judged at the end."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.db import connection

from clinic.contest.attempts import Answer
from clinic.contest.contests import Contest, contests
from clinic.contest.crowd import gathered
from clinic.contest.judging import verdict
from clinic.contest.scene import CROWD, Scene


@dataclass(slots=True)
class Fought:
    """What came of a run. `undecided`: contests with more or fewer winners than there can be."""

    contests: Counter[str] = field(default_factory=Counter)
    winners: Counter[str] = field(default_factory=Counter)
    undecided: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    lost: list[float] = field(default_factory=list)  # seconds until a loser was told
    won: list[float] = field(default_factory=list)
    without_offers: int = 0  # who lost a booking to others and was shown no other times
    errors: list[str] = field(default_factory=list)
    wrong: Mapping[str, int] = field(default_factory=dict)

    @property
    def attempts(self) -> int:
        return sum(self.statuses.values())

    @property
    def failed(self) -> int:
        """Answers that are neither won nor lost in words."""
        return self.attempts - len(self.won) - len(self.lost)

    @property
    def overlaps(self) -> int:
        return self.wrong["overlapping reservations"]

    @property
    def clean(self) -> bool:
        """Everybody won or was told in words, and nothing is wrong in the tables."""
        return not (self.failed or any(self.wrong.values()))

    def add(self, contest: Contest, answers: Sequence[Answer]) -> None:
        self.contests[contest.kind] += 1
        for answer in answers:
            self.statuses[answer.status] += 1
            if answer.won:
                self.winners[contest.kind] += 1
                self.won.append(answer.seconds)
            elif answer.lost:
                self.lost.append(answer.seconds)
                self.without_offers += answer.verb == "book" and contest.offers and not answer.offers
            else:
                self.errors.append(f"{contest.kind}: {answer.verb} {answer.status} {answer.error}")
        self.undecided[contest.kind] += not contest.decided(answers)


@dataclass(frozen=True, slots=True)
class Protection:
    """What keeps two from the same time. Without locks everybody still looks before they book."""

    name: str
    constraint: bool
    locks: bool


FULL = Protection("locks and constraint", constraint=True, locks=True)
NONE = Protection("neither", constraint=False, locks=False)
HALVES = (
    Protection("the constraint alone", constraint=True, locks=False),
    Protection("locks alone", constraint=False, locks=True),
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run with this protection and what came of it."""

    protection: Protection
    fought: Fought

    @property
    def as_it_must_be(self) -> bool:
        """Nothing wrong; where nothing protects, overlaps. With half the protection a time may stay free."""
        if self.protection == NONE:
            return bool(self.fought.overlaps)
        return self.fought.clean and not (self.protection == FULL and self.fought.undecided.total())


def fight(scene: Scene, attempts: int, protection: Protection = FULL) -> Fought:
    """Let the crowd contest so often in the database that is connected; a constraint that is taken away stays so."""
    fought = Fought()
    if not protection.constraint:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE schedule_reservation DROP CONSTRAINT reservation_no_double_booking")
    with gathered([person.pk for person in scene.crowd], locks=protection.locks) as crowd:
        for contest in contests(scene, attempts // CROWD):
            fought.add(contest, crowd.at_once(contest.attempts))
    fought.wrong = verdict()
    return fought
