"""The sessions that are held up: one line a course for the doctors' worklist, and how many of a course."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy

from clinic.prepared import Prepared, asked
from contraindications.deciding.worklist import LONGEST, Candidate, Held
from contraindications.models import Question
from treatments.courses.models import Course
from treatments.schedule.models import Session
from treatments.schedule.rules import Stage

BOOKED = Prepared(
    lambda: Session.objects.booked().filter(course=asked("course")).with_held().values_list("held")
)

# Where answers will be too old by then the screening itself says "incomplete", and the worklist of decisions passes.
DECIDABLE = Q(standing__stage=Stage.HOLD) & ~Q(standing__screening__verdict="incomplete")
# A stop that a nurse asked about: whether a doctor can release it, the worklist works out.
ASKED = Q(
    Exists(Question.objects.unanswered().filter(patient=OuterRef("course__patient"))),
    standing__stage=Stage.STOP,
)

WHO = {
    Stage.STOP: gettext_lazy(
        "Whoever treats: change the plan, or move or cancel the sessions; ask a doctor where a stop can be released."
    ),
    Stage.REFUSED: gettext_lazy("Whoever treats: cancel the sessions, or talk to who decided against it."),
    Stage.UNSAID: gettext_lazy("A doctor or nurse: ask the patient."),
    Stage.HOLD: gettext_lazy(
        "A doctor: decide on the findings. Answers that are too old are asked again at check-in."
    ),
    Stage.UNREADABLE: gettext_lazy("The catalogue admin: complete what the plan uses."),
}


def for_a_doctor() -> Iterator[Candidate]:
    """Sessions that a doctor's decision frees, or is asked to, soonest first."""
    for row in _soonest(today=timezone.localdate()).filter(DECIDABLE | ASKED).iterator(LONGEST):
        yield Candidate(
            row.standing.screening,
            str(row.course),
            row.course.get_absolute_url(),
            by_when=row.starts_at,
            cause=row.standing.get_cause_display(),
            how_many=row.how_many,
        )


def otherwise() -> Iterator[Held]:
    """Sessions that are held up otherwise, soonest first."""
    for row in _soonest(today=timezone.localdate()).filter(~DECIDABLE).iterator(LONGEST):
        yield Held(
            patient=row.course.patient,
            what=str(row.course),
            url=row.course.get_absolute_url(),
            screening_id=row.standing.screening_id,
            why=row.standing.get_stage_display(),
            who=str(WHO[Stage(row.standing.stage)]),
            cause=row.standing.get_cause_display(),
            by_when=row.starts_at,
            how_many=row.how_many,
        )


def _soonest(*, today: dt.date):
    """The first held session of each course and stage, with how many follow it; none of a record that has ended."""
    goes_on = {"course__patient__died_on": None, "course__patient__duplicate_of": None}
    return Session.objects.to_come(today).filter(**goes_on).first_held().for_worklist()


def how_many_held(course: Course) -> tuple[int, int]:
    """How many of the course's booked sessions are held, and how many are booked. One SQL query."""
    booked = BOOKED.column(course=course.pk)
    return booked.count(True), len(booked)
