"""A message is promised, and the promise kept true to what happens."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise

from clinic.models import Clinic
from patients.models import InterviewLink
from treatments.catalogue.models import Protocol
from treatments.courses.models import Course
from treatments.reminders import identity, kinds, rules, words
from treatments.reminders.models import Channel, Message, MessageKind, MessageState
from treatments.schedule.models import Offer


@transaction.atomic
def promise(messages: Iterable[Message]) -> None:
    """Write promises, each once however often this is called; one statement."""
    rows = list(messages)
    for row in rows:
        row.message_id = identity.message_id(row)
    Message.objects.bulk_create(rows, ignore_conflicts=True)


def drafted(kind: MessageKind, *, due_at: dt.datetime, at: dt.datetime, **fields: Any) -> Message:
    """A message (not saved) that is due at a moment and first tried then."""
    values = {"channel": Channel.EMAIL, "subject_version": 1, "try_at": due_at, **fields}
    return Message(kind=kind, due_at=due_at, created_at=at, **values)


@transaction.atomic
def promise_maintenance(course: Course, *, at: dt.datetime) -> None:
    """Write the reminder of a finished course, once however often this is called. No protocol: no date, no reminder."""
    if course.protocol is not None:
        promise([maintenance_reminder(course, course.protocol, Clinic.current(), at=at)])
    reconsider(course.patient_id, at=at)


def maintenance_reminder(course: Course, protocol: Protocol, clinic: Clinic, *, at: dt.datetime) -> Message:
    """The reminder (not saved) of a course that finished at `at`."""
    finished_on, zone = timezone.localdate(at), timezone.get_default_timezone()
    due = rules.due_at(finished_on, protocol.maintenance_first_weeks, clinic.messages_at, zone)
    return drafted(
        MessageKind.MAINTENANCE,
        patient_id=course.patient_id,
        course=course,
        subject_version=course.version,
        due_at=due,
        not_after=due + rules.USEFUL_FOR,
        at=at,
    )


@transaction.atomic
def promise_interview(link: InterviewLink, *, at: dt.datetime) -> None:
    """Write the request to answer the interview, once for each link. It holds no secret: that is made with the mail."""
    kind, ends = MessageKind.INTERVIEW, link.expires_at
    promise([drafted(kind, patient_id=link.patient_id, link=link, due_at=at, not_after=ends, at=at)])


@transaction.atomic
def promise_offer(offer: Offer, *, at: dt.datetime) -> None:
    """Write that a time is held for the patient, once for each offer; useless when the hold has lapsed."""
    _promise_about(MessageKind.OFFER, offer, not_after=offer.hold.lapses_at, at=at)


@transaction.atomic
def promise_loss(offer: Offer, *, at: dt.datetime) -> None:
    """Write that an offered time is taken, once for each offer; useless when it has begun."""
    _promise_about(MessageKind.OFFER_LOST, offer, not_after=offer.starts_at, at=at)


def _promise_about(kind: MessageKind, offer: Offer, *, not_after: dt.datetime, at: dt.datetime) -> None:
    patient_id = offer.waiting.course.patient_id
    useful = max(not_after, at)
    promise([drafted(kind, patient_id=patient_id, offer=offer, due_at=at, not_after=useful, at=at)])


@transaction.atomic(savepoint=False)
def reconsider(patient_id: int, *, at: dt.datetime, only_due: bool = False) -> None:
    """Take back what the patient does not need any more, and promise again what is needed after all.

    What was found needless is promised again only before its day: nobody gets a reminder on the heels of a change.
    `only_due`: what happened can make messages needless, and none needed again.
    """
    messages = Message.objects.that_may_turn(patient_id, at)
    if only_due:
        messages = messages.filter(state=MessageState.DUE)
    found = list(messages.order_by("pk").select_for_update(of=("self",)))
    if found:  # most patients have none, and the truth is long to ask
        _turn(found, kinds.needless(found, at=at))


def _turn(messages: Sequence[Message], needless: dict[int, rules.Needless]) -> None:
    turned = []
    for message in messages:
        why: str | Promise = words.NEEDLESS[needless[message.pk]] if message.pk in needless else ""
        state = MessageState.SUPPRESSED if why else MessageState.DUE
        if message.state != state:
            message.state, message.why = state, str(why)
            turned.append(message)
    Message.objects.bulk_update(turned, ["state", "why"])
