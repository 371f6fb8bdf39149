"""What waits as the demo opens: an unconfirmed report, a question to a doctor, a draft of the lists, two patients."""

import datetime as dt

from django.utils import timezone

from clinic.demo.scene import Scene
from contraindications.deciding.asking import ask
from contraindications.rulebook.draft_actions import propose_settings
from contraindications.rulebook.drafting import seen
from contraindications.rulebook.drafts import in_the_making
from patients.actions import save_answers, show_code, submit_report
from patients.interviews import questions
from patients.models import Patient
from treatments.courses.models import Course, CourseState
from treatments.schedule.actions import cancel_by_patient, confirm_by_patient, put_on_list
from treatments.schedule.actions.waiting import WISHES
from treatments.schedule.models import Session

COLD = "viral_infection"
SOON = dt.timedelta(days=2)  # later than the clinic's limit for patients who give up a session
NO_WISH = dict.fromkeys(WISHES) | {"weekdays": []}


def leave_open(scene: Scene) -> None:
    """Yesterday evening somebody reported a cold, a nurse asked a doctor, the catalogue admin proposed a change.

    Two patients wait for a time. One says by a link that they come, another gives a session up.
    """
    evening = scene.at - dt.timedelta(hours=12)
    reported(_somebody_expected(scene), scene, at=evening)
    asked(scene, at=evening)
    proposed(scene, at=evening)
    waits(scene, at=evening)
    answered(scene, at=evening)


def reported(patient: Patient, scene: Scene, *, at: dt.datetime) -> None:
    """The patient answered on their own phone: a cold, and "no" to everything else."""
    link, _token = show_code(patient, by=scene.staff["desk"], at=at)
    answers = {fact.code: {"state": "current" if fact.code == COLD else "no"} for fact in questions(patient)}
    none_known: dict[str, list[str]] = {"substances": [], "texts": []}
    save_answers(link.pk, asked=answers, answers=answers, allergies=none_known, asks_allergies=True, at=at)
    submit_report(link.pk, signature=patient.name, at=at)


def asked(scene: Scene, *, at: dt.datetime) -> None:
    """A nurse wants to know of the oldest plan that waits for a doctor."""
    held = Course.objects.filter(state=CourseState.PLANNED, screening__verdict="hold")
    course = held.select_related("screening").order_by("screening__at", "pk").first()
    if course and course.screening:
        text = "Comes again on Thursday for an answer. Would you look at it?"
        ask(course.screening, text=text, by=scene.staff["nurse"], at=at)


def proposed(scene: Scene, *, at: dt.datetime) -> None:
    """The catalogue admin wants what has ended to count as recent for longer."""
    settings = in_the_making()["settings"]
    propose_settings(
        {**settings, "look_back_days": 45},
        seen=seen(settings),
        reason="Colds and cold sores kept coming back in the sixth week; agreed at the team meeting.",
        by=scene.staff["catalogue"],
        at=at,
    )


def waits(scene: Scene, *, at: dt.datetime) -> None:
    """Who comes last of all would like to come sooner, after work; a course that is not booked yet waits to begin."""
    desk, sooner = scene.staff["desk"], {"not_before": dt.time(16), "weekdays": [1, 2, 3, 4, 5]}
    last = Session.objects.booked().filter(course__screening__verdict="clear").order_by("-starts_at", "pk")[0]
    put_on_list(last.course, last.number, NO_WISH | sooner | {"earliest": scene.day}, by=desk, at=at)
    start = Course.objects.filter(state=CourseState.CONFIRMED, sessions=None).order_by("pk").first()
    if start:
        put_on_list(start, 1, NO_WISH | {"earliest": scene.day}, by=desk, at=at - dt.timedelta(days=3))


def answered(scene: Scene, *, at: dt.datetime) -> None:
    """What two patients did by the links in their messages; nobody at the desk has seen it."""
    ahead = Session.objects.booked().filter(starts_at__gt=scene.at + SOON, course__screening__verdict="clear")
    rows = list(ahead.order_by("starts_at", "pk"))
    comes, does_not = rows[0], rows[len(rows) // 2]
    confirm_by_patient(comes, version=comes.version, at=at)
    cancel_by_patient(does_not, version=does_not.version, at=at)


def _somebody_expected(scene: Scene) -> Patient:
    """Who comes first on the next day that has sessions."""
    tomorrow = scene.moment(timezone.localdate(scene.at) + dt.timedelta(days=1), 0)
    coming = Session.objects.booked().filter(starts_at__gte=tomorrow, course__screening__verdict="clear")
    return coming.select_related("course__patient").order_by("starts_at", "pk")[0].course.patient
