"""The words for what is proposed that is not as preferred."""

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Protocol

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import User
from treatments.schedule.words.times import face


class Listed(Protocol):
    """What is said of a row of the page."""

    @property
    def number(self) -> int: ...
    @property
    def starts_at(self) -> dt.datetime: ...
    @property
    def practitioner(self) -> User: ...
    @property
    def days(self) -> int | None: ...
    @property
    def slot(self) -> object | None: ...


def deviations(rows: Sequence[Listed], target: int, gaps: int) -> list[str]:
    """What of the proposed rows is not as preferred, the gravest first."""
    if not rows:
        return []
    proposed = [row for row in rows if row.slot]
    said = [*_intervals(rows, target), *_other_days(rows[0], proposed), *_others(rows[0], proposed)]
    if gaps:
        said.append(
            ngettext(
                "Leaves %(n)s gap in the calendar that fits nothing.",
                "Leaves %(n)s gaps in the calendar that fit nothing.",
                gaps,
            )
            % {"n": gaps}
        )
    return said


def _intervals(rows: Sequence[Listed], target: int) -> list[str]:
    """Intervals before or after a proposed session that are not as intended."""
    return [
        _("Session %(number)s after %(days)s days instead of %(target)s.")
        % {"number": row.number, "days": row.days, "target": target}
        for before, row in pairwise(rows)
        if row.days not in (None, target) and (row.slot or before.slot)
    ]


def _other_days(first: Listed, proposed: Iterable[Listed]) -> list[str]:
    """Sessions on another weekday or at another hour than the first."""
    usual = timezone.localtime(first.starts_at)
    said = []
    for row in proposed:
        local = timezone.localtime(row.starts_at)
        if (local.weekday(), local.time()) != (usual.weekday(), usual.time()):
            said.append(
                _("Session %(number)s: %(face)s.") % {"number": row.number, "face": face(row.starts_at)}
            )
    return said


def _others(first: Listed, proposed: Iterable[Listed]) -> list[str]:
    return [
        _("Session %(number)s with %(name)s.") % {"number": row.number, "name": row.practitioner}
        for row in proposed
        if row.practitioner.pk != first.practitioner.pk
    ]
