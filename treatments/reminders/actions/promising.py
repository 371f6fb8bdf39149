"""A message is promised, and the promise kept true to what happens."""

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise

from clinic.models import Clinic
from treatments.catalogue.models import Protocol
from treatments.courses.models import Course, CourseState
from treatments.reminders import mail, rules, words
from treatments.reminders.models import Channel, Message, MessageKind, MessageState


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


@transaction.atomic(savepoint=False)
def reconsider(patient_id: int, *, at: dt.datetime, only_due: bool = False) -> None:
    """Take back what the patient does not need any more, and promise again what is needed after all.

    What was found needless is promised again only before its day: nobody gets a reminder on the heels of a change.
    `only_due`: what happened can make messages needless, and none needed again.
    """
    messages = Message.objects.that_may_turn(patient_id, at)
    if only_due:
        messages = messages.filter(state=MessageState.DUE)
    if not messages.exists():  # most patients have none, and the truth is long to ask
        return
    messages = messages.with_truth(at).order_by("pk")
    for message in messages.select_for_update(of=("self",)):
        needless = needless_now(message)
        if needless and message.state == MessageState.DUE:
            _turn(message, MessageState.SUPPRESSED, words.NEEDLESS[needless])
        elif not needless and message.state == MessageState.SUPPRESSED:
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
