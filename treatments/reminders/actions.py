"""Promise a message, keep the promise true to what happens, and send it at most once.

All moments are passed in as `at`; the doors read them from the database's clock, so that hosts whose clocks differ
agree on what is due and whose lease ran out.
"""

import datetime as dt
import logging
import uuid
from dataclasses import asdict, dataclass

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.functional import Promise

from clinic.models import Clinic, User
from patients.actions import LinkDead, mark_sent
from treatments.catalogue.models import Protocol
from treatments.courses.models import Course, CourseState
from treatments.reminders import mail, requests, rules, words
from treatments.reminders.models import Channel, Heartbeat, Message, MessageKind, MessageState
from treatments.schedule.actions import OfferGone

logger = logging.getLogger(__name__)


class NotFailed(Exception):
    """The message is not a failed one (any more), or it is too late for it; nothing was changed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a claimed message: the columns that are written when its lease is given back."""

    state: MessageState
    maybe_twice: bool
    why: str = ""
    try_at: dt.datetime | None = None  # None: as it was
    sent_to: str = ""
    sent_text: str = ""
    sent_at: dt.datetime | None = None

    def columns(self) -> dict:
        return {name: value for name, value in asdict(self).items() if (name, value) != ("try_at", None)}


# The promise


@transaction.atomic
def promise_maintenance(course: Course, *, at: dt.datetime) -> None:
    """Write the reminder of a finished course, once however often this is called. No protocol: no date, no reminder."""
    if course.protocol is not None:
        message = maintenance_reminder(course, course.protocol, Clinic.current(), at=at)
        Message.objects.bulk_create([message], ignore_conflicts=True)
    reconsider(course.patient_id, at=at)


def maintenance_reminder(course: Course, protocol: Protocol, clinic: Clinic, *, at: dt.datetime) -> Message:
    """The reminder (not saved) of a course that finished at `at`."""
    finished_on, zone = timezone.localdate(at), timezone.get_default_timezone()
    due = rules.due_at(finished_on, protocol.maintenance_first_weeks, clinic.messages_at, zone)
    message = Message(
        kind=MessageKind.MAINTENANCE,
        channel=Channel.EMAIL,
        patient_id=course.patient_id,
        course=course,
        subject_version=course.version,
        due_at=due,
        try_at=due,
        not_after=due + rules.USEFUL_FOR,
        created_at=at,
    )
    message.message_id = mail.message_id(message)
    return message


@transaction.atomic
def reconsider(patient_id: int, *, at: dt.datetime) -> None:
    """Take back what the patient does not need any more, and promise again what is needed after all.

    What was found needless is promised again only before its day: nobody gets a reminder on the heels of a change.
    """
    if not Message.objects.open_of(
        patient_id
    ).exists():  # most patients have none, and the truth is long to ask
        return
    messages = Message.objects.open_of(patient_id).with_truth(at).order_by("pk")
    for message in messages.select_for_update(of=("self",)):
        needless = needless_now(message)
        if needless and message.state == MessageState.DUE:
            _turn(message, MessageState.SUPPRESSED, words.NEEDLESS[needless])
        elif not needless and message.state == MessageState.SUPPRESSED and message.due_at > at:
            _turn(message, MessageState.DUE, "")


def _turn(message: Message, state: MessageState, why: str | Promise) -> None:
    message.state, message.why = state, str(why)
    message.save(update_fields=["state", "why"])


def needless_now(message: Message) -> rules.Needless | None:
    """Why the message is not needed, by what `with_truth` found."""
    if message.kind == MessageKind.INTERVIEW:
        return rules.needless_request(rules.Request(message.link_works, message.answered))  # type: ignore[attr-defined]
    if message.kind in (MessageKind.OFFER, MessageKind.OFFER_LOST):
        offered = rules.Offered(message.offer_open, message.offer_told)  # type: ignore[attr-defined]
        lost = message.kind == MessageKind.OFFER_LOST
        return rules.needless_loss(offered) if lost else rules.needless_offer(offered)
    return rules.needless(truth_of(message))


def truth_of(message: Message) -> rules.Truth:
    """What `with_truth` found."""
    return rules.Truth(
        wants_reminders=message.patient.reminders,
        course_finished=message.course is not None and message.course.state == CourseState.FINISHED,
        newer_course=message.newer_course,  # type: ignore[attr-defined]
        booked_ahead=message.booked_ahead,  # type: ignore[attr-defined]
    )


@transaction.atomic
def put_back(message: Message, *, by: User, at: dt.datetime) -> None:
    """Try a failed message again, from the first attempt. Raises NotFailed."""
    failed = Message.objects.retriable(at).filter(pk=message.pk)
    if not failed.update(
        state=MessageState.DUE, why="", attempts=0, try_at=at, put_back_at=at, put_back_by=by
    ):
        raise NotFailed


# The tick


def beat(*, at: dt.datetime) -> None:
    """Leave word that the tick ran."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(pk=1, ticked_at=at)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["ticked_at"],
    )


def clear_away(*, at: dt.datetime) -> int:
    """Give up on what is too late, or was broken off too often. Returns how many. May run twice at once."""
    late = Message.objects.too_late(at).update(state=MessageState.EXPIRED, why=str(words.TOO_LATE))
    died = Message.objects.given_up(at).update(
        state=MessageState.FAILED,
        why=str(words.DIED),
        maybe_twice=True,
        lease_until=None,
        lease_token=None,
    )
    return late + died


# Sending


def deliver(pk: int, *, at: dt.datetime) -> MessageState | None:
    """Send the message if its time has come, nobody else is at it and it is still true.

    Returns what became of it, or None if it was not ours to send. Not inside a transaction: the claim is committed
    before anything leaves the house.
    """
    message = claim(pk, at=at)
    if message is None:
        return None
    try:
        outcome = refusal(message, at=at) or send(message, at=at)
    except DatabaseError:
        raise  # nothing is known about the message: when the lease runs out, somebody tries again
    except Exception as error:
        # Whatever is wrong with this one must not stop the others; its text may be a person's, so only the kind.
        logger.error("message %s: %s", pk, type(error).__name__)
        outcome = _ended(message, MessageState.FAILED, words.PROGRAM_ERROR % {"name": type(error).__name__})
    return settle(message, outcome)


@transaction.atomic(durable=True)
def claim(pk: int, *, at: dt.datetime) -> Message | None:
    """Take the message for the length of a lease, or None if it is not to be had."""
    message = Message.objects.claimable(at).select_for_update(skip_locked=True).filter(pk=pk).first()
    if message is None:
        return None
    message.maybe_twice = message.maybe_twice or message.state == MessageState.SENDING
    message.state, message.attempts = MessageState.SENDING, message.attempts + 1
    message.lease_token, message.lease_until = uuid.uuid4(), at + rules.LEASE
    message.save(update_fields=["state", "attempts", "maybe_twice", "lease_token", "lease_until"])
    return message


def refusal(message: Message, *, at: dt.datetime) -> Outcome | None:
    """Why the claimed message must not be sent, asked of the database now; None if it may."""
    now = Message.objects.with_truth(at).get(pk=message.pk)
    message.patient, message.course = now.patient, now.course
    message.link, message.offer = now.link, now.offer
    needless = needless_now(now)
    if needless:
        return _ended(message, MessageState.SUPPRESSED, words.NEEDLESS[needless])
    if at > message.not_after:
        return _ended(message, MessageState.EXPIRED, words.TOO_LATE)
    if not message.patient.email:
        return _ended(message, MessageState.FAILED, words.NO_ADDRESS)
    return None


def send(message: Message, *, at: dt.datetime) -> Outcome:
    """Hand the claimed message to the mail server."""
    try:
        address = requests.personal_address(message, at=at)
        letter = mail.letter(message, Clinic.current(), address=address)
        mail.post(letter)
    except LinkDead:
        return _ended(message, MessageState.SUPPRESSED, words.NEEDLESS[rules.Needless.LINK_ENDED])
    except OfferGone:
        return _ended(message, MessageState.SUPPRESSED, words.NEEDLESS[rules.Needless.OFFER_OVER])
    except mail.Refused as refused:
        return _ended(message, MessageState.FAILED, refused.why)
    except mail.PutOff as put_off:
        return again(message, put_off, at=at)
    if message.link_id:
        mark_sent(message.link_id, at=at)
    said = requests.without(address, str(letter.body))
    return Outcome(MessageState.SENT, message.maybe_twice, sent_to=letter.to[0], sent_text=said, sent_at=at)


def again(message: Message, put_off: mail.PutOff, *, at: dt.datetime) -> Outcome:
    """Put the message off, or give up after the last attempt."""
    doubtful = message.maybe_twice or put_off.doubtful
    if message.attempts >= rules.MAX_ATTEMPTS:
        return Outcome(MessageState.FAILED, doubtful, why=words.TOO_OFTEN % {"why": put_off.why})
    spread = message.lease_token.int / 2**128 if message.lease_token else 0
    return Outcome(
        MessageState.DUE, doubtful, why=put_off.why, try_at=at + rules.pause(message.attempts, spread)
    )


def settle(message: Message, outcome: Outcome) -> MessageState | None:
    """Write down what became of the message and give the lease back; None if the lease was lost meanwhile."""
    mine = Message.objects.filter(pk=message.pk, state=MessageState.SENDING, lease_token=message.lease_token)
    if not mine.update(lease_token=None, lease_until=None, **outcome.columns()):
        logger.warning("message %s: the lease ran out before the sending was done", message.pk)
        return None
    return outcome.state


def _ended(message: Message, state: MessageState, why: str | Promise) -> Outcome:
    return Outcome(state, message.maybe_twice, why=str(why))
