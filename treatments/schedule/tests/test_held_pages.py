"""Who sees that a session is held, and who sees why."""

import dataclasses
import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import AccessLog
from contraindications.actions import decide
from contraindications.deciding import worklist
from contraindications.deciding.asking import ask
from contraindications.models import RuleSet
from contraindications.tests import documented
from contraindications.tests.factories import published
from patients.tests.factories import interview
from treatments.courses.models import Course
from treatments.courses.tests.factories import cleared_patient
from treatments.schedule.forms import slot_value
from treatments.schedule.held import WHO
from treatments.schedule.models import Standing
from treatments.schedule.rules import Stage
from treatments.schedule.tests.factories import booked, confirmed_course, room, slots, working_hours

pytestmark = pytest.mark.usefixtures("on_the_day")
WHY = ("Contraindicated", "patient told us", "pregnan", "/screening/")


@pytest.fixture
def sessions(doctor):
    working_hours(doctor)
    return booked(confirmed_course(by=doctor), room(), practitioner=doctor)


@pytest.fixture
def held(sessions, doctor):
    interview(sessions[0].course.patient, by=doctor, answers={"pregnancy": "current"})
    return sessions[0]


def pages(session):
    day = f"/schedule/?day={session.starts_at:%Y-%m-%d}"
    return [
        f"/schedule/sessions/{session.pk}/",
        day,
        f"{day}&by=room",
        f"/patients/{session.course.patient_id}/",
    ]


def test_the_front_desk_sees_held_and_never_why(as_, front_desk, held):
    for page in pages(held):
        said = as_(front_desk).get(page).content.decode()
        assert "Held" in said, page
        assert not [word for word in WHY if word in said], page


def test_clinical_staff_see_why(as_, nurse, held):
    said = as_(nurse).get(pages(held)[0]).content.decode()
    assert "Contraindicated on its day" in said
    assert "What the patient told us has changed." in said
    assert f"/screening/{Standing.objects.get(session=held).screening_id}/" in said


def test_nothing_says_held_where_nothing_is(as_, front_desk, sessions):
    for page in pages(sessions[0]):
        assert ">Held<" not in as_(front_desk).get(page).content.decode(), page


def test_a_session_that_was_not_reached_says_so(as_, nurse, sessions):
    published()
    said = as_(nurse).get(pages(sessions[0])[0]).content.decode()
    assert "not been checked against the lists in force yet" in said


def test_the_day_with_held_sessions_asks_no_more_queries(as_, nurse, held):
    browser = as_(nurse)

    def queries(page):
        with CaptureQueriesContext(connection) as asked:
            browser.get(page)
        return len(asked)

    page = pages(held)[1]
    queries(page)
    before = queries(page)
    Standing.objects.all().delete()
    assert queries(page) == before


# The worklist


def test_the_worklist_has_one_line_a_course_with_why_and_by_when(as_, doctor, held):
    said = as_(doctor).get("/screening/").content.decode()
    assert "Sessions that may not take place" in said
    assert said.count("5 sessions held") == 1
    assert "Contraindicated on its day" in said
    assert "What the patient told us has changed." in said
    assert "24 November" in said
    assert "Whoever treats: change the plan" in said
    assert "There may be more" not in said
    assert AccessLog.objects.filter(actor_id=doctor.pk, patient_id=held.course.patient_id).exists()


def test_a_worklist_that_is_cut_says_so(as_, doctor, held, monkeypatch):
    monkeypatch.setattr(worklist, "LONGEST", 1)
    assert "These are the 1 most urgent. There may be more" in as_(doctor).get("/screening/").text


@pytest.mark.parametrize("stage", [stage for stage in Stage if stage != Stage.FREE])
def test_of_everything_held_it_is_said_whose_turn_it_is(stage):
    assert WHO[stage]


def test_what_a_doctor_can_decide_stands_once_among_the_decisions(as_, doctor, sessions):
    interview(sessions[0].course.patient, by=doctor, answers={"corticosteroid": "current"})
    said = as_(doctor).get("/screening/").content.decode()
    assert said.count("Decide before Tuesday 24 November") == 1
    assert "5 sessions are held" in said
    assert "Sessions that may not take place" not in said
    assert len(worklist.waiting()) == 1


def test_a_stop_that_a_nurse_asks_about_is_decided_and_frees_the_sessions(as_, doctor, nurse, sessions, at):
    interview(sessions[0].course.patient, by=doctor, answers={"nsaid": "current"})
    assert worklist.waiting() == []
    screening = Course.objects.get().screening
    ask(screening, by=nurse, at=at)

    (line,) = worklist.waiting()
    assert (line.candidate.by_when, line.candidate.how_many) == (sessions[0].starts_at, 5)
    decide(
        line.screening,
        kind="release",
        goes_ahead=True,
        items=line.items,
        reason="clarified",
        text="One tablet.",
        by=doctor,
        at=at,
    )
    assert worklist.waiting() == []
    assert not Standing.objects.filter(held=True).exists()


def test_what_was_not_reached_is_counted_and_not_listed(as_, doctor, sessions):
    published()
    said = as_(doctor).get("/screening/").content.decode()
    assert "Sessions that may not take place" not in said
    assert "/schedule/rescreening/" in said
    counted = as_(doctor).get("/schedule/rescreening/").content.decode()
    assert "5 sessions are held until they are checked" in counted
    assert "0 of 1 plans are done" in counted


# How far the run has come


def test_progress_asks_again_only_while_something_is_left(as_, catalogue_admin, sessions, doctor):
    browser = as_(catalogue_admin)
    done = browser.get("/schedule/rescreening/", headers={"HX-Request": "true"}).content.decode()
    assert "All plans and sessions are checked against rule set 1." in done
    assert "every 2s" not in done
    published()
    left = browser.get("/schedule/rescreening/", headers={"HX-Request": "true"}).content.decode()
    assert "every 2s" in left
    assert "X-Background" in left
    assert "<html" not in left


def test_progress_is_not_for_the_front_desk_and_never_posted(as_, front_desk, nurse):
    assert as_(front_desk).get("/schedule/rescreening/").status_code == 403
    assert as_(nurse).post("/schedule/rescreening/").status_code == 405


def test_without_lists_everything_is_held(as_, nurse, sessions, monkeypatch):
    monkeypatch.setattr(RuleSet.objects.all().__class__, "in_force", lambda self: None)
    assert "everything is held" in as_(nurse).get("/schedule/rescreening/").content.decode()


def test_booking_says_how_many_are_held(as_, front_desk, doctor):
    """A list that nobody may be treated by from the age of 38 on; the birthday is the day before the second session."""
    working_hours(doctor)
    who = cleared_patient(by=doctor, birth_date=dt.date(1988, 12, 14))
    too_old = {"id": "X-1", "source": "CP", "locator": "here", "item": "too old", "strength": "policy_stop"}
    rows = [{"age_from": 38, "match": "direct"}]
    published(items=[*documented.content()["items"], {**too_old, "when": rows}])
    course, place = confirmed_course(by=doctor, patient=who), room()
    with_her = (dataclasses.replace(one, practitioner=doctor.pk) for one in slots(course, place))
    chosen = {f"slot-{one.number}": slot_value(one) for one in with_her}
    wish = {"practitioner": doctor.pk, "earliest": "2026-11-24", "key": str(uuid4())}
    said = as_(front_desk).post(f"/schedule/courses/{course.pk}/book/", {**chosen, **wish}, follow=True)
    assert "4 of 5 sessions are held until a doctor or nurse has looked at them." in said.content.decode()


def test_the_plan_says_what_is_booked_and_held_and_offers_no_booking_of_what_is_booked(as_, nurse, held):
    said = as_(nurse).get(held.course.get_absolute_url()).content.decode()
    assert f"{held.course.sessions_planned} sessions to come" in said
    assert f"{held.course.sessions_planned} held" in said
    assert "Book the sessions" not in said


def test_the_plan_counts_its_sessions_in_as_many_queries_however_many(as_, doctor):
    working_hours(doctor)

    def queries(sessions, hour):
        row = confirmed_course(by=doctor, sessions=sessions)
        booked(row, room(f"Room {sessions}"), practitioner=doctor, hour=hour)
        with CaptureQueriesContext(connection) as captured:
            as_(doctor).get(row.get_absolute_url())
        return len(captured)

    queries(2, hour=8)
    assert queries(3, hour=12) == queries(6, hour=15)
