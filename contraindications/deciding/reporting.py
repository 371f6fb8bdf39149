"""The report of decisions: what was decided, by whom, for which reason, on which item."""

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

from django.db.models import Count, Func, QuerySet, TextField
from django.utils import timezone
from django.utils.translation import gettext as _

from contraindications.display import REMARKS
from contraindications.models import Decision, ListItem

LONGEST = 200  # rows of the page; the file has them all
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


@dataclass(frozen=True, slots=True)
class Counted:
    """So many decisions of one person, with one reason, or on one item."""

    code: Any
    label: str
    count: int


def by_person(rows: QuerySet[Decision]) -> list[Counted]:
    """One SQL query."""
    found = rows.order_by().values_list("by", "by__name").annotate(n=Count("pk")).order_by("-n", "by__name")
    return [Counted(*row) for row in found]


def by_reason(rows: QuerySet[Decision]) -> list[Counted]:
    """By the words as they read when it was decided. One SQL query."""
    found = rows.order_by().values_list("reason", "reason_label").annotate(n=Count("pk"))
    return [Counted(*row) for row in found.order_by("-n", "reason_label")]


def by_item(rows: QuerySet[Decision]) -> list[Counted]:
    """A decision on several findings counts for each. Two SQL queries."""
    keys = Func("items", function="jsonb_object_keys", output_field=TextField())
    found = rows.order_by().annotate(item=keys).values_list("item").annotate(n=Count("pk"))
    counted = sorted(found, key=lambda row: (-row[1], row[0]))
    called = titles(code for code, _n in counted)
    return [Counted(code, called.get(code, code), n) for code, n in counted]


def titles(codes: Iterable[str]) -> dict[str, str]:
    """Item -> what it is called in the newest rule set that has it. One SQL query."""
    wanted = set(codes)
    items = ListItem.objects.filter(code__in=wanted).order_by("code", "-rule_set__version").distinct("code")
    remarks = {code: str(words[0]) for code, words in REMARKS.items() if code in wanted}
    return {**remarks, **dict(items.values_list("code", "item"))}


def lines(rows: Iterable[Decision], called: Mapping[str, str]) -> Iterator[str]:
    """The lines of the file, its head first; nothing in it is a formula to a spreadsheet."""
    yield _csv(
        [_("When"), _("Who"), _("Patient"), _("Kind"), _("Decision"), _("Reason"), _("In words"), _("Items")]
    )
    for row in rows:
        yield _csv(_cells(row, called))


def _cells(row: Decision, called: Mapping[str, str]) -> list[str]:
    return [
        timezone.localtime(row.at).strftime("%Y-%m-%d %H:%M"),
        str(row.by),
        str(row.patient),
        str(row.get_kind_display()),
        _("go ahead") if row.goes_ahead else _("do not go ahead"),
        row.reason_label,
        row.text,
        "; ".join(f"{code} {called.get(code, '')}".strip() for code in row.items),
    ]


def _csv(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line).writerow([harmless(cell) for cell in cells])
    return line.getvalue()


def harmless(cell: str) -> str:
    """The cell as text: a spreadsheet computes nothing of it.

    >>> harmless("=1+1"), harmless("Ana")
    ("'=1+1", 'Ana')
    """
    return f"'{cell}" if cell.lstrip(" ").startswith(FORMULA) else cell


def day_bounds(since: dt.date | None, until: dt.date | None) -> dict[str, dt.datetime]:
    """Filters for `at`: from the first moment of `since` to the last of `until`, in the clinic's zone."""
    bounds = {}
    if since:
        bounds["at__gte"] = timezone.make_aware(dt.datetime.combine(since, dt.time.min))
    if until:
        bounds["at__lt"] = timezone.make_aware(dt.datetime.combine(until + dt.timedelta(1), dt.time.min))
    return bounds
