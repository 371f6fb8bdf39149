"""Against whom a draft is previewed. Upper apps register their cases, since imports run down the house."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from contraindications import rules


@dataclass(frozen=True, slots=True)
class Case:
    """One thing to screen. Without `facts` or `plan` it cannot be: it counts as that, and is never passed over."""

    key: int  # its place: cases come in the order of their keys
    facts: rules.Patient | None
    plan: rules.Plan | None
    day: dt.date
    what: str  # "Wrinkles and fine lines, Face"
    url: str = ""  # where it can be looked at
    patient_id: int | None = None


@dataclass(frozen=True, slots=True)
class Caseload:
    """A source of cases. `day` is the clinic's day of the preview."""

    name: str
    label: Promise | str
    count: Callable[[dt.date], int]
    after: Callable[[dt.date, int, int], list[Case]]  # (day, key, size): the next `size` cases behind `key`


_caseloads: dict[str, Caseload] = {}


def register(caseload: Caseload) -> None:
    """Preview drafts against these cases, too. Registering a name again replaces what it meant."""
    _caseloads[caseload.name] = caseload


def caseloads() -> list[Caseload]:
    """All that are registered, in the order of registration."""
    return list(_caseloads.values())


def label_of(name: str) -> str:
    """How people call a caseload."""
    return str(_caseloads[name].label) if name in _caseloads else name
