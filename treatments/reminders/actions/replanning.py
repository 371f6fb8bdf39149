"""The clinic wants messages before sessions at other times: what waits before sessions to come is planned anew.

All of it in one transaction and a fixed number of statements. The courses are locked first, as by everybody who
writes messages about their sessions, then the messages in the order of their keys.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from clinic.models import Clinic
from treatments.courses.models import Course, CourseState
from treatments.reminders import words
from treatments.reminders.actions.promising import promise
from treatments.reminders.actions.sessions import BEFORE, Desk, before
from treatments.reminders.models import Message, MessageState
from treatments.reminders.recipients import Recipient, recipients
from treatments.reminders.rules import Needless
from treatments.reminders.rules_plans import replanned
from treatments.schedule.events import Booked
from treatments.schedule.models import Session

# The settings by which these messages are planned.
PLANNED_BY = frozenset(
    {"reminder_hours", "precare_days", "recheck_days", "messages_at", "quiet_from", "quiet_until"}
)
WAITS = {MessageState.DUE, MessageState.SUPPRESSED}
CHANGE = """
UPDATE reminders_message AS message SET state = one.state, why = one.why, due_at = one.due_at, try_at = one.due_at,
    not_after = one.not_after, lease_token = NULL, lease_until = NULL
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
    AS one (id, state, why, due_at, not_after)
WHERE message.id = one.id
"""


class Row(NamedTuple):
    """What has to be known of a message before a session, whatever became of it."""

    pk: int
    session_id: int
    kind: str
    channel: str
    step: int
    subject_version: int
    state: str
    due_at: dt.datetime
    not_after: dt.datetime
    created_at: dt.datetime
    same_start: bool  # the session starts when it did at the version of the promise


class Changed(NamedTuple):
    """A message as it is to be."""

    pk: int
    state: str
    why: str
    due_at: dt.datetime
    not_after: dt.datetime


@dataclass(slots=True)
class Changes:
    """What is written in the end."""

    rows: list[Changed] = field(default_factory=list)
    new: list[Message] = field(default_factory=list)


@transaction.atomic
def replan(*, at: dt.datetime) -> int:
    """Let what waits before sessions to come go when the settings of now say; returns how many messages changed.

    What the new plan would have sent already goes when it was promised; what went, went (`rules_plans`).
    """
    list(_courses().values_list("pk"))
    clinic, changes, rows = Clinic.current(), Changes(), _rows(at)
    sessions = list(Session.objects.booked().filter(starts_at__gt=at).select_related("course"))
    people = recipients({session.course.patient_id for session in sessions})
    for session in sessions:
        to = people[session.course.patient_id]
        _plan(session, to, rows.get(session.pk, []), clinic, changes, at)
    _write(changes.rows)
    promise(changes.new, once=False)
    return len(changes.rows) + len(changes.new)


def _courses() -> Any:
    confirmed = Course.objects.filter(state=CourseState.CONFIRMED).order_by("pk")
    return confirmed.select_for_update(of=("self",), no_key=True)


def _rows(at: dt.datetime) -> dict[int, list[Row]]:
    """By session, locked. One query."""
    then = apps.get_model("schedule", "SessionEvent").objects.filter(
        pgh_obj=OuterRef("session"),
        version=OuterRef("subject_version"),
        starts_at=OuterRef("session__starts_at"),
    )
    rows = Message.objects.filter(kind__in=BEFORE, session__state="booked", session__starts_at__gt=at)
    rows = rows.annotate(same_start=Exists(then)).order_by("pk").select_for_update(of=("self",))
    found = defaultdict(list)
    for row in map(Row._make, rows.values_list(*Row._fields)):
        found[row.session_id].append(row)
    return found


def _plan(
    session: Session, to: Recipient, rows: Sequence[Row], clinic: Clinic, changes: Changes, at: dt.datetime
) -> None:
    live = _live(rows)
    since = min((one.created_at for one in live), default=session.booked_at)
    # What comes to a promise belongs to it, though the room may have changed since: `_live` finds all of it.
    version = live[0].subject_version if live else session.version
    now = Booked(session.pk, session.number, session.starts_at, session.ends_at, version)
    gone = {one.kind for one in rows if one.state not in WAITS}
    plan = before(Desk(session.course_id, to, clinic, since), now, gone)
    for kind in BEFORE:
        drafts = sorted((one for one in plan if one.kind == kind), key=lambda one: one.due_at)
        _plan_kind([one for one in rows if one.kind == kind], _of(live, kind), to, drafts, changes, at)


def _live(rows: Iterable[Row]) -> list[Row]:
    """Those of the latest promise, if it still holds: the session starts when it did then."""
    latest = max((one.subject_version for one in rows if one.same_start), default=None)
    return [one for one in rows if one.subject_version == latest]


def _of(live: Iterable[Row], kind: str) -> list[Row]:
    return [one for one in live if one.kind == kind]


def _waits(one: Row, at: dt.datetime) -> bool:
    return one.state == MessageState.DUE or (one.state == MessageState.SUPPRESSED and one.due_at > at)


def _plan_kind(
    known: Sequence[Row],
    live: Sequence[Row],
    to: Recipient,
    drafts: Sequence[Message],
    changes: Changes,
    at: dt.datetime,
) -> None:
    """`known` are all messages of the kind about the session, `drafts` those that the plan wants.

    What went counts by whichever channel, what waits by the patient's.
    """
    waiting = {one.pk: one for one in live if one.channel == to.channel and _waits(one, at)}
    went = len({one.step for one in live if one.state not in WAITS})
    moments = {pk: one.due_at for pk, one in waiting.items()}
    found = replanned([one.due_at for one in drafts], moments, went=went, at=at)
    for pk, place in found.moved.items():
        draft, row = drafts[place], waiting[pk]
        if (draft.due_at, draft.not_after) != (row.due_at, row.not_after):
            changes.rows.append(Changed(pk, draft.state, draft.why, draft.due_at, draft.not_after))
    why, steps = str(words.NEEDLESS[Needless.NOT_PLANNED]), {waiting[pk].step for pk in found.dropped}
    for row in live:
        if row.step in steps and _waits(row, at):  # whichever way: it might come back with the channel
            # As of now: what is due later might be promised again.
            changes.rows.append(Changed(row.pk, MessageState.SUPPRESSED, why, at, row.not_after))
    free = max((one.step for one in known), default=0)
    for step, place in enumerate(found.missing, start=free + 1):
        drafts[place].step, drafts[place].created_at = step, at
        changes.new.append(drafts[place])


def _write(rows: Sequence[Changed]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(CHANGE, [list(column) for column in zip(*rows, strict=True)])
