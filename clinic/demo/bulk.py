"""Very many patients and sessions, to see how the clinic bears them. Loaded by the database itself, in minutes.

Twenty practitioners in twenty rooms treat every 20 minutes, eight hours a day, Monday to Friday. A *wave* is five
fortnights: each of its courses has the same place in all five of them, so that nobody is ever in two places at once.
The last wave reaches eight weeks into the future. Four weeks around the day belong to the demo alone, so that its pages
show the same whatever stands behind them.
"""

import datetime as dt
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.color import no_style
from django.db import connection, transaction
from django.utils import timezone

from clinic.demo import bulk_sql
from clinic.demo.calendar import monday_of
from clinic.models import Room, User, WorkingHours
from clinic.roles import Role
from contraindications import rules, screening
from contraindications.models import Screening
from patients.interviews import questions
from patients.models import Interview, Patient
from treatments.catalogue.models import Area, Goal, Ingredient, Protocol, Technique
from treatments.courses.catching_up import catch_up
from treatments.courses.models import Course
from treatments.courses.plans import rules_plan
from treatments.reminders.models import Message
from treatments.schedule.models import Booking, Reservation, Resource, Session
from treatments.schedule.rules import wall
from treatments.visits.models import Visit

DOMAIN = "bulk.example"
PRACTITIONERS = 20  # and as many rooms
SLOTS_A_DAY, MINUTES = 24, 20
SESSIONS_A_COURSE = 5
COURSES_A_WAVE = PRACTITIONERS * SLOTS_A_DAY * 10  # ten working days in a fortnight
FORTNIGHTS_TO_COME = 4
FEWEST_PATIENTS = PRACTITIONERS  # with fewer somebody would have two sessions at once
KINDS_OF_PATIENT = 400  # dates of birth; each kind is screened by the rules once
# In the order in which they are filled.
FILLED = [Patient, Interview, Screening, Course, Booking, Resource, Session, Reservation, Visit, Message]

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is loaded."""

    patients: int
    sessions: int

    @property
    def courses(self) -> int:
        return -(-self.sessions // SESSIONS_A_COURSE)

    @property
    def waves(self) -> int:
        return -(-self.courses // COURSES_A_WAVE)


def is_loaded() -> bool:
    """Is there bulk in this database already?"""
    return User.objects.filter(email__endswith=f"@{DOMAIN}").exists()


def load(size: Size, day: dt.date, *, tell: Tell) -> None:
    """Load so many patients and sessions beside what is there, all or nothing; then let the database take stock.

    Triggers and foreign keys are not checked row by row: what is written is right by construction, and a test holds
    it. Everything else is: checks, unique indexes, and at the end the constraint on double booking.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks outstanding cannot be altered
        cursor.execute(
            "SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL max_parallel_maintenance_workers = 2"
        )
        facts = {**_bounds(size, day), **_catalogue(), **_people(_moment(size, day))}
        _kinds(cursor, facts)
        with _triggers_off(cursor), _rebuilt(tell):
            for title, count, sql in bulk_sql.steps(size.patients, size.courses, size.sessions):
                with _told(tell, f"{title} {count:,}"):
                    cursor.execute(sql, facts)
        for sql in connection.ops.sequence_reset_sql(no_style(), FILLED):
            cursor.execute(sql)
    _take_stock(tell)
    with _told(tell, "everything held against the lists"):
        for _courses in catch_up(at=wall(day, dt.time(7, 30), timezone.get_default_timezone())):
            pass


def _moment(size: Size, day: dt.date) -> dt.datetime:
    """When all of these patients were interviewed: before the first session of all."""
    first = monday_of(day) - dt.timedelta(days=14 * (size.waves * 5 - FORTNIGHTS_TO_COME) + 7 + 10)
    return wall(first, dt.time(11), timezone.get_default_timezone())


def _bounds(size: Size, day: dt.date) -> dict[str, Any]:
    """The numbers that the SQL computes with; ids go on from what is there."""
    monday = monday_of(day)
    newest = {
        model: model._default_manager.order_by("-pk").values_list("pk", flat=True).first() for model in FILLED
    }
    return {
        **{f"{model._meta.model_name}0": pk or 0 for model, pk in newest.items()},
        "patients": size.patients,
        "sessions": size.sessions,
        "courses": size.courses,
        "in_course": SESSIONS_A_COURSE,
        "in_wave": COURSES_A_WAVE,
        "in_day": PRACTITIONERS * SLOTS_A_DAY,
        "at_once": PRACTITIONERS,
        "minutes": MINUTES,
        "kinds": KINDS_OF_PATIENT,
        "past": size.waves * 5 - FORTNIGHTS_TO_COME,  # fortnights before the demo's own weeks
        "before": monday - dt.timedelta(days=7),
        "after": monday + dt.timedelta(days=21),
        "day": day,
        "zone": str(timezone.get_default_timezone()),
        "domain": DOMAIN,
    }


def _catalogue() -> dict[str, Any]:
    """What is planned for everybody."""
    protocol = Protocol.objects.get(code="skin_standard")
    return {
        "goal": Goal.objects.get(code="wrinkles").pk,
        "area": Area.objects.get(code="face").pk,
        "technique": Technique.objects.get(code="needle_syringe").pk,
        "ingredient": Ingredient.objects.get(code="hyaluronic_acid").pk,
        "cocktail": json.dumps(
            list(Ingredient.objects.filter(code="hyaluronic_acid").values("code", "label", "role"))
        ),
        "protocol": protocol.pk,
        "weeks": protocol.maintenance_first_weeks,
    }


def _people(at: dt.datetime) -> dict[str, Any]:
    """Practitioners with hours, and their rooms. They cannot log in."""
    staff = [
        User(email=f"practitioner{n:02}@{DOMAIN}", name=f"Practitioner {n:02}", password="!", date_joined=at)  # noqa: S106
        for n in range(1, PRACTITIONERS + 1)
    ]
    User.objects.bulk_create(staff)
    Group.objects.get(name=Role.DOCTOR).user_set.add(*staff)
    WorkingHours.objects.bulk_create(
        WorkingHours(practitioner=person, weekday=weekday, starts=dt.time(8), ends=dt.time(16))
        for person in staff
        for weekday in range(1, 6)
    )
    rooms = Room.objects.bulk_create(Room(name=f"Treatment room {n:02}") for n in range(1, PRACTITIONERS + 1))
    busy = Resource.objects.bulk_create([Resource(practitioner=person) for person in staff])
    places = Resource.objects.bulk_create([Resource(room=room) for room in rooms])
    return {
        "staff": [person.pk for person in staff],
        "rooms": [room.pk for room in rooms],
        "busy": [resource.pk for resource in busy],
        "places": [resource.pk for resource in places],
        "resource0": places[-1].pk,
        "at": at,
    }


# What they told, and the verdict


def _kinds(cursor, facts: dict[str, Any]) -> None:
    """A row for each kind of patient with the interview and the screening that the rules give it."""
    rule_set, compiled = screening.rules_in_force()
    plan = _plan()
    told = {sex: _interview(sex, timezone.localdate(facts["at"])) for sex in ("female", "male")}
    facts["rule_set"] = rule_set.pk
    cursor.execute(bulk_sql.KINDS)
    for number in range(KINDS_OF_PATIENT):
        patient = _kind(number)
        interview = told[patient.sex]
        screened = screening.evaluate_facts(
            patient,
            interview,
            None,
            plan,
            rule_set=rule_set,
            compiled=compiled,
            day=timezone.localdate(facts["at"]),
        )
        values = [
            interview.answers,
            interview.allergies,
            *(screened.stored[k] for k in ("facts", "plan", "result")),
            dict(screened.digests),
        ]
        cursor.execute(
            bulk_sql.ADD_KIND,
            [
                number,
                patient.birth_date,
                patient.sex,
                *map(json.dumps, values),
                screened.verdict,
                screened.digest,
            ],
        )


def _kind(number: int) -> Patient:
    """Three women to one man, 20 to 70 years old, each kind with another birthday."""
    born = dt.date(1956, 1, 1) + dt.timedelta(days=number * 45)
    return Patient(birth_date=born, sex="male" if number % 4 == 3 else "female")


def _plan() -> rules.Plan:
    return rules_plan(
        technique=Technique.objects.get(code="needle_syringe"),
        area=Area.objects.get(code="face"),
        goal=Goal.objects.get(code="wrinkles"),
        ingredients=Ingredient.objects.filter(code="hyaluronic_acid"),
    )


def _interview(sex: str, day: dt.date) -> Interview:
    """Everything asked, everything "no", no allergy known."""
    said = {"state": "no", "on": day.isoformat()}
    answers = {fact.code: said for fact in questions(Patient(sex=sex))}
    return Interview(answers=answers, allergies={"substances": [], "texts": [], "on": day.isoformat()})


# The database's side


@contextmanager
def _triggers_off(cursor) -> Iterator[None]:
    """No history and no row-by-row checks of foreign keys during the load, where this role may switch them off.

    Otherwise only the tables' own triggers are off, and foreign keys are checked: slower, as right.
    """
    if _may_switch_off(cursor):
        cursor.execute("SET LOCAL session_replication_role = replica")
        yield
        cursor.execute("SET LOCAL session_replication_role = origin")
        return
    tables = [model._meta.db_table for model in FILLED]
    for table in tables:
        cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER USER')
    yield
    for table in tables:
        cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER USER')


def _may_switch_off(cursor) -> bool:
    cursor.execute("SELECT has_parameter_privilege(current_user, 'session_replication_role', 'SET')")
    return cursor.fetchone()[0]


@contextmanager
def _rebuilt(tell: Tell) -> Iterator[None]:
    """Without the constraint on double booking and the search index while rows come in; built at once afterwards."""
    double_booking = next(c for c in Reservation._meta.constraints if "double" in c.name)
    by_parts = next(index for index in Patient._meta.indexes if "parts" in index.name)
    with connection.schema_editor(atomic=False) as editor:
        editor.remove_constraint(Reservation, double_booking)
        editor.remove_index(Patient, by_parts)
        yield
        with _told(tell, "index of the patients' search"):
            editor.add_index(Patient, by_parts)
        with _told(tell, "constraint on double booking"):
            editor.add_constraint(Reservation, double_booking)


def _take_stock(tell: Tell) -> None:
    """Statistics for the planner and, outside a transaction, the map that spares index scans the table."""
    with _told(tell, "statistics"), connection.cursor() as cursor:
        if connection.in_atomic_block:
            cursor.execute("ANALYZE")
            return
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")


@contextmanager
def _told(tell: Tell, title: str) -> Iterator[None]:
    """A line that says what was done and how long it took."""
    began = time.monotonic()
    yield
    tell(f"  {title}: {time.monotonic() - began:.1f} s")
