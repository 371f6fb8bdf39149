"""Free time once something more is taken of it, so that what is proposed for one leaves room for the next."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from treatments.schedule.rules.clock import Span
from treatments.schedule.rules.occupation import Occupation, shifted
from treatments.schedule.rules.openings import Free, Slot


@dataclass(frozen=True, slots=True)
class Taken:
    """What a session would take: who treats, and the room."""

    practitioner: int
    parts: Sequence[Span]
    room: int
    span: Span

    @classmethod
    def by(cls, slot: Slot, takes: Occupation) -> "Taken":
        parts = [shifted(slot.starts_at, part) for part in takes.parts]
        return cls(slot.practitioner or 0, parts, slot.room, shifted(slot.starts_at, takes.room))


def less(free: Free, taken: Iterable[Taken]) -> Free:
    """What of the free time is left for another patient."""
    taken = list(taken)
    people = {
        one.practitioner: [s for t in taken if t.practitioner == one.practitioner for s in t.parts]
        for one in taken
    }
    rooms = {one.room: [t.span for t in taken if t.room == one.room] for one in taken}
    return replace(free, practitioners=_less(free.practitioners, people), rooms=_less(free.rooms, rooms))


def _less(
    free: Mapping[int, Sequence[Span]], gone: Mapping[int, Sequence[Span]]
) -> dict[int, Sequence[Span]]:
    return {one: without(spans, gone[one]) if one in gone else spans for one, spans in free.items()}


def without(spans: Sequence[Span], gone: Iterable[Span]) -> list[Span]:
    """The spans without those that are gone, sorted and apart as they were."""
    left = list(spans)
    for begin, until in gone:
        left = [
            piece
            for lo, hi in left
            for piece in ((lo, min(hi, begin)), (max(lo, until), hi))
            if piece[0] < piece[1]
        ]
    return left
