"""Free time once something more is taken of it, so that what is proposed for one leaves room for the next."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from treatments.schedule.rules.clock import Span
from treatments.schedule.rules.occupation import Occupation, shifted
from treatments.schedule.rules.openings import Free, Need, Slot, either


@dataclass(frozen=True, slots=True)
class Taken:
    """What a session would take: who treats, the room, devices by key, the patient."""

    practitioner: int
    parts: Sequence[Span]
    room: int
    span: Span
    devices: Sequence[tuple[int, Span]] = ()
    patient: int = 0
    whole: Span | None = None

    @classmethod
    def by(cls, slot: Slot, takes: Occupation, free: Free, *, patient: int = 0, longer: int = 0) -> "Taken":
        """Of each kind of device that is needed the first that is free then, for so many minutes `longer`."""
        parts = [shifted(slot.starts_at, part) for part in takes.parts]
        devices = [taken for need in free.devices if (taken := _device(need, slot.starts_at, longer))]
        room, whole = shifted(slot.starts_at, takes.room), shifted(slot.starts_at, (0, takes.minutes))
        return cls(slot.practitioner or 0, parts, slot.room, room, devices, patient, whole)


def _device(need: Need, starts_at: dt.datetime, longer: int) -> tuple[int, Span] | None:
    span = shifted(starts_at, (need.parts[0][0], need.parts[-1][1] + longer))
    fits = (
        device
        for device, spans in need.free.items()
        if any(begin <= span[0] and span[1] <= until for begin, until in spans)
    )
    return next(((device, span) for device in fits), None)


def less(free: Free, taken: Iterable[Taken], *, patient: int = 0) -> Free:
    """What of the free time is left for this patient."""
    taken = list(taken)
    people = [(one.practitioner, part) for one in taken for part in one.parts]
    rooms = [(one.room, one.span) for one in taken]
    devices = [device for one in taken for device in one.devices]
    own = [one.whole for one in taken if one.whole and patient and one.patient == patient]
    return Free(
        _less(free.practitioners, people),
        without(free.patient, own) if own else free.patient,
        _less(free.rooms, rooms),
        tuple(replace(need, free=_less(need.free, devices)) for need in free.devices),
    )


def _less(free: Mapping[int, Sequence[Span]], taken: Iterable[tuple[int, Span]]) -> dict[int, Sequence[Span]]:
    gone: dict[int, list[Span]] = {}
    for one, span in taken:
        gone.setdefault(one, []).append(span)
    return {one: without(spans, gone[one]) if one in gone else spans for one, spans in free.items()}


def without(spans: Iterable[Span], gone: Iterable[Span]) -> list[Span]:
    """The spans without those that are gone, sorted and apart as they were."""
    cuts, left, passed = either([list(gone)]), list[Span](), 0
    for lo, hi in spans:
        while passed < len(cuts) and cuts[passed][1] <= lo:
            passed += 1
        at = passed
        while at < len(cuts) and cuts[at][0] < hi:
            if lo < cuts[at][0]:
                left.append((lo, cuts[at][0]))
            lo, at = max(lo, cuts[at][1]), at + 1
        if lo < hi:
            left.append((lo, hi))
    return left
