"""A page of messages, and where the next one goes on."""

import datetime as dt
from typing import NamedTuple
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404

from treatments.reminders.models import Message
from treatments.reminders.querysets import MessageQuerySet
from treatments.schedule.away.absences import days_span

ON_A_PAGE = 50


class Page(NamedTuple):
    """The messages of one page, and the query of the next; "" if this is the last."""

    rows: list[Message]
    more: str


def page_of(
    among: MessageQuerySet, rows: MessageQuerySet, asked: dict, after: int | None, *, rising: bool = False
) -> Page:
    """One page of `rows`, those that follow `after`; with it one query more. `rising`: the oldest stand first.

    `asked`: what the address of the next page says of them.
    404 if that message is not `among` those that may be seen. It may have left `rows` since: a waiting one is sent.
    """
    if after:
        last = get_object_or_404(among, pk=after)
        follow = rows.younger_than if rising else rows.older_than
        rows = follow(last.due_at, last.pk)
    return _page(list(rows[: ON_A_PAGE + 1]), asked)


def nearest_first(
    among: MessageQuerySet, rows: MessageQuerySet, asked: dict, after: int | None, day: dt.date
) -> Page:
    """The same in another order: what is due on `day` and later by time, then what was due before, the newest first.

    One query, a second where the first does not fill the page. The next page keeps to `day`, also after midnight.
    """
    ahead = rows.due_between(day, None).oldest_first()
    past = rows.due_between(None, day - dt.timedelta(days=1))
    parts = [ahead, past]
    if after:
        last = get_object_or_404(among, pk=after)
        place = last.due_at, last.pk
        is_past = last.due_at < days_span(day, day)[0]
        parts = [past.older_than(*place)] if is_past else [ahead.younger_than(*place), past]
    found: list[Message] = []
    for part in parts:
        found += part[: ON_A_PAGE + 1 - len(found)]
    return _page(found, asked | {"day": day})


def _page(found: list[Message], asked: dict) -> Page:
    """`found`: one more than fits on a page, where there are more."""
    if len(found) <= ON_A_PAGE:
        return Page(found, "")
    said = {name: value for name, value in asked.items() if value}
    return Page(found[:ON_A_PAGE], urlencode({**said, "after": found[ON_A_PAGE - 1].pk}))
