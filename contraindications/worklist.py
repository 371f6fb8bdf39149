"""What waits for a doctor. Upper apps register the screenings that their plans stand on; imports run down the house."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from contraindications.clearance import clearance
from contraindications.models import Decision, Screening
from contraindications.screening import CannotScreen, evaluation_of

# A page holds the most urgent of them; whoever decides one makes room for the next.
LONGEST = 100


@dataclass(frozen=True, slots=True)
class Candidate:
    """The newest screening of something that waits to go on. `screening.patient` is loaded."""

    screening: Screening
    what: str  # "Wrinkles and fine lines, Face"
    url: str  # where it goes on
    by_when: dt.datetime | None = None  # when it is too late: the first session that is held up
    cause: str = ""  # why it waits now, in words
    how_many: int = 1  # sessions held up


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of the worklist."""

    patient: str
    what: str
    url: str
    screening_id: int
    since: dt.datetime
    points: int  # how many; which, the screening's own page says, where the look is logged
    by_when: dt.datetime | None
    cause: str
    how_many: int

    @property
    def urgency(self) -> tuple[bool, dt.datetime]:
        """Sorts what is due first before what is due later, and that before what only waits."""
        return self.by_when is None, self.by_when or self.since


_sources: dict[str, Callable[[], Iterable[Candidate]]] = {}


def register(name: str, source: Callable[[], Iterable[Candidate]]) -> None:
    """`source()` brings the candidates whose screening says hold, decided or not, most urgent first; few are read."""
    _sources[name] = source


def waiting() -> list[Waiting]:
    """What only a doctor's decision holds up, most urgent first; one SQL query for every LONGEST candidates."""
    lines = [line for source in _sources.values() for line in islice(_lines(source()), LONGEST)]
    return sorted(lines, key=lambda line: line.urgency)[:LONGEST]


def _lines(candidates: Iterable[Candidate]) -> Iterator[Waiting]:
    """Those that still wait: however many were decided before them, they do not hide what was not."""
    rest = iter(candidates)
    while some := list(islice(rest, LONGEST)):
        made = _decisions_by_patient(some)
        lines = (_line(one, made.get(one.screening.patient_id, [])) for one in some)
        yield from (line for line in lines if line)


def _decisions_by_patient(candidates: Iterable[Candidate]) -> dict[int, list[Decision]]:
    patients = {candidate.screening.patient_id for candidate in candidates}
    made: dict[int, list[Decision]] = {}
    for decision in Decision.objects.filter(patient__in=patients):
        made.setdefault(decision.patient_id, []).append(decision)
    return made


def _line(candidate: Candidate, made: list[Decision]) -> Waiting | None:
    """The line of a candidate that a doctor's decision lets go on; None for any other."""
    screening = candidate.screening
    try:
        evaluation = evaluation_of(screening)
    except CannotScreen:
        return None  # its own page says so; nothing can be decided here
    cleared = clearance(evaluation, made, tentative=False)
    if cleared.stage != "hold":
        return None
    return Waiting(
        patient=str(screening.patient),
        what=candidate.what,
        url=candidate.url,
        screening_id=screening.pk,
        since=screening.at,
        points=sum(one.effect == "hold" for one in cleared.missing),
        by_when=candidate.by_when,
        cause=candidate.cause,
        how_many=candidate.how_many,
    )
