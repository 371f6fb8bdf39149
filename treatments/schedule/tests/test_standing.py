"""A session that may no longer take place is held, and when the reason goes the hold goes."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from conftest import NOW
from contraindications.actions import decide, publish_rule_set
from contraindications.models import RuleSet, Screening
from contraindications.rules import SHIPPED_SETTINGS
from contraindications.tests import documented
from contraindications.tests.factories import published
from patients.actions import edit_patient
from patients.models import Patient
from patients.tests.factories import interview
from treatments.catalogue.models import Product
from treatments.courses.models import Check, Course
from treatments.courses.rescreening import rescreen_courses
from treatments.courses.tests.factories import cleared_patient
from treatments.schedule import actions
from treatments.schedule.models import Session, Standing
from treatments.schedule.rules import Stage, stage
from treatments.schedule.tests.factories import booked, confirmed_course, room, working_hours
from treatments.visits.actions import perform
from treatments.visits.tests.factories import checked_in


@pytest.fixture
def course(doctor):
    return confirmed_course(by=doctor)


@pytest.fixture
def sessions(course, doctor):
    working_hours(doctor)
    return booked(course, room(), practitioner=doctor)


def held() -> list[int]:
    """The numbers of the sessions that are held."""
    return sorted(Session.objects.with_held().filter(held=True).values_list("number", flat=True))


def only(stage_wanted) -> bool:
    return set(Standing.objects.values_list("stage", flat=True)) == {stage_wanted}


# The rule


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param({}, Stage.FREE, id="nothing in the way"),
        pytest.param({"open_effects": ["caution"]}, Stage.FREE, id="a caution is for the day itself"),
        pytest.param({"open_effects": ["hold", "caution"]}, Stage.HOLD, id="a doctor has not decided"),
        pytest.param({"open_effects": ["hold"], "unsaid": ["herpes"]}, Stage.UNSAID, id="not answered"),
        pytest.param({"refused": True, "unsaid": ["herpes"]}, Stage.REFUSED, id="decided against"),
        pytest.param({"open_effects": ["stop"], "refused": True}, Stage.STOP, id="a stop is the gravest"),
    ],
)
def test_the_gravest_holds_a_session_up(found, expected):
    assert stage(**{"open_effects": [], "refused": False, "unsaid": [], **found}) == expected


# Booking


def test_booked_sessions_stand_free_on_the_screening_of_the_plan(course, sessions):
    assert held() == []
    course.refresh_from_db()
    assert set(Standing.objects.values_list("screening", flat=True)) == {course.screening_id}
    assert Standing.objects.count() == len(sessions) == 5


def test_a_birthday_within_the_course_holds_the_sessions_before_it(doctor, at):
    """Of age on 9 January: whoever is 17 today is held until then. Seen in advance, nothing has to happen."""
    working_hours(doctor)
    course = confirmed_course(by=doctor)
    booked(course, room(), practitioner=doctor)  # 24 November to 16 February, every 21 days
    young = dt.date(2009, 1, 9)
    edit(course.patient, doctor, at, birth_date=young)
    assert held() == [1, 2, 3]
    assert timezone.localdate(Session.objects.get(number=4).starts_at) > dt.date(2027, 1, 9)


def test_an_answer_too_old_by_then_is_asked_at_check_in_and_holds_nothing(doctor):
    working_hours(doctor)
    course = confirmed_course(by=doctor)
    last = booked(course, room(), practitioner=doctor, every=35)[-1]
    assert (timezone.localdate(last.starts_at) - dt.date(2026, 11, 23)).days > 90
    assert held() == []


# Each cause, both ways


def test_facts_hold_and_free(course, sessions, doctor):
    interview(course.patient, by=doctor, answers={"pregnancy": "current"})
    assert held() == [1, 2, 3, 4, 5]
    assert only("stop")
    assert set(Standing.objects.values_list("cause", flat=True)) == {"facts"}
    interview(course.patient, by=doctor)
    assert held() == []


def test_an_allergy_holds_and_goes(course, sessions, doctor):
    interview(course.patient, by=doctor, allergies=["hyaluronic_acid"])
    assert held() == [1, 2, 3, 4, 5]
    interview(course.patient, by=doctor, allergies=())
    assert held() == []


def test_an_unsure_answer_holds_and_goes(course, sessions, doctor):
    interview(course.patient, by=doctor, answers={"epilepsy": "unsure"})
    assert held() == [1, 2, 3, 4, 5]
    assert only("unsaid")
    interview(course.patient, by=doctor)
    assert held() == []


def test_what_ended_holds_only_the_sessions_within_the_look_back(course, sessions, doctor, day):
    """Recent for 30 days: which sessions that concerns is seen in advance."""
    ended = {"state": "ended", "until": (day - dt.timedelta(days=20)).isoformat()}
    interview(course.patient, by=doctor, answers={"nsaid": ended})
    assert held() == [1]


def test_a_hold_goes_with_the_doctors_decision_and_comes_back_with_the_next(course, sessions, doctor, at):
    interview(course.patient, by=doctor, answers={"corticosteroid": "current"})
    assert only("hold")
    assert held() == [1, 2, 3, 4, 5]
    answer(course, doctor, at, goes_ahead=True)
    assert held() == []
    answer(course, doctor, at + dt.timedelta(hours=1), goes_ahead=False)
    assert held() == [1, 2, 3, 4, 5]
    assert only("refused")
    assert set(Standing.objects.values_list("cause", flat=True)) == {"decision"}


def test_publishing_holds_all_until_they_are_reached(course, sessions, doctor, at):
    published(by=None, at=at)
    assert held() == [1, 2, 3, 4, 5]
    assert Session.objects.with_held().filter(unchecked=True).count() == 5
    rescreen_courses(Course.objects.all(), cause="rules", by=None, at=at)
    assert held() == []
    assert not Session.objects.with_held().filter(unchecked=True).exists()


def test_a_new_rule_holds_and_its_correction_frees(course, sessions, at):
    publish(settings={**SHIPPED_SETTINGS, "minimum_age": 60})
    rescreen_courses(Course.objects.all(), cause="rules", by=None, at=at)
    assert held() == [1, 2, 3, 4, 5]
    assert only("stop")
    publish_rule_set(content=RuleSet.objects.get(version=1).content, by=None, at=at)
    rescreen_courses(Course.objects.all(), cause="rules", by=None, at=at)
    assert held() == []


# What it leaves behind


def test_nothing_is_stored_where_the_outcome_is_the_same(course, sessions, doctor, at):
    before = Screening.objects.count()
    interview(course.patient, by=doctor, answers={"diabetes_type1": "no"})
    published(at=at)
    rescreen_courses(Course.objects.all(), cause="rules", by=None, at=at)
    assert Screening.objects.count() == before
    assert Check.objects.get().rule_set == RuleSet.objects.in_force()


def test_sessions_with_the_same_outcome_share_a_screening(course, sessions, doctor):
    before = Screening.objects.count()
    interview(course.patient, by=doctor, answers={"pregnancy": "current"})
    # The plan's own, which the early sessions share, and the one in which the answers are too old by then.
    assert Screening.objects.count() - before <= 2
    assert Standing.objects.filter(screening__verdict="stop").count() == 5


def test_a_cancelled_session_has_no_standing(sessions, doctor, at):
    row = Session.objects.get(pk=sessions[0].pk)
    actions.cancel_session(row, reason="ill", version=row.version, by=doctor, at=at)
    assert not Standing.objects.filter(session=row).exists()
    assert not Session.objects.with_held().get(pk=row.pk).held


def test_a_performed_session_has_no_standing(sessions, doctor):
    row = sessions[0]
    checked_in(row, by=doctor)
    perform(row, note="", by=doctor, at=row.starts_at)
    assert not Standing.objects.filter(session=row).exists()
    assert not Session.objects.with_held().get(pk=row.pk).held


def test_a_session_without_a_standing_is_held(sessions):
    Standing.objects.filter(session=sessions[1]).delete()
    assert held() == [2]


def test_a_session_of_a_course_that_was_never_checked_is_held(sessions):
    Check.objects.all().delete()
    assert held() == [1, 2, 3, 4, 5]


def test_what_cannot_be_screened_is_held(course, sessions, at):
    course.products.add(Product.objects.create(code="mystery", label="Mystery", citations=["own"]))
    rescreen_courses(Course.objects.all(), cause="composition", by=None, at=at)
    assert held() == [1, 2, 3, 4, 5]
    assert only("unreadable")
    assert set(Standing.objects.values_list("screening", flat=True)) == {
        None
    }  # none says so: not the old, clear one


def test_a_moved_session_stands_on_its_new_day(course, sessions, doctor, at):
    """From 14 December on the patient is too old for a list of this test; the second session was on the 15th."""
    too_old = {"age_from": 38, "match": "direct"}
    publish(items=[*documented.content()["items"], {**ITEM, "when": [too_old]}])
    edit(course.patient, doctor, at, birth_date=dt.date(1988, 12, 14))
    assert held() == [2, 3, 4, 5]
    row = Session.objects.get(number=2)
    actions.move_session(
        row,
        starts_at=row.starts_at - dt.timedelta(days=4),
        practitioner=doctor,
        room=row.room,
        version=row.version,
        by=doctor,
        at=at,
    )
    assert held() == [3, 4, 5]


# More of it


def test_more_sessions_ask_no_more_queries(doctor, at):
    working_hours(doctor)
    who = cleared_patient(by=doctor)
    place = room()

    def queries(answers) -> int:
        with CaptureQueriesContext(connection) as asked:
            interview(who, by=doctor, answers=answers)
        return len(asked)

    booked(confirmed_course(by=doctor, patient=who, sessions=2), place, practitioner=doctor)
    few = queries({"pregnancy": "current"})
    interview(who, by=doctor)
    booked(confirmed_course(by=doctor, patient=who, sessions=5), place, practitioner=doctor, hour=14)
    assert queries({"pregnancy": "current"}) == few
    assert Session.objects.with_held().filter(held=True).count() == 7


# Helpers

ITEM = {"id": "X-1", "source": "CP", "locator": "here", "item": "too old", "strength": "policy_stop"}


def publish(**changes) -> None:
    publish_rule_set(content=documented.content(**changes), by=None, at=NOW)


def edit(row: Patient, by, at, **changed) -> None:
    names = ["name", "called", "birth_date", "sex", "phone", "email", "note", "reminders"]
    fields = {name: getattr(row, name) for name in names} | changed
    edit_patient(row, fields=fields, version=row.version, by=by, at=at)


def answer(course, doctor, at, *, goes_ahead) -> None:
    """Decide on everything that waits for a doctor."""
    screening = Course.objects.get(pk=course.pk).screening
    items = [f["item"] for f in screening.result["findings"] if f["effect"] == "hold"]
    decide(
        screening,
        kind="decide",
        goes_ahead=goes_ahead,
        items=items,
        reason="examined",
        text="Seen",
        by=doctor,
        at=at,
    )
