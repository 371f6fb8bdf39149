"""The reminder that it is time for maintenance."""

import datetime as dt
from collections.abc import Sequence

from treatments.courses.models import CourseState
from treatments.reminders import rules
from treatments.reminders.kinds.shape import Kind, Values
from treatments.reminders.models import LinkPurpose, Message, MessageKind, Topic


def needless(messages: Sequence[Message], at: dt.datetime) -> dict[int, rules.Needless]:
    """One query."""
    rows = Message.objects.filter(pk__in=[one.pk for one in messages]).with_recall_truth(at)
    found = {row.pk: rules.needless_recall(truth_of(row)) for row in rows}
    return {pk: why for pk, why in found.items() if why}


def truth_of(row: Message) -> rules.Recall:
    """What `with_recall_truth` found."""
    return rules.Recall(
        course_finished=row.course is not None and row.course.state == CourseState.FINISHED,
        newer_course=row.newer_course,  # type: ignore[attr-defined]
        booked_ahead=row.booked_ahead,  # type: ignore[attr-defined]
        recall_answered=row.recall_answered,  # type: ignore[attr-defined]
    )


def values(messages: Sequence[Message], at: dt.datetime) -> dict[int, Values]:
    """Nothing but what every message says, and a link to answer by."""
    return {one.pk: Values({}, purpose=LinkPurpose.RECALL) for one in messages}


KINDS = [Kind(MessageKind.MAINTENANCE, Topic.MAINTENANCE, frozenset({"link"}), needless, values)]
