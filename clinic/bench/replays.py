"""How fast stored screenings are worked out again, beside the bare `screen()` loop over the same facts and plans."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import QuerySet

from contraindications.models import Screening
from contraindications.replaying import replay
from contraindications.rules import screen
from contraindications.screening import evaluation_of


@dataclass(frozen=True, slots=True)
class Replays:
    """What was measured. Times are seconds a screening."""

    screenings: int
    replayed: float
    bare: float

    @property
    def share(self) -> float:
        """The speed of the replay as a part of the speed of the bare loop."""
        return self.bare / self.replayed


def measure(*, most: int) -> Replays:
    """Replay the first `most` screenings. RuntimeError where there is none, or one does not come out as stored."""
    keys = list(Screening.objects.order_by("pk").values_list("pk", flat=True)[:most])
    rows = Screening.objects.filter(pk__lte=max(keys, default=0))
    differing: list[int] = []
    taken = _seconds(lambda: differing.extend(one.pk for one in replay(rows) if one.differs))
    if differing or not keys:
        raise RuntimeError(f"{len(differing)} of {len(keys)} screenings do not come out as they were stored")
    return Replays(len(keys), taken / len(keys), _bare(rows) / len(keys))


def _bare(rows: QuerySet[Screening]) -> float:
    """The seconds that `screen()` alone needs for all of them."""
    given = [evaluation_of(row) for row in rows.select_related("rule_set").defer("rule_set__content")]

    def loop() -> None:
        for one in given:
            screen(one.patient_facts, one.plan, one.compiled, one.as_of)

    return _seconds(loop)


def _seconds(job: Callable[[], None]) -> float:
    began = time.perf_counter()
    job()
    return time.perf_counter() - began
