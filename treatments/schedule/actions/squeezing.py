"""Booking over others on purpose: by whom it may be done and over what. All else stays under the constraint."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from django.core.exceptions import PermissionDenied

from clinic.models import User
from treatments.schedule.equipment import Pool, with_devices
from treatments.schedule.overlapping.meetings import Meeting, meetings
from treatments.schedule.places import Chosen, Over
from treatments.schedule.refusals import SlotTaken


@dataclass(frozen=True, slots=True)
class Squeeze:
    """Somebody wants it over others, for a reason. `shown`: the sessions that they know it meets; None: any."""

    by: User
    reason: str
    shown: frozenset[int] | None = None


def squeeze(reason: str, *, by: User | None, shown: Collection[int] | None = None) -> Squeeze | None:
    """None without a reason. Raises PermissionDenied for people who may not book over others."""
    if not reason.strip():
        return None
    if by is None or not by.may_overlap:
        raise PermissionDenied
    return Squeeze(by, reason.strip(), None if shown is None else frozenset(shown))


def placed(
    chosen: Sequence[Chosen], pools: Sequence[Pool], wish: Squeeze | None, *, own: Collection[int] = ()
) -> list[Chosen]:
    """The chosen sessions with their devices, `own` ones first; what meets others is marked. The resources are locked.

    Only other sessions of a practitioner, a room or a device are booked over, and only those that were shown: all else
    raises SlotTaken. Raises what `with_devices` raises.
    """
    there = with_devices(chosen, pools, over=wish is not None, own=own)
    return there if wish is None else _over_others(there, wish)


def _over_others(chosen: Sequence[Chosen], wish: Squeeze) -> list[Chosen]:
    spans = [(place, resource, span) for place, one in enumerate(chosen) for resource, span in one.spans]
    met = meetings((index, resource, span) for index, (_place, resource, span) in enumerate(spans))
    if refused := {chosen[spans[one.asked][0]].number for one in met if not _agreed(one, wish)}:
        raise SlotTaken(sorted(refused))
    marked = {spans[one.asked] for one in met}
    return [
        replace(one, over=Over(frozenset((r, s) for p, r, s in marked if p == place), wish.by, wish.reason))
        for place, one in enumerate(chosen)
    ]


def _agreed(met: Meeting, wish: Squeeze) -> bool:
    return met.may_be_squeezed and (wish.shown is None or met.session in wish.shown)
