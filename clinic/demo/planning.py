"""What comes before the first session: the interview, the plan, what people decide about it."""

import datetime as dt

from django.utils import timezone

from clinic.demo.scene import Scene
from clinic.demo.stories import PLANS, Story
from clinic.models import User
from contraindications.actions import decide
from contraindications.clearance import clearance
from contraindications.models import Decision
from patients.actions import Seen, submit_interview
from patients.interviews import questions
from patients.models import Patient, Substance
from treatments.catalogue.shelf import Shelf
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.courses.picked import Picked
from treatments.courses.run import run_of
from treatments.schedule.models import Session
from treatments.visits.actions import check_in
from treatments.visits.asking import asking

TEXTS = {
    Decision.Kind.ACKNOWLEDGE: ("informed", "Talked about it; we watch the skin during the session."),
    Decision.Kind.DECIDE: (
        "clarified",
        "Long ago and without consequences, letter of the family doctor seen.",
    ),
}


def told(patient: Patient, story: Story) -> dict:
    """What the patient answers, whenever asked: "no" to all that the story does not say otherwise."""
    day = timezone.localdate(patient.created_at)
    answers: dict[str, dict] = {fact.code: {"state": "no"} for fact in questions(patient)}
    for code, said in story.said.items():
        answers[code] = _answer(said, day)
    codes = set(Substance.objects.filter(code__in=story.allergies or ()).values_list("code", flat=True))
    allergies = (
        None
        if story.allergies is None
        else {
            "substances": sorted(codes),
            "texts": [text for text in story.allergies if text not in codes],
        }
    )
    return {"answers": {code: given for code, given in answers.items() if given}, "allergies": allergies}


def _answer(said: str | int | None, day: dt.date) -> dict:
    if isinstance(said, int):
        return {"state": "ended", "until": (day - dt.timedelta(days=said)).isoformat()}
    return {"state": said} if said else {}


def interviewed(patient: Patient, story: Story, *, by: User, at: dt.datetime) -> None:
    submit_interview(patient, **told(patient, story), by=by, at=at)


def checked_in(session: Session, story: Story, *, by: User, at: dt.datetime) -> None:
    """Asked again what is due: nothing has changed since the first interview."""
    patient = session.course.patient
    due, said = asking(patient, day=timezone.localdate(at)), told(patient, story)
    check_in(
        session,
        answers={fact.code: said["answers"][fact.code] for fact in due.facts},
        allergies=said["allergies"] if due.asks_allergies else None,
        on=Seen(due.stands.number or 0 if due.stands else 0, None),
        by=by,
        at=at,
    )


def picked(story: Story, shelf: Shelf) -> Picked:
    """The choices of the story's plan; none for a story without one."""
    said = PLANS.get(story.plan, {})
    if not said:
        return Picked()
    return Picked(
        goal=_of(shelf.goals, said["goal"]),
        area=_of(shelf.areas, said["area"]),
        technique=_of(shelf.techniques, said["technique"]),
        injection_depth=said.get("injection_depth", ""),
        ingredients=_all_of(shelf.ingredients, said["ingredients"]),
        products=_all_of(shelf.products, said.get("products", [])),
        procedure_substances=_all_of(shelf.ingredients, said.get("procedure_substances", [])),
    )


def _of(rows: list, code: str):
    return next(row for row in rows if row.code == code)


def _all_of(rows: list, codes: list[str]) -> tuple:
    return tuple(_of(rows, code) for code in codes)


def planned(patient: Patient, story: Story, *, by: User, at: dt.datetime, scene: Scene) -> Course:
    choices = picked(story, scene.shelf)
    run = run_of(scene.shelf, choices)
    if run is None:
        raise ValueError(f"the plan {story.plan!r} is not complete")
    return courses.create_plan(patient, choices, run, key=scene.key(), by=by, at=at)


def decided(course: Course, *, by: User, doctor: User, at: dt.datetime) -> None:
    """Acknowledge and decide all that waits."""
    screening = course.screening
    if screening is None:
        raise ValueError("the plan was not screened")
    missing = clearance(screening, Decision.objects.of(course.patient)).missing
    for kind, (reason, text) in TEXTS.items():
        items = [one.item for one in missing if one.kind == kind]
        person = doctor if kind == Decision.Kind.DECIDE else by
        if items:
            decide(
                screening, kind=kind, goes_ahead=True, items=items, reason=reason, text=text, by=person, at=at
            )
