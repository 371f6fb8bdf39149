"""Who is due for maintenance: since when, how often they were written to, and how they answered.

A line is the first recall of a finished course: its day is the day on which maintenance is due. A course that was
confirmed later takes the line away when it is finished, since it brings a day of its own.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from treatments.courses.models import Course, CourseState
from treatments.reminders.models import Answer, Message, MessageKind, RecallAnswer, Topic
from treatments.reminders.querysets import MessageQuerySet
from treatments.schedule.models import Session, SessionState

AHEAD = dt.timedelta(days=28)  # who is due so soon is on the list
NOT_LONGER = dt.timedelta(days=365)  # who is overdue for longer is asked for
FIRST = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
ALL = "all"


class Standing(models.TextChoices):
    """How somebody answered who is due."""

    OPEN = "open", _("No answer yet")
    CALL_ME = Answer.CALL_ME.value, _("Wants a call")
    PLANNED = "planned", _("Course to be booked")
    BOOKED = "booked", _("Session booked")
    DECLINED = Answer.DECLINED.value, _("Declined")
    OPTED_OUT = "opted_out", _("Wants no reminders")


UNSETTLED = [Standing.OPEN, Standing.CALL_ME, Standing.PLANNED]


class Overdue(models.TextChoices):
    """Since when maintenance is due."""

    SOON = "soon", _("Due within four weeks")
    NOW = "overdue", _("Overdue")
    MONTH = "month", _("Overdue by more than four weeks")
    LONG = "long", _("Overdue by more than a year")


@dataclass(frozen=True, slots=True)
class Line:
    """One person who is due: the first recall with what was found beside it, and all recalls in order."""

    first: Message
    recalls: Sequence[Message]
    days: int  # overdue by so many; below zero: due in so many

    @property
    def standing(self) -> Standing:
        return Standing(self.first.standing)  # type: ignore[attr-defined]

    @property
    def days_ahead(self) -> int:
        return max(-self.days, 0)

    @property
    def weeks(self) -> int:
        return abs(self.days) // 7


def due_list(at: dt.datetime) -> MessageQuerySet:
    """Everybody who is due or will be, longest overdue first, with `standing`, `booked_for` and `course_ahead`."""
    this = OuterRef("course__confirmed_at")
    later = Course.objects.filter(
        Q(confirmed_at__gt=this) | Q(confirmed_at=None, created_at__gt=this), patient=OuterRef("patient")
    )
    brings_its_own = later.filter(state=CourseState.FINISHED, protocol__isnull=False)
    rows: MessageQuerySet = Message.objects.filter(
        ~Exists(brings_its_own),
        kind=MessageKind.MAINTENANCE,
        step=1,
        course__state=CourseState.FINISHED,
        patient__died_on=None,
        patient__duplicate_of=None,
    )
    session = Session.objects.filter(course__patient=OuterRef("patient"), state=SessionState.BOOKED)
    ahead = session.filter(starts_at__gte=at).order_by("starts_at").values("starts_at")[:1]
    found = rows.with_wishes(
        {MessageKind.MAINTENANCE: Topic.MAINTENANCE}
    ).annotate(
        booked_for=Subquery(ahead),
        course_ahead=Subquery(
            later.open().order_by("state", "-created_at").values("pk")[:1]
        ),  # confirmed first
        to_book=Exists(later.filter(state=CourseState.CONFIRMED)),
        answer=Subquery(_answers().values("answer")[:1]),
        answered_at=Subquery(_answers().values("said_at")[:1]),
    )
    return found.annotate(standing=_standing()).order_by("due_at", "pk")


def _answers() -> models.QuerySet:
    return RecallAnswer.objects.filter(course=OuterRef("course")).order_by("-said_at", "-pk")


def _standing() -> Case:
    """What somebody did counts for more than what they said."""
    return Case(
        When(booked_for__isnull=False, then=Value(Standing.BOOKED)),
        When(course_ahead__isnull=False, then=Value(Standing.PLANNED)),
        When(answer=Answer.CALL_ME, then=Value(Standing.CALL_ME)),
        When(answer=Answer.DECLINED, then=Value(Standing.DECLINED)),
        When(Q(wish=False) | Q(patient__reminders=False), then=Value(Standing.OPTED_OUT)),
        default=Value(Standing.OPEN),
        output_field=models.CharField(),
    )


def narrowed(
    rows: MessageQuerySet, *, q: str, overdue: str, standing: str, at: dt.datetime
) -> MessageQuerySet:
    """The part of the list that is asked for; without asking those who are not settled, due soon or since a year."""
    wanted = Standing.values if standing == ALL else [standing] if standing else UNSETTLED
    periods = {
        "": (at - NOT_LONGER, at + AHEAD),
        Overdue.SOON: (at, at + AHEAD),
        Overdue.NOW: (at - NOT_LONGER, at),
        Overdue.MONTH: (at - NOT_LONGER, at - AHEAD),
        Overdue.LONG: (FIRST, at - NOT_LONGER),
    }
    return rows.matching(q).filter(standing__in=wanted, due_at__range=periods[overdue])


def lines(rows: Sequence[Message], at: dt.datetime) -> list[Line]:
    """The rows with all recalls of each and the days that they are overdue; one query."""
    recalls = Message.objects.filter(kind=MessageKind.MAINTENANCE, course__in=[row.course_id for row in rows])
    by_course: dict[int | None, list[Message]] = {}
    for recall in recalls.order_by("step", "pk"):
        by_course.setdefault(recall.course_id, []).append(recall)
    today = timezone.localdate(at)
    return [
        Line(row, by_course[row.course_id], (today - timezone.localdate(row.due_at)).days) for row in rows
    ]
