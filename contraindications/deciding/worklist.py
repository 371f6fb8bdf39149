"""What waits for a doctor. Upper apps register the screenings that their plans stand on; imports run down the house."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from contraindications.clearance import clearance
from contraindications.display import Point, points
from contraindications.models import Decision, Question, Screening
from contraindications.screening import CannotScreen, Evaluation, evaluation_of
from patients.models import Patient

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
    """One line of the worklist: a candidate that only a doctor's decision lets go on."""

    candidate: Candidate
    evaluation: Evaluation
    items: frozenset[str]  # what a doctor could settle
    questions: tuple[Question, ...]  # about any of it, oldest first
    points: tuple[Point, ...] = ()  # the same in words

    @property
    def screening(self) -> Screening:
        return self.candidate.screening

    @property
    def urgency(self) -> tuple[bool, dt.datetime]:
        """Sorts what is due first before what is due later, and that before what only waits."""
        return self.candidate.by_when is None, self.candidate.by_when or self.screening.at

    @property
    def same(self) -> tuple[Any, ...]:
        """Equal for two lines that one decision settles: a plan, and its sessions that are held for the same."""
        pairs = frozenset((item, self.evaluation.digests[item]) for item in self.items)
        return self.screening.patient_id, self.candidate.what, pairs


@dataclass(frozen=True, slots=True)
class Held:
    """Sessions of one course that may not take place for a reason that no doctor's decision takes away."""

    patient: Patient
    what: str
    url: str
    screening_id: int | None
    why: str  # "Contraindicated on its day"
    who: str  # whose turn it is, and to do what, in a sentence
    cause: str
    by_when: dt.datetime
    how_many: int


_sources: dict[str, Callable[[], Iterable[Candidate]]] = {}
_held: dict[str, Callable[[], Iterable[Held]]] = {}


def register(name: str, source: Callable[[], Iterable[Candidate]]) -> None:
    """`source()` brings the candidates whose screening a doctor may have to decide on, most urgent first: those whose
    verdict is a hold, decided or not, and stops that somebody asked about. Few are read.
    """
    _sources[name] = source


def register_held(name: str, source: Callable[[], Iterable[Held]]) -> None:
    """`source()` brings what is held up otherwise, soonest first; few are read."""
    _held[name] = source


def held() -> list[Held]:
    """What is held up and no decision frees, soonest first."""
    lines = [line for source in _held.values() for line in islice(source(), LONGEST)]
    return sorted(lines, key=lambda line: line.by_when)[:LONGEST]


def waiting() -> list[Waiting]:
    """What only a doctor's decision holds up, most urgent first; two SQL queries for every LONGEST candidates."""
    found = [line for source in _sources.values() for line in islice(_lines(source()), LONGEST)]
    first: dict[Any, Waiting] = {}
    for line in sorted(found, key=lambda one: one.urgency):
        first.setdefault(line.same, line)
    return _in_words(list(first.values())[:LONGEST])


def _in_words(lines: list[Waiting]) -> list[Waiting]:
    said = points([(line.evaluation, line.items) for line in lines])
    return [
        Waiting(line.candidate, line.evaluation, line.items, line.questions, words)
        for line, words in zip(lines, said, strict=True)
    ]


def _lines(candidates: Iterable[Candidate]) -> Iterator[Waiting]:
    """Those that still wait: however many were decided before them, they do not hide what was not."""
    rest = iter(candidates)
    while some := list(islice(rest, LONGEST)):
        patients = {candidate.screening.patient_id for candidate in some}
        made = _by_patient(Decision.objects.filter(patient__in=patients))
        asked = _by_patient(Question.objects.unanswered().of(patients))
        lines = (_line(one, made, asked) for one in some)
        yield from (line for line in lines if line)


def _by_patient(rows: Iterable[Any]) -> Mapping[int, list[Any]]:
    found: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.patient_id].append(row)
    return found


def _line(
    candidate: Candidate, made: Mapping[int, list[Decision]], asked: Mapping[int, list[Question]]
) -> Waiting | None:
    """The line of a candidate that a doctor must decide, or is asked to; None for any other."""
    screening = candidate.screening
    try:
        evaluation = evaluation_of(screening)
    except CannotScreen:
        return None  # its own page says so; nothing can be decided here
    cleared = clearance(evaluation, made[screening.patient_id], tentative=False)
    waits = {item: evaluation.digests[item] for item in cleared.for_a_doctor}
    questions = tuple(one for one in asked[screening.patient_id] if one.items.items() & waits.items())
    if not waits or (cleared.stage == "stop" and not questions):
        return None
    return Waiting(candidate, evaluation, frozenset(waits), questions)
