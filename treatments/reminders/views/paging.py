"""A page of messages, and where the next one goes on."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404

from treatments.reminders.models import Message
from treatments.reminders.querysets import MessageQuerySet

ON_A_PAGE = 50


class Page(NamedTuple):
    """The messages of one page, and the query of the next; "" if this is the last."""

    rows: list[Message]
    more: str


def page_of(
    among: MessageQuerySet, rows: MessageQuerySet, asked: dict, after: int | None, *, rising: bool = False
) -> Page:
    """One page of `rows`, those that follow `after`; with it one query more. `rising`: the oldest stand first.

    404 if that message is not `among` those that may be seen. It may have left `rows` since: a waiting one is sent.
    """
    if after:
        last = get_object_or_404(among, pk=after)
        follow = rows.younger_than if rising else rows.older_than
        rows = follow(last.due_at, last.pk)
    found = list(rows[: ON_A_PAGE + 1])
    if len(found) <= ON_A_PAGE:
        return Page(found, "")
    said = {name: value for name, value in asked.items() if value}
    return Page(found[:ON_A_PAGE], urlencode({**said, "after": found[ON_A_PAGE - 1].pk}))
