"""How fast `screen()` is beside reading and writing the same case as JSON. Pure Python, one core."""

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from contraindications.cases import worked
from contraindications.reading import Catalogue, read_case
from contraindications.rules import RuleSet, screen

MOST = 15  # times the cost of json.loads + json.dumps


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What was measured over one kind of cases. Times are seconds a case."""

    kind: str
    cases: int
    json: float
    screen: float
    with_reading: float

    @property
    def a_second(self) -> float:
        return 1 / self.screen

    @property
    def times_json(self) -> float:
        return self.screen / self.json

    @property
    def times_json_with_reading(self) -> float:
        return self.with_reading / self.json


def measure(catalogue: Catalogue, ruleset: RuleSet, *, seconds: float) -> list[Verdicts]:
    """The worked cases as they are written, and the same with every one of the facts answered."""
    cases = [{key: case[key] for key in ("id", "as_of", "patient", "plan")} for case in worked()]
    facts = sorted(catalogue.facts)
    kinds = {
        "worked cases": cases,
        f"all {len(facts)} facts answered": [_full(case, facts) for case in cases],
    }
    return [_measure(kind, rows, catalogue, ruleset, seconds) for kind, rows in kinds.items()]


def _full(case: dict[str, Any], facts: Iterable[str]) -> dict[str, Any]:
    """The case with an answer to every fact and about allergies."""
    patient = case["patient"]
    said = {**{fact: {"state": "no"} for fact in facts}, **(patient.get("facts") or {})}
    allergies = patient.get("allergies") or []
    return {**case, "patient": {**patient, "facts": said, "allergies": allergies}}


def _measure(
    kind: str, cases: Sequence[dict[str, Any]], catalogue: Catalogue, ruleset: RuleSet, seconds: float
) -> Verdicts:
    texts = [json.dumps(case) for case in cases]
    read = [read_case(case, catalogue) for case in cases]

    def as_json() -> None:
        for text in texts:
            json.dumps(json.loads(text))

    def screened() -> None:
        for case in read:
            screen(case.patient, case.plan, ruleset, case.as_of)

    def read_and_screened() -> None:
        for raw in cases:
            case = read_case(raw, catalogue)
            screen(case.patient, case.plan, ruleset, case.as_of)

    taken = _interleaved([as_json, screened, read_and_screened], seconds)
    return Verdicts(kind, len(cases), *(one / len(cases) for one in taken))


def _interleaved(jobs: Sequence[Callable[[], None]], seconds: float) -> list[float]:
    """The median seconds of each job, run in turn so that a busy machine slows all of them alike."""
    rounds: list[list[float]] = [[] for _ in jobs]
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(rounds[0]) < 3:
        for job, taken in zip(jobs, rounds, strict=True):
            began = time.perf_counter()
            job()
            taken.append(time.perf_counter() - began)
    return [median(taken) for taken in rounds]
