"""Over random facts, plans and edits: exactly the sessions that may no longer take place are held, and only those."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.tests.thorough import examples
from contraindications.actions import publish_rule_set
from contraindications.clearance import clearance
from contraindications.models import Decision
from contraindications.rules import SHIPPED_SETTINGS
from contraindications.screening import evaluate
from contraindications.tests import documented
from contraindications.tests.factories import published
from patients.models import HealthFact, Patient
from patients.tests.factories import interview
from treatments.catalogue.composition import watched
from treatments.catalogue.models import Ingredient, Product
from treatments.courses.catching_up import catch_up
from treatments.courses.models import Course
from treatments.courses.plans import plan_of
from treatments.courses.tests.factories import cleared_patient
from treatments.courses.tests.factories import course as make
from treatments.schedule.models import Session
from treatments.schedule.tests.factories import booked, room, working_hours
from treatments.schedule.tests.test_standing import answer, edit

FACTS = [
    "pregnancy",
    "nsaid",
    "aspirin",
    "herpes",
    "epilepsy",
    "urticaria",
    "corticosteroid",
    "anaemia",
    "eczema",
]
SUBSTANCES = ["hyaluronic_acid", "vitamin_c", "zinc", "anaesthetic_cream"]
NOW = dt.datetime(2026, 11, 23, 9, 30, tzinfo=timezone.get_default_timezone())

states = st.one_of(
    st.sampled_from(["current", "no", "unsure"]),
    st.integers(0, 120).map(
        lambda days: {"state": "ended", "until": (NOW.date() - dt.timedelta(days=days)).isoformat()}
    ),
)
told = st.fixed_dictionaries(
    {
        "answers": st.dictionaries(st.sampled_from(FACTS), states, max_size=3),
        "allergies": st.lists(st.sampled_from([*SUBSTANCES, "latex gloves"]), max_size=2, unique=True),
    }
)
edits = st.one_of(
    st.tuples(st.just("facts"), st.integers(0, 2), told),
    st.tuples(st.just("birth"), st.integers(0, 2), st.dates(dt.date(2008, 10, 1), dt.date(2009, 2, 20))),
    st.tuples(st.just("decide"), st.integers(0, 2), st.booleans()),
    st.tuples(
        st.just("product"), st.just(0), st.lists(st.sampled_from(SUBSTANCES[:3]), min_size=1, unique=True)
    ),
    st.tuples(st.just("rules"), st.just(0), st.integers(14, 40)),
)


def bare_held(session: Session) -> bool:
    """The brute force: this session alone, screened by the rules on its own day, as docs/rules.md has it."""
    patient, day = session.course.patient, timezone.localdate(session.starts_at)
    evaluation = evaluate(Patient.objects.get(pk=patient.pk), plan_of(session.course), day=day)
    cleared = clearance(evaluation, Decision.objects.of(patient), tentative=False)
    open_effects = {one.effect for one in cleared.missing}
    refused = any(not decision.goes_ahead for decision in cleared.decided.values())
    facts = evaluation.patient_facts
    asked = HealthFact.objects.all()
    unsaid = facts.allergies is None or any(
        code.code not in facts.answers or facts.answers[code.code].state == "unsure"
        for code in asked
        if not code.asked_of or facts.sex in code.asked_of
    )
    return bool(open_effects & {"stop", "hold"}) or refused or unsaid


@pytest.fixture
def courses(doctor):
    """Three patients, one with a ready-made product, three sessions each, five weeks apart."""
    working_hours(doctor)
    product = Product.objects.create(code="glow", label="Glow", citations=["own"])
    product.ingredients.set(Ingredient.objects.filter(code="vitamin_c"))
    plans = [
        {"ingredients": ["hyaluronic_acid"], "procedure_substances": ["anaesthetic_cream"]},
        {"ingredients": [], "products": (product,)},
        {"ingredients": ["zinc"]},
    ]
    made = [make(by=doctor, patient=cleared_patient(by=doctor), sessions=3, **plan) for plan in plans]
    for hour, row in zip((9, 12, 15), made, strict=True):
        booked(row, room(f"Room {hour}"), practitioner=doctor, hour=hour, every=35)
    return made


def apply(edit_, courses, doctor, at):
    kind, which, what = edit_
    course = Course.objects.get(pk=courses[which].pk)
    if kind == "facts":
        interview(course.patient, by=doctor, at=at, **what)
    elif kind == "birth":
        edit(Patient.objects.get(pk=course.patient_id), doctor, at, birth_date=what)
    elif kind == "decide":
        if any(f["effect"] == "hold" for f in course.screening.result["findings"]):
            answer(course, doctor, at, goes_ahead=what)
    elif kind == "product":
        with watched(at=at):
            Product.objects.get(code="glow").ingredients.set(Ingredient.objects.filter(code__in=what))
    else:
        content = documented.content(settings={**SHIPPED_SETTINGS, "minimum_age": what})
        publish_rule_set(content=content, by=None, at=at)
        assert all(session.held for session in Session.objects.booked().with_held())
        for _courses in catch_up(at=at):
            pass


@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(changes=st.lists(edits, min_size=1, max_size=4))
def test_exactly_the_sessions_that_may_not_take_place_are_held(courses, doctor, changes):
    for number, change in enumerate(changes):
        apply(change, courses, doctor, NOW + dt.timedelta(minutes=number))
        for session in Session.objects.booked().with_held().select_related("course"):
            assert session.held is bare_held(session), (change, session.number)


def test_the_queries_of_a_run_are_the_same_for_two_sessions_and_for_many(doctor, at):
    working_hours(doctor)

    def queries():
        published(at=at)
        with CaptureQueriesContext(connection) as asked:
            done = sum(catch_up(at=at))
        return done, len(asked)

    booked(make(by=doctor, sessions=2), room(), practitioner=doctor)
    few = queries()
    for hour in (11, 12, 13, 14):
        booked(
            make(by=doctor, sessions=10, technique="needle_syringe"),
            room(f"R{hour}"),
            practitioner=doctor,
            hour=hour,
        )
    many = queries()
    assert (few[0], many[0]) == (1, 5)
    assert few[1] == many[1]
