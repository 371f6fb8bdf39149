"""A message is promised, and the promise kept true to what happens."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise

from clinic.models import Clinic
from patients.models import InterviewLink
from treatments.courses.models import Course
from treatments.reminders import identity, kinds, rules, words
from treatments.reminders.models import Channel, Message, MessageKind, MessageState
from treatments.reminders.recipients import Recipient, recipient
from treatments.reminders.rules_times import Quiet, recalls
from treatments.schedule.models import Offer

# What tells one message of a kind from the others, whichever way they go.
SAME = ("course_id", "session_id", "step", "subject_version")


@transaction.atomic(savepoint=False)
def promise(messages: Iterable[Message], *, once: bool = True) -> None:
    """Write promises; one statement.

    `once`: each is written once however often this is called. Otherwise one that is there already is an
    IntegrityError: for those that are counted, of which none may be lost.
    """
    rows = list(messages)
    for row in rows:
        row.message_id = identity.message_id(row)
    if rows:
        Message.objects.write(rows, once=once)


def drafted(kind: MessageKind, *, due_at: dt.datetime, at: dt.datetime, **fields: Any) -> Message:
    """A message (not saved) that is due at a moment and first tried then."""
    values = {"channel": Channel.EMAIL, "subject_version": 1, "try_at": due_at, **fields}
    return Message(kind=kind, due_at=due_at, created_at=at, **values)


def addressed(
    kind: MessageKind, to: Recipient, *, due_at: dt.datetime, at: dt.datetime, **fields: Any
) -> Message:
    """A message (not saved) to somebody, in their way; one that they do not want says so from the beginning."""
    why = to.why_not(kind)
    if why:
        fields |= {"state": MessageState.SUPPRESSED, "why": str(words.NEEDLESS[why])}
    return drafted(kind, due_at=due_at, at=at, patient_id=to.patient.pk, channel=to.channel, **fields)


def quiet_of(clinic: Clinic) -> Quiet:
    """The hours in which the clinic writes to nobody."""
    return Quiet(clinic.quiet_from, clinic.quiet_until, timezone.get_default_timezone())


@transaction.atomic
def promise_maintenance(course: Course, *, at: dt.datetime) -> None:
    """Write the recalls of a finished course, once however often this is called. No protocol: no date, no recalls."""
    if course.protocol is not None:
        promise(_recalls(course, recipient(course.patient_id), Clinic.current(), at=at))
    reconsider(course.patient_id, at=at)


def _recalls(course: Course, to: Recipient, clinic: Clinic, *, at: dt.datetime) -> list[Message]:
    protocol = course.protocol
    weeks = protocol.maintenance_every_weeks if course.maintains_id else protocol.maintenance_first_weeks  # type: ignore[union-attr]
    due = recalls(
        timezone.localdate(at),
        weeks,
        clinic.recall_times,
        clinic.recall_every_days,
        clinic.messages_at,
        quiet_of(clinic),
    )
    about: dict[str, Any] = {"course": course, "subject_version": course.version, "at": at}
    return [addressed(MessageKind.MAINTENANCE, to, **one._asdict(), **about) for one in due]


@transaction.atomic
def promise_interview(link: InterviewLink, *, at: dt.datetime) -> None:
    """Write the request to answer the interview, once for each link. It holds no secret: that is made with the mail."""
    about = {"link": link, "patient": link.patient, "channel": link.patient.reached_by}
    promise([drafted(MessageKind.INTERVIEW, due_at=at, not_after=link.expires_at, at=at, **about)])


@transaction.atomic
def promise_offer(offer: Offer, *, at: dt.datetime) -> None:
    """Write that a time is held for the patient, once for each offer; useless when the hold has lapsed."""
    _promise_about(MessageKind.OFFER, offer, not_after=offer.hold.lapses_at, at=at)


@transaction.atomic
def promise_loss(offer: Offer, *, at: dt.datetime) -> None:
    """Write that an offered time is taken, once for each offer; useless when it has begun."""
    _promise_about(MessageKind.OFFER_LOST, offer, not_after=offer.starts_at, at=at)


def _promise_about(kind: MessageKind, offer: Offer, *, not_after: dt.datetime, at: dt.datetime) -> None:
    patient = offer.waiting.course.patient
    about = {"offer": offer, "patient": patient, "channel": patient.reached_by}
    promise([drafted(kind, due_at=at, not_after=max(not_after, at), at=at, **about)])


@transaction.atomic(savepoint=False)
def reconsider(
    patient_id: int, *, at: dt.datetime, only_due: bool = False, of: Collection[MessageKind] = ()
) -> None:
    """Take back what the patient does not need any more, and promise again what is needed after all.

    What was found needless is promised again only before its day: nobody gets a reminder on the heels of a change.
    `only_due`: what happened can make messages needless, and none needed again. `of`: it concerns these kinds only.
    """
    messages = Message.objects.that_may_turn(patient_id, at)
    if only_due:
        messages = messages.filter(state=MessageState.DUE)
    if of:
        messages = messages.filter(kind__in=of)
    turn(messages.order_by("pk").select_for_update(of=("self",)), at=at)


def turn(messages: Iterable[Message], *, at: dt.datetime) -> None:
    """Let the state of these messages, locked, say what is so. What is being sent is left to whoever sends it."""
    found = [one for one in messages if one.state in (MessageState.DUE, MessageState.SUPPRESSED)]
    _ask_anew(found)
    if found:  # most patients have none, and the truth is long to ask
        _turn(found, _lasting(kinds.needless(found, at=at)))


def _ask_anew(messages: Iterable[Message]) -> None:
    """Whoever claimed one of these and has not begun it must not: what was read for the letter may be over."""
    claimed = [one.pk for one in messages if one.lease_token]
    if claimed:
        Message.objects.filter(pk__in=claimed).update(lease_token=None, lease_until=None)


def _lasting(needless: dict[int, rules.Needless]) -> dict[int, rules.Needless]:
    """What need not be asked again at the sending."""
    return {pk: why for pk, why in needless.items() if why not in rules.ONLY_AT_SENDING}


def _turn(messages: Sequence[Message], needless: dict[int, rules.Needless]) -> None:
    turned = []
    for message in messages:
        why: str | Promise = words.NEEDLESS[needless[message.pk]] if message.pk in needless else ""
        state = MessageState.SUPPRESSED if why else MessageState.DUE
        if (message.state, message.why) != (state, str(why)) and {message.state, state} != {MessageState.DUE}:
            message.state, message.why = state, str(why)
            turned.append(message)
    Message.objects.bulk_update(turned, ["state", "why"])


@transaction.atomic(savepoint=False)
def follow_channel(patient_id: int, *, at: dt.datetime) -> None:
    """What would go another way is promised the patient's way; what had been taken off that way comes back.

    The rows of the other way stay: `reconsider`, to be called after this, writes why; what it asks for is locked here.
    """
    to = recipient(patient_id)
    known = list(
        Message.objects.that_may_go(patient_id, to.channel, at).order_by("pk").select_for_update(of=("self",))
    )
    found = [one for one in known if one.channel != to.channel and one.kind in kinds.WITH_TOPIC]
    untrue = _lasting(kinds.untrue(found, at=at))
    moving = [one for one in found if one.pk not in untrue]
    if moving:
        promise([_twin(one, to, at=at) for one in moving])
        gone = [one for one in known if one.channel == to.channel and one.state == MessageState.SUPPRESSED]
        _bring_back([one for one in moving if one.state == MessageState.DUE], gone)


def _twin(message: Message, to: Recipient, *, at: dt.datetime) -> Message:
    fields = {
        name: getattr(message, name) for name in (*SAME, "about", "told_before", "not_after", "maybe_twice")
    }
    return addressed(MessageKind(message.kind), to, due_at=message.due_at, at=at, **fields)


def _bring_back(waiting: Sequence[Message], gone: Sequence[Message]) -> None:
    """Those of the patient's way that were taken back, and that wait the other way now."""
    by_key = {(one.kind, *(getattr(one, name) for name in SAME)): one for one in waiting}
    turned = []
    for row in gone:
        if same := by_key.get((row.kind, *(getattr(row, name) for name in SAME))):
            row.state, row.why = MessageState.DUE, ""
            row.about, row.told_before, row.due_at, row.not_after, row.try_at = (
                same.about,
                same.told_before,
                same.due_at,
                same.not_after,
                same.due_at,
            )
            turned.append(row)
    Message.objects.bulk_update(
        turned, ["state", "why", "about", "told_before", "due_at", "not_after", "try_at"]
    )
