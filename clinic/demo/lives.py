"""Lives the stories: every step through the action that a person would take, at the moment they would."""

import datetime as dt
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone

from clinic.demo.calendar import Place
from clinic.demo.people import register
from clinic.demo.staff import ROOMS
from clinic.demo.stories import PLANS, After, Ends, Story
from clinic.models import Clinic, Room, User
from contraindications.actions import decide
from contraindications.clearance import clearance
from contraindications.models import Decision
from patients.actions import edit_patient, save_draft, submit_interview
from patients.actions.people import FIELDS
from patients.interviews import questions
from patients.models import Patient, Substance
from treatments.catalogue.shelf import Shelf
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.courses.picked import Picked
from treatments.courses.run import run_of
from treatments.reminders import words
from treatments.reminders.actions import Outcome
from treatments.reminders.mail import letter
from treatments.reminders.models import Message, MessageState
from treatments.schedule.actions import book_course, cancel_session, move_session
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot, wall
from treatments.visits.actions import perform

AHEAD = 9  # days from the first conversation to the first session
ASK_AGAIN = 75  # days: before answers are too old to treat on
TEXTS = {
    Decision.Kind.ACKNOWLEDGE: ("informed", "Talked about it; we watch the skin during the session."),
    Decision.Kind.DECIDE: (
        "clarified",
        "Long ago and without consequences, letter of the family doctor seen.",
    ),
}


@dataclass(frozen=True, slots=True)
class Scene:
    """What every life takes place in. `at` is the moment of seeding: nothing happens after it."""

    day: dt.date
    at: dt.datetime
    staff: Mapping[str, User]
    rooms: list[Room]
    shelf: Shelf
    rng: random.Random

    def moment(self, day: dt.date, hour: int, minute: int = 0) -> dt.datetime:
        return wall(day, dt.time(hour, minute), timezone.get_default_timezone())


def scene(day: dt.date, at: dt.datetime, staff: Mapping[str, User], rng: random.Random) -> Scene:
    """The clinic as it is open now."""
    rooms = {room.name: room for room in Room.objects.filter(name__in=ROOMS)}
    return Scene(day, at, staff, [rooms[name] for name in ROOMS], Shelf.load(), rng)


def live(number: int, story: Story, place: Place, scene: Scene) -> None:
    """The whole story of the person with this number."""
    first = first_day(number, story, place, scene)
    began = first - dt.timedelta(days=AHEAD)
    by = scene.staff[place.login]
    patient = register(
        number, day=scene.day, by=scene.staff["desk"], at=scene.moment(began, 11), rng=scene.rng
    )
    if story.ends is Ends.REGISTERED:
        return
    if story.ends is Ends.DRAFT:
        save_draft(patient, **told(patient, story), by=by, at=scene.moment(began, 11, 20))
        return
    interviewed(patient, story, by=by, at=scene.moment(began, 11, 20))
    course = planned(patient, story, by=by, at=scene.moment(began, 11, 40), scene=scene)
    if story.ends is Ends.CANCELLED:
        courses.cancel(course, version=course.version, by=by, at=scene.moment(began, 15))
    elif story.ends is not Ends.PLANNED:
        undertaken(course, story, place, first, scene)


def first_day(number: int, story: Story, place: Place, scene: Scene) -> dt.date:
    """The day of the first session, such that the story stands today where it should."""
    run = run_of(scene.shelf, picked(story, scene.shelf))
    if story.ends is Ends.FINISHED and run:
        last = place.before(scene.day - dt.timedelta(days=story.ended))
        return last - dt.timedelta(days=run.interval[1] * (run.sessions - 1))
    if story.ends is Ends.GIVEN_UP and run:
        return place.before(scene.day - dt.timedelta(days=run.interval[1] + 8))
    if story.ends is Ends.BOOKED and run:
        return place.day - dt.timedelta(days=run.interval[1] * (number % run.sessions))
    return scene.day + dt.timedelta(days=AHEAD - 1 - number % 8)


# Before the first session


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
    return courses.create_plan(patient, choices, run, key=key(scene.rng), by=by, at=at)


def key(rng: random.Random) -> uuid.UUID:
    """The key of a form; the same in every seeding."""
    return uuid.UUID(int=rng.getrandbits(128), version=4)


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


# The course


def undertaken(course: Course, story: Story, place: Place, first: dt.date, scene: Scene) -> None:
    """Confirm the plan, book it, and perform what lies before the moment of seeding."""
    began, by = first - dt.timedelta(days=AHEAD), scene.staff[place.login]
    doctor = by if by.is_doctor else by.cooperating_doctor
    decided(course, by=by, doctor=doctor or by, at=scene.moment(began, 11, 45))
    course = courses.confirm(course, version=course.version, by=by, at=scene.moment(began, 11, 50))
    if story.ends is Ends.CONFIRMED:
        return
    sessions = booked(course, place, first, scene)
    for session in sessions:
        if session.ends_at < scene.at and not (story.ends is Ends.GIVEN_UP and session.number > 2):
            performed(session, story, by=by)
    if story.ends is Ends.GIVEN_UP:
        course.refresh_from_db()
        courses.cancel(course, version=course.version, by=by, at=scene.at - dt.timedelta(days=2))
    elif story.ends is Ends.BOOKED:
        changed(sessions, scene)
    ended(course, story, scene)


def booked(course: Course, place: Place, first: dt.date, scene: Scene) -> list[Session]:
    """All sessions at the place of this course, by the front desk."""
    zone, every = timezone.get_default_timezone(), dt.timedelta(days=course.interval_target)
    slots = [
        Slot(n, wall(first + every * (n - 1), place.starts, zone), scene.rooms[place.room].pk)
        for n in range(1, course.sessions_planned + 1)
    ]
    at = scene.moment(first - dt.timedelta(days=AHEAD), 12)
    return book_course(
        course,
        slots,
        practitioner=scene.staff[place.login],
        by=scene.staff["desk"],
        at=at,
        key=key(scene.rng),
    )


def performed(session: Session, story: Story, *, by: User) -> None:
    """Ask again where the answers have become old, and record the session."""
    patient = session.course.patient
    asked = patient.interviews.submitted().latest("number").submitted_at
    if asked and session.starts_at - asked > dt.timedelta(days=ASK_AGAIN):
        interviewed(patient, story, by=by, at=session.starts_at)
    perform(session, note=NOTES[session.starts_at.toordinal() % len(NOTES)], by=by, at=session.ends_at)


NOTES = ["", "Well tolerated.", "Slight redness, gone after ten minutes.", "", "Small bruise on the left."]


def changed(sessions: list[Session], scene: Scene) -> None:
    """Now and then somebody cancels the last session, or has it a week later."""
    last, desk = sessions[-1], scene.staff["desk"]
    whim, at = scene.rng.randrange(6), scene.at - dt.timedelta(days=1)
    if last.starts_at < scene.at + dt.timedelta(days=20):
        return
    if whim == 0:
        cancel_session(last, reason="Travelling; will call.", version=last.version, by=desk, at=at)
    elif whim == 1 and last.course.interval_target + 7 <= last.course.interval_max:
        move_session(
            last,
            starts_at=wall(
                timezone.localdate(last.starts_at) + dt.timedelta(days=7),
                timezone.localtime(last.starts_at).time(),
                timezone.get_default_timezone(),
            ),
            practitioner=last.practitioner,
            room=last.room,
            version=last.version,
            by=desk,
            at=at,
        )


# The reminder


def ended(course: Course, story: Story, scene: Scene) -> None:
    """What became of the reminder of a finished course."""
    message = Message.objects.filter(course=course).first()
    desk, patient = scene.staff["desk"], course.patient
    if message is None:
        return
    if story.after is After.OPTED_OUT:
        fields = {name: getattr(patient, name) for name in FIELDS} | {"reminders": False}
        edit_patient(patient, fields=fields, version=patient.version, by=desk, at=scene.at)
    elif story.after is After.CAME_BACK:
        again(course, story, scene)
    elif story.after is not After.WAITS:
        settled(message, story.after)


def again(course: Course, story: Story, scene: Scene) -> None:
    """The patient is back before the reminder: a new course is confirmed."""
    by, at = course.created_by, scene.at - dt.timedelta(days=1)
    interviewed(course.patient, story, by=by, at=at)
    row = planned(course.patient, story, by=by, at=at, scene=scene)
    courses.confirm(row, version=row.version, by=by, at=at)


def settled(message: Message, after: After) -> None:
    """Write what the worker would have written on the day. Nothing leaves the house."""
    outcome = {
        After.SENT: Outcome(
            MessageState.SENT,
            False,
            sent_to=message.patient.email,
            sent_text=str(letter(message, Clinic.current()).body),
            sent_at=message.due_at + dt.timedelta(seconds=40),
        ),
        After.FAILED: Outcome(MessageState.FAILED, False, why=str(words.REFUSED % {"code": 550})),
        After.EXPIRED: Outcome(MessageState.EXPIRED, False, why=str(words.TOO_LATE)),
    }[after]
    attempts = 0 if after is After.EXPIRED else 1
    Message.objects.filter(pk=message.pk).update(attempts=attempts, **outcome.columns())
