"""The kinds of messages: when each is needless, and what it says. Set-based, however many messages are asked about."""

import datetime as dt
from collections.abc import Sequence
from itertools import groupby

from patients.models import Patient
from treatments.reminders.kinds import aftercare, ahead, asking, maintenance, today, told, waiting
from treatments.reminders.kinds.shape import Kind, Said, Values
from treatments.reminders.models import Message
from treatments.reminders.placeholders import COMMON
from treatments.reminders.rules import Needless, needless_to_anybody

__all__ = [
    "KINDS",
    "PLACEHOLDERS",
    "WITH_TOPIC",
    "Kind",
    "Said",
    "Values",
    "needless",
    "topic_of",
    "untrue",
    "values",
]

_MODULES = (told, ahead, aftercare, maintenance, asking, waiting, today)
KINDS: dict[str, Kind] = {kind.code: kind for module in _MODULES for kind in module.KINDS}
# What the text of each kind may say.
PLACEHOLDERS = {code: COMMON | kind.placeholders for code, kind in KINDS.items()}

WITH_TOPIC = frozenset(kind.code for kind in KINDS.values() if kind.topic)


def topic_of(kind: str) -> str:
    """What a patient opts out of to get no more of this kind; "" for what cannot be."""
    return KINDS[kind].topic or ""


def needless(messages: Sequence[Message], *, at: dt.datetime) -> dict[int, Needless]:
    """Why each of these is not needed at `at`, by key; who is missing is needed.

    A query for the people, and those of each kind that is among them. What the patient wants comes first.
    """
    return {**untrue(messages, at=at), **_to_anybody(messages)}


def untrue(messages: Sequence[Message], *, at: dt.datetime) -> dict[int, Needless]:
    """Of which of these what they say is not so at `at`, and why; whoever would read it."""
    return {
        pk: why for kind, some in _by_kind(messages) for pk, why in KINDS[kind].needless(some, at).items()
    }


def values(messages: Sequence[Message], *, at: dt.datetime) -> dict[int, Values]:
    """What each of these says, by key."""
    return {
        pk: said for kind, some in _by_kind(messages) for pk, said in KINDS[kind].values(some, at).items()
    }


def _by_kind(messages: Sequence[Message]) -> list[tuple[str, list[Message]]]:
    in_order = sorted(messages, key=lambda one: one.kind)
    return [(kind, list(some)) for kind, some in groupby(in_order, key=lambda one: one.kind)]


def _to_anybody(messages: Sequence[Message]) -> dict[int, Needless]:
    topics = {kind.code: kind.topic for kind in KINDS.values() if kind.topic}
    rows = Message.objects.filter(pk__in=[one.pk for one in messages], patient__isnull=False)
    found = {}
    for row in rows.with_wishes(topics):
        why = _to_anybody_of(row, row.patient, row.wish, row.kind in topics)  # type: ignore[attr-defined, arg-type]
        if why:
            found[row.pk] = why
    return found


def _to_anybody_of(row: Message, patient: Patient, wish: bool | None, has_topic: bool) -> Needless | None:
    return needless_to_anybody(
        ended=patient.died_on is not None,
        duplicate=patient.duplicate_of_id is not None,
        opted_out=has_topic and (wish is False or not patient.reminders),
        other_channel=has_topic and row.channel != patient.reached_by,
    )
