"""A clinic for the contest: people, rooms, devices, and many courses to book.

Each contest has its own times, at which nobody else wants anything: a course starts at one of 126 days of the year to
come, at one of ten times of the day, and has three sessions three weeks apart. Two more times of each day are kept for
moving.
"""

import datetime as dt
import uuid
from dataclasses import dataclass, replace

from django.contrib.auth.models import Group
from django.utils import timezone

from clinic.models import Clinic, Room, User, WorkingHours
from clinic.roles import Role
from patients.actions import submit_interview
from patients.interviews import questions
from patients.models import Patient
from treatments.catalogue.models import Area, Goal, Ingredient, Technique
from treatments.catalogue.shelf import Shelf
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.courses.picked import Picked
from treatments.courses.run import run_of
from treatments.schedule.models import Device, DeviceKind, Requirement
from treatments.schedule.rules import Slot, wall

CROWD = 8  # processes, practitioners, rooms, and patients at a time
SESSIONS, EVERY, LEEWAY = 3, 21, 7
MINUTES, BUFFER = 45, 5
FIRST_HOUR, LAST_HOUR = 8, 19
TIMES, FOR_MOVES = 12, 2  # of a day, the first of which are kept for moving
ROUND_TRIP = SESSIONS * EVERY  # days after which the same days come again
DAYS, TRIPS = EVERY, 6
CONTESTS = DAYS * TRIPS * (TIMES - FOR_MOVES)
PENS, CLEANING = 2, 5
DOMAIN = "contest.example"
PLAN = {"goal": "discoloration", "area": "face"}
SYRINGE, PEN = "needle_syringe", "derma_pen"


@dataclass(frozen=True, slots=True)
class Scene:
    """Who and what there is; `courses` to book by patient, `with_pen` those that need one of the PENS."""

    day: dt.date
    crowd: list[User]
    doctors: list[User]
    rooms: list[Room]
    courses: list[list[Course]]
    with_pen: list[list[Course]]

    def starts(self, contest: int, session: int) -> dt.datetime:
        """When session 1, 2 or 3 of this contest is."""
        days, time = divmod(contest, TIMES - FOR_MOVES)
        trip, day = divmod(days, DAYS)
        on = self.day + dt.timedelta(days=1 + trip * ROUND_TRIP + day + (session - 1) * EVERY)
        return self.at(on, FOR_MOVES + time)

    def at(self, day: dt.date, time: int) -> dt.datetime:
        """One of the TIMES of a day."""
        minutes = FIRST_HOUR * 60 + BUFFER + time * (MINUTES + BUFFER)
        return wall(day, dt.time(*divmod(minutes, 60)), timezone.get_default_timezone())

    def slots(self, contest: int, doctors: list[int], rooms: list[int]) -> list[Slot]:
        """A slot for each session of a course, with these doctors in these rooms, by their numbers."""
        return [
            Slot(n, self.starts(contest, n), self.rooms[room].pk, self.doctors[doctor].pk)
            for n, (doctor, room) in enumerate(zip(doctors, rooms, strict=True), 1)
        ]


def build(contests: int, day: dt.date, *, unprotected: int = 0) -> Scene:
    """Everything for so many contests, beginning the day after `day`, or for so many `unprotected` ones.

    Needs the catalogue and an empty clinic.
    """
    stage, at = staffed(day), wall(day - dt.timedelta(days=1), dt.time(9), timezone.get_default_timezone())
    each = max(contests // 3, 2 * unprotected) + CROWD
    courses, with_pen = (_courses(technique, each, stage.doctors[0], at) for technique in (SYRINGE, PEN))
    return replace(stage, courses=courses, with_pen=with_pen)


def staffed(day: dt.date) -> Scene:
    """People, rooms and devices, and nothing to book yet. Needs the catalogue and an empty clinic."""
    clinic = Clinic.current()
    clinic.buffer_before, clinic.buffer_after = 0, BUFFER
    clinic.save()
    doctors = _people("doctor", Role.DOCTOR)
    WorkingHours.objects.bulk_create(
        WorkingHours(practitioner=one, weekday=day, starts=dt.time(FIRST_HOUR), ends=dt.time(LAST_HOUR))
        for one in doctors
        for day in range(1, 8)
    )
    kind = DeviceKind.objects.create(name="Contest pen", cleanup_minutes=CLEANING)
    Requirement.objects.create(kind=kind, technique=Technique.objects.get(code=PEN))
    Device.objects.bulk_create(Device(kind=kind, name=f"Contest pen {n}") for n in range(1, PENS + 1))
    return Scene(
        day=day,
        crowd=_people("desk", Role.FRONT_DESK),
        doctors=doctors,
        rooms=Room.objects.bulk_create(Room(name=f"Contest room {n}") for n in range(1, CROWD + 1)),
        courses=[],
        with_pen=[],
    )


def _people(name: str, role: Role) -> list[User]:
    people = [
        User(email=f"{name}{n}@{DOMAIN}", name=f"{name.title()} {n}", password="!")  # noqa: S106 (nobody logs in by it)
        for n in range(1, CROWD + 1)
    ]
    User.objects.bulk_create(people)
    Group.objects.get(name=role).user_set.add(*people)
    return people


def _courses(technique: str, each: int, doctor: User, at: dt.datetime) -> list[list[Course]]:
    """Courses of CROWD patients, so many of each: one is made by a doctor, the others are its likes.

    One patient of CROWD wins an eighth of the contests, never a third. Where nothing protects, everybody wins, and all
    CROWD courses of the contests for one patient, which is every seventh at most: less than two courses a contest.
    """
    return [_alike(confirmed_course(technique, n, doctor, at), each) for n in range(CROWD)]


def confirmed_course(technique: str, number: int, doctor: User, at: dt.datetime) -> Course:
    """A course of three sessions, planned and confirmed by a doctor, of a patient of its own."""
    patient = Patient.objects.create(
        name=f"Patient {technique} {number}",
        birth_date=dt.date(1989, 5, 2),
        sex="female",
        created_at=at,
        created_by=doctor,
    )
    said = {fact.code: {"state": "no"} for fact in questions(patient)}
    submit_interview(patient, answers=said, allergies={"substances": [], "texts": []}, by=doctor, at=at)
    shelf = Shelf.load()
    picked = _picked(technique)
    run = run_of(shelf, picked)
    if run is None:
        raise ValueError("the plan of the contest is not complete")
    course = courses.create_plan(patient, picked, run, key=uuid.uuid4(), by=doctor, at=at)
    return courses.confirm(course, version=course.version, by=doctor, at=at)


def _picked(technique: str) -> Picked:
    return Picked(
        goal=Goal.objects.get(code=PLAN["goal"]),
        area=Area.objects.select_related("parent").get(code=PLAN["area"]),
        technique=Technique.objects.get(code=technique),
        ingredients=tuple(Ingredient.objects.filter(code="hyaluronic_acid").prefetch_related("may_contain")),
        sessions=SESSIONS,
        interval=EVERY,
    )


def _alike(course: Course, how_many: int) -> list[Course]:
    """So many courses of the same patient with the same plan, three sessions each."""
    through = Course.ingredients.through
    chosen = list(course.ingredients.values_list("pk", flat=True))
    course.sessions_planned, course.interval_target = SESSIONS, EVERY
    course.interval_min, course.interval_max = EVERY - LEEWAY, EVERY + LEEWAY
    rows = [_copy(course) for _ in range(how_many)]
    Course.objects.bulk_create(rows)
    through.objects.bulk_create(through(course_id=row.pk, ingredient_id=pk) for row in rows for pk in chosen)
    return rows


def _copy(course: Course) -> Course:
    values = {field.attname: getattr(course, field.attname) for field in Course._meta.concrete_fields}
    return Course(**{**values, "id": None, "key": uuid.uuid4()})
