"""The pages of the calendar: each works, and each refuses the wrong person, role, method and id."""

import datetime as dt
import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AccessLog, Room, RoomHours
from conftest import NOW
from patients.tests.factories import interview
from treatments.catalogue.models import Technique
from treatments.courses import actions as courses
from treatments.courses.tests.factories import cleared_patient
from treatments.courses.tests.factories import course as new_course
from treatments.schedule import actions
from treatments.schedule.away.absences import days_span
from treatments.schedule.forms import read_slot, slot_value
from treatments.schedule.models import Ability, Reservation, Resource, Session
from treatments.schedule.resources import resource_of
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away
from treatments.schedule.tests.test_actions import raw

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
DAY = dt.timedelta(days=1)
CANARY = "canary-of-the-plan"


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def course(doctor, room):
    factories.working_hours(doctor)
    return factories.confirmed_course(by=doctor)


@pytest.fixture
def sessions(course, room, doctor):
    return factories.booked(course, room, practitioner=doctor)


def book_url(course):
    return reverse("schedule:book", args=[course.pk])


def posted(page, **changes):
    """The fields of the form that books, as the page has them."""
    form = re.search(r'<form method="post" action="/schedule.*?</form>', page.content.decode(), re.S)[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    return {**fields, **changes}


def best(page):
    """The first of the proposals."""
    return page.context["proposals"][0][0]


# Book


def test_page_proposes_a_time_for_every_session(as_, doctor, course):
    page = as_(doctor).get(book_url(course))
    rows = best(page).rows
    assert page.status_code == 200
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert [row.days for row in rows] == [None, 21, 21, 21, 21]
    assert rows[0].starts_at == NOW
    assert AccessLog.objects.filter(view="schedule:book", patient_id=course.patient_id).exists()


def test_looking_for_times_writes_nothing(as_, front_desk, course):
    before = Resource.objects.count()
    page = as_(front_desk).get(book_url(course))
    assert len(best(page).rows) == 5
    assert Resource.objects.count() == before


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk"])
def test_everybody_who_books_books_what_is_proposed(as_, request, course, who):
    browser = as_(request.getfixturevalue(who))
    answer = browser.post(book_url(course), posted(browser.get(book_url(course))))
    assert answer.status_code == 302
    assert answer["Location"] == course.patient.get_absolute_url()
    assert Session.objects.booked().count() == 5


def test_posting_the_form_twice_books_once_and_answers_the_same(as_, doctor, course):
    browser = as_(doctor)
    form = posted(browser.get(book_url(course)))
    answers = [browser.post(book_url(course), form) for _ in range(2)]
    assert {answer.status_code for answer in answers} == {302}
    assert Session.objects.count() == 5


def test_a_double_click_is_told_once_and_the_second_answer_hides_no_first_one(as_, doctor, course):
    browser, done = as_(doctor), "All sessions of the course are booked."
    form = posted(browser.get(book_url(course)))
    for _press in range(2):
        browser.post(book_url(course), form)
    assert browser.get(course.patient.get_absolute_url()).text.count(done) == 1
    assert done not in browser.get(course.patient.get_absolute_url()).text
    assert done in browser.post(book_url(course), form, follow=True).text  # pressed when the first was read
    browser.post(book_url(course), form)
    actions.cancel_session(Session.objects.get(number=3), reason="ill", version=1, by=doctor, at=NOW)
    page = browser.post(book_url(course), form, follow=True).text
    assert done in page
    assert "A session was cancelled since" in page


def test_the_same_form_after_a_cancellation_says_what_is_missing(as_, doctor, course):
    browser = as_(doctor)
    form = posted(browser.get(book_url(course)))
    browser.post(book_url(course), form)
    actions.cancel_session(Session.objects.get(number=3), reason="ill", version=1, by=doctor, at=NOW)
    page = browser.post(book_url(course), form, follow=True).content.decode()
    assert "A session was cancelled since" in page
    assert Session.objects.booked().count() == 4


def test_the_verdict_behind_a_refusal_is_kept_for_those_who_decide(as_, front_desk, course, time_machine):
    browser = as_(front_desk)
    form = posted(browser.get(book_url(course)))
    time_machine.move_to(NOW + 91 * DAY, tick=False)
    answer = as_(front_desk).post(book_url(course), form | {"earliest": str((NOW + 91 * DAY).date())})
    course.refresh_from_db()
    assert (answer.status_code, course.screening.verdict) == (409, "incomplete")
    assert not Session.objects.exists()


def test_taken_times_are_said_and_new_ones_proposed(as_, doctor, course, room):
    browser = as_(doctor)
    form = posted(browser.get(book_url(course)))
    slot = read_slot(2, form["slot-2"])
    raw(resource_of(doctor), slot.starts_at, slot.starts_at + dt.timedelta(hours=1))
    answer = browser.post(book_url(course), form)
    assert answer.status_code == 409
    assert "session 2 has just been taken" in answer.content.decode()
    assert not Session.objects.exists()
    again = posted(answer)
    assert again["slot-2"] != form["slot-2"]
    assert {k: v for k, v in again.items() if k in ("slot-1", "slot-3")} == {
        k: v for k, v in form.items() if k in ("slot-1", "slot-3")
    }
    assert browser.post(book_url(course), again).status_code == 302


def test_another_time_can_be_chosen_for_one_session(as_, doctor, course):
    browser = as_(doctor)
    form = posted(browser.get(book_url(course)))
    page = browser.get(book_url(course), {**form, "choose": "3"})
    offered = [choice for day in page.context["days"] for choice in day.choices]
    assert {day.day.isoformat() for day in page.context["days"]} == {"2027-01-03", "2027-01-04", "2027-01-05"}
    later = next(choice for choice in offered if not choice.chosen)
    page = browser.get(book_url(course), {**form, "slot-3": later.value})
    assert posted(page)["slot-3"] == later.value
    assert posted(page)["slot-4"] == form["slot-4"]
    assert browser.post(book_url(course), posted(page)).status_code == 302
    assert Session.objects.get(number=3).starts_at == later.slot.starts_at


def test_doctor_chooses_a_time_outside_the_interval_and_gives_a_reason(as_, doctor, front_desk, course):
    browser = as_(doctor)
    form = posted(browser.get(book_url(course)))
    asked = {**form, "choose": "5", "day": "2027-03-30"}
    page = browser.get(book_url(course), asked)
    assert all(day.outside for day in page.context["days"])
    form["slot-5"] = page.context["days"][0].choices[0].value
    page = browser.get(book_url(course), form)
    assert page.context["proposal"].needs_reason
    assert browser.post(book_url(course), posted(page)).status_code == 422
    assert browser.post(book_url(course), posted(page, interval_reason="abroad")).status_code == 302
    assert Session.objects.get(number=5).interval_reason == "abroad"


def test_nobody_else_is_offered_times_outside_the_interval(as_, front_desk, course):
    browser = as_(front_desk)
    form = posted(browser.get(book_url(course)))
    page = browser.get(book_url(course), {**form, "choose": "5", "day": "2027-03-30"})
    assert page.context["days"] == []
    assert "a doctor can book them" in page.content.decode()


def test_what_is_lacking_is_said_in_words(as_, doctor, nurse, course):
    page = as_(doctor).get(book_url(course), {"practitioner": nurse.pk})
    assert "No time for session 1" in page.content.decode()
    assert "Natalia has no free time then" in page.content.decode()


def test_wishes_stay_in_the_page_and_in_its_form(as_, front_desk, doctor, course, room):
    asked = {"practitioner": "same", "weekdays": ["3", "4"], "not_before": "09:00", "over_by": "15:00"}
    page = as_(front_desk).get(book_url(course), {**asked, "room": room.pk, "latest": "2027-06-01"})
    said = page.context["wished"]
    assert {("weekdays", "3"), ("weekdays", "4"), ("over_by", "15:00"), ("latest", "2027-06-01")} <= set(said)
    rows = [row for one, _slots, _query in page.context["proposals"] for row in one.rows]
    assert {row.starts_at.isoweekday() for row in rows} <= {3, 4}
    assert all(dt.time(9) <= row.starts_at.astimezone(NOW.tzinfo).time() for row in rows)
    assert all(row.ends_at.astimezone(NOW.tzinfo).time() <= dt.time(15) for row in rows)
    assert course.patient.name not in page.context["wishes_query"]


def test_what_would_help_is_an_address_without_that_wish(as_, doctor, nurse, course):
    page = as_(doctor).get(book_url(course), {"practitioner": nurse.pk, "weekdays": "2"})
    [(letting, query)] = page.context["lettings"]
    assert letting.said.startswith("With anybody who treats: from Tuesday 24 November")
    assert "practitioner=any" in query
    assert "weekdays=2" in query
    assert best(as_(doctor).get(query)).who == [str(doctor)]


def test_what_is_free_only_later_is_offered_with_the_same_wishes(as_, doctor, course, clinic_admin):
    away(doctor, *days_span(NOW.date(), NOW.date() + 40 * DAY), by=clinic_admin)
    page = as_(doctor).get(book_url(course), {"practitioner": doctor.pk, "weekdays": "2"})
    [(later, query)] = page.context["lettings"]
    assert later.said == f"With these wishes, but later: from Tuesday 5 January, 08:00, with {doctor}"
    assert "weekdays=2" in query
    assert best(as_(doctor).get(query)).first.day == "Tue 5 Jan"


@pytest.mark.parametrize(("who", "named"), [("doctor", True), ("front_desk", False)])
def test_for_want_of_a_room_the_treatment_is_named_to_clinical_staff_alone(
    as_, request, course, room, who, named
):
    RoomHours.objects.create(room=room, weekday=7, starts=dt.time(8), ends=dt.time(9))
    page = as_(request.getfixturevalue(who)).get(book_url(course), {"weekdays": "2"}).text
    said = f"no room for {course.technique} is free on a Tuesday then."
    assert (said in page) == named
    assert ("no room for this treatment is free on a Tuesday then." in page) != named


def test_a_treatment_that_is_done_in_no_room_is_told_so(as_, front_desk, course, room):
    other = Technique.objects.exclude(pk=course.technique_id).first()
    Ability.objects.create(room=room, technique=other)
    page = as_(front_desk).get(book_url(course)).text
    assert "no room is one in which this treatment is done" in page


def test_several_wishes_that_stand_in_the_way_together_are_said(as_, doctor, nurse, course):
    asked = {"practitioner": nurse.pk, "weekdays": "7"}
    page = as_(doctor).get(book_url(course), asked).content.decode()
    assert "No single wish is in the way, but several together." in page


def test_sessions_with_two_practitioners_are_booked_as_proposed(as_, front_desk, doctor, nurse, room):
    factories.working_hours(doctor, weekdays=(1, 2))
    factories.working_hours(nurse, weekdays=(3,))
    factories.nurses_alone()
    course = factories.confirmed_course(by=doctor, sessions=2)
    browser = as_(front_desk)
    form = posted(browser.get(book_url(course), {"practitioner": "any"}))
    other = re.sub(r"-\d+$", f"-{nurse.pk}", form["slot-2"])
    slot = read_slot(2, other)
    wednesday = slot_value(replace(slot, starts_at=slot.starts_at + 2 * DAY))
    assert browser.post(book_url(course), {**form, "slot-2": wednesday}).status_code == 302
    assert [one.practitioner for one in Session.objects.order_by("number")] == [doctor, nurse]


def test_somebody_who_may_not_treat_is_not_booked(as_, front_desk, course):
    browser = as_(front_desk)
    form = posted(browser.get(book_url(course)))
    form["slot-3"] = re.sub(r"-\d+$", f"-{front_desk.pk}", form["slot-3"])
    answer = browser.post(book_url(course), form)
    assert answer.status_code == 409
    assert "may not treat at present" in answer.content.decode()
    assert not Session.objects.exists()


def test_page_asks_as_many_questions_for_a_longer_course(as_, doctor, room):
    factories.working_hours(doctor)
    browser = as_(doctor)

    def questions(sessions):
        course = factories.confirmed_course(by=doctor, sessions=sessions)
        with CaptureQueriesContext(connection) as asked:
            browser.get(book_url(course))
        return len(asked)

    questions(1)  # the first answer asks once for all of the process, and makes the resources
    assert questions(2) == questions(6) <= 33


def test_htmx_gets_the_part_only(as_, doctor, course):
    page = as_(doctor).get(book_url(course), headers=HTMX)
    assert page.content.decode().strip().startswith('<div id="booking">')


@pytest.mark.parametrize(
    "query",
    [
        {"practitioner": "x"},
        {"practitioner": "9" * 30},
        {"earliest": "2020-01-01"},
        {"earliest": "9999-12-31"},
        {"earliest": "soon"},
        {"not_before": "never"},
        {"not_before": "14:00", "over_by": "13:00"},
        {"latest": "2020-01-01"},
        {"latest": "9999-12-31", "earliest": "soon"},
        {"weekdays": "8"},
        {"room": "x"},
        {"room": "9" * 30},
    ],
)
def test_wishes_that_are_none_are_422(as_, doctor, course, query):
    browser = as_(doctor)
    assert browser.get(book_url(course), query).status_code == 422
    # Back leads to no address that is refused again.
    assert browser.get(book_url(course), query, headers=HTMX)["HX-Push-Url"] == "false"


@pytest.mark.parametrize(
    "query",
    [
        {"slot-1": "x"},
        {"slot-1": "20269999T9999Z-1"},
        {"slot-1": "99991231T2359Z-1"},
        {"slot-1": "20261124T0900Z-999999999999999999"},
        {"slot-31": "20261124T0900Z-1"},
        {"choose": "99"},
        {"choose": "x"},
        {"choose": "²"},
        {"choose": "1", "day": "x"},
        {"choose": "1", "day": "2999-01-01"},
    ],
)
def test_made_up_times_are_left_out(as_, doctor, course, query):
    page = as_(doctor).get(book_url(course), query)
    assert page.status_code == 200
    assert page.context["proposal"].complete if "proposal" in page.context else best(page).complete


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"key": "x"}, 422),
        ({"slot-1": ""}, 422),
        ({"slot-1": "20261124T0901Z-{room}"}, 422),
        ({"slot-1": "20261124T0901Z-{room}-{doctor}"}, 422),
        ({"slot-1": "20261124T0900Z-{room}-999999999999999999"}, 409),
        ({"slot-2": "22001231T2359Z-0-{doctor}"}, 409),
        ({"interval_reason": "x" * 501}, 422),
        ({"interval_reason": "\x00"}, 400),
    ],
)
def test_broken_forms_book_nothing(as_, doctor, course, room, changes, status):
    browser = as_(doctor)
    changes = {
        name: value.replace("{room}", str(room.pk)).replace("{doctor}", str(doctor.pk))
        for name, value in changes.items()
    }
    form = posted(browser.get(book_url(course)), **changes)
    assert browser.post(book_url(course), form).status_code == status
    assert not Session.objects.exists()


def test_room_of_another_world_is_refused(as_, doctor, course, room):
    browser = as_(doctor)
    form = posted(browser.get(book_url(course)))
    Room.objects.update(active=False)
    assert browser.post(book_url(course), form).status_code == 409
    assert not Session.objects.exists()


def test_plan_that_is_not_confirmed_has_no_page(as_, doctor, front_desk):
    plan = new_course(by=doctor, confirmed=False)
    for person in (doctor, front_desk):
        assert as_(person).get(book_url(plan)).status_code == 404
        assert as_(person).post(book_url(plan)).status_code == 404


def test_course_given_up_offers_no_times(as_, doctor, course):
    courses.cancel(course, version=course.version, by=doctor, at=NOW)
    page = as_(doctor).get(book_url(course))
    assert "cannot be booked any more" in page.content.decode()


@pytest.mark.parametrize(
    ("answers", "word"),
    [({}, "Bookable"), ({"pregnancy": "current"}, "Not bookable"), ({"pregnancy": "unsure"}, "Held")],
)
def test_front_desk_reads_one_word(as_, front_desk, doctor, course, answers, word):
    interview(course.patient, by=doctor, answers=answers)
    page = as_(front_desk).get(book_url(course)).content.decode()
    assert f">{word}</span>" in page
    assert "pregnan" not in page.lower()


# A session


def test_session_page_shows_where_and_when(as_, front_desk, sessions):
    page = as_(front_desk).get(reverse("schedule:session", args=[sessions[0].pk])).content.decode()
    assert "Session 1 of 5" in page
    assert "10:00–11:15" in page


def test_clinical_staff_get_from_a_session_to_why_it_may_take_place(as_, doctor, front_desk, sessions):
    session = sessions[0]
    why = reverse("contraindications:why", args=[session.standing.screening_id])
    url = reverse("schedule:session", args=[session.pk])

    assert why in as_(doctor).get(url).content.decode()
    assert "/screening/" not in as_(front_desk).get(url).content.decode()


def test_the_next_session_stands_first_on_the_patients_page(as_, front_desk, sessions):
    page = as_(front_desk).get(sessions[0].course.patient.get_absolute_url())
    assert [session.number for session, _step in page.context["sessions"]] == [1, 2, 3, 4, 5]


def test_session_is_cancelled_for_a_reason(as_, front_desk, sessions):
    url = reverse("schedule:cancel", args=[sessions[0].pk])
    browser = as_(front_desk)
    assert browser.post(url, {"version": 1, "reason": " "}).status_code == 422
    assert browser.post(url, {"version": 9, "reason": "ill"}).status_code == 409
    assert browser.post(url, {"version": "x", "reason": "ill"}).status_code == 422
    assert Session.objects.booked().count() == 5
    assert browser.post(url, {"version": 1, "reason": "ill"}).status_code == 302
    assert Session.objects.booked().count() == 4
    assert browser.post(url, {"version": 1, "reason": "ill"}).status_code == 409


def test_missing_session_is_booked_on_the_same_page(as_, front_desk, sessions, doctor, course):
    actions.cancel_session(sessions[1], reason="ill", version=1, by=doctor, at=NOW)
    browser = as_(front_desk)
    page = browser.get(book_url(course))
    assert [row.number for row in best(page).rows if row.slot] == [2]
    assert browser.post(book_url(course), posted(page)).status_code == 302
    assert Session.objects.booked().count() == 5
    done = browser.get(book_url(course)).content.decode()
    assert "All sessions of this course are booked" in done
    assert "Propose times" not in done


def move_form(page):
    choices = [choice for day in page.context["days"] for choice in day.choices if not choice.chosen]
    return posted(page, to=choices[-1].value)


def test_session_moves_to_a_time_that_is_offered(as_, front_desk, sessions):
    url = reverse("schedule:move", args=[sessions[0].pk])
    browser = as_(front_desk)
    form = move_form(browser.get(url))
    assert browser.post(url, form).status_code == 302
    moved = Session.objects.get(pk=sessions[0].pk)
    assert slot_value(read_slot(1, form["to"])) == form["to"]
    assert moved.starts_at == read_slot(1, form["to"]).starts_at
    assert browser.post(url, form).status_code == 409


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"to": ""}, 422),
        ({"to": "20261124T0903Z-1"}, 422),
        ({"to": "20261124T0900Z-0"}, 422),
        ({"version": "9"}, 409),
        ({"version": "9" * 20}, 422),
    ],
)
def test_broken_moves_move_nothing(as_, front_desk, sessions, changes, status):
    url = reverse("schedule:move", args=[sessions[0].pk])
    browser = as_(front_desk)
    form = {**move_form(browser.get(url)), **changes}
    assert browser.post(url, form).status_code == status
    assert Session.objects.get(pk=sessions[0].pk).starts_at == sessions[0].starts_at


def test_moving_onto_a_time_just_taken_is_409(as_, front_desk, sessions, room):
    url = reverse("schedule:move", args=[sessions[0].pk])
    browser = as_(front_desk)
    form = move_form(browser.get(url))
    slot = read_slot(1, form["to"])
    raw(resource_of(room), slot.starts_at, slot.starts_at + DAY / 24)
    assert browser.post(url, form).status_code == 409
    assert Session.objects.get(pk=sessions[0].pk).version == 1


@pytest.mark.parametrize("query", [{"day": "2020-01-01"}, {"practitioner": "x"}, {"day": "9999-01-01"}])
def test_moving_to_days_that_cannot_be_is_422(as_, front_desk, sessions, query):
    assert as_(front_desk).get(reverse("schedule:move", args=[sessions[0].pk]), query).status_code == 422


# The patient's page


def test_panel_leads_on_to_booking_and_to_checking_in(as_, doctor, front_desk, course, room, time_machine):
    url = course.patient.get_absolute_url()
    assert "Book 5 sessions" in as_(front_desk).get(url).content.decode()
    session = factories.booked(course, room, practitioner=doctor)[0]
    time_machine.move_to(session.starts_at, tick=False)
    check_in = reverse("visits:check_in", args=[session.pk])
    assert check_in in as_(doctor).get(url).content.decode()
    assert check_in not in as_(front_desk).get(url).content.decode()


# Doors


def addresses(course, session):
    return [
        reverse("schedule:day") + "?day=2026-11-24",
        reverse("schedule:day") + "?day=2026-11-24&by=room",
        reverse("schedule:day") + "?day=2026-11-24&show=week",
        reverse("schedule:day") + "?day=2026-11-24&show=month",
        reverse("schedule:events") + "?start=2026-11-24&end=2026-11-25",
        book_url(course),
        book_url(course) + "?" + urlencode({"choose": 2}),
        reverse("schedule:session", args=[session.pk]),
        reverse("schedule:move", args=[session.pk]),
        course.patient.get_absolute_url(),
    ]


def test_front_desk_reads_nothing_of_the_plan(as_, front_desk, doctor, room):
    """A canary in every clinical text of the plan appears on no page of the front desk, and on the doctor's."""
    factories.working_hours(doctor)
    patient = cleared_patient(by=doctor)
    course = new_course(by=doctor, patient=patient, composition_reason=CANARY, sessions=2)
    for row in (course.goal, course.area, course.technique, *course.ingredients.all()):
        type(row).objects.filter(pk=row.pk).update(label=f"{CANARY} {row.pk}")
    slots = factories.slots(course, room)
    slots[1] = type(slots[1])(2, slots[1].starts_at + 28 * DAY, room.pk)
    sessions = actions.book_course(
        course,
        slots,
        practitioner=doctor,
        by=doctor,
        at=NOW,
        key="5f0c5a0e-2a62-4f6b-9c55-3b8f1b1b1b1b",
        interval_reason=CANARY,
    )
    for address in addresses(course, sessions[1]):
        page = as_(front_desk).get(address)
        assert page.status_code == 200, address
        assert CANARY not in page.content.decode(), address
    seen = [a for a in addresses(course, sessions[1]) if CANARY in as_(doctor).get(a).content.decode()]
    assert len(seen) >= 4


@pytest.mark.parametrize("who", ["stranger", "catalogue_admin", "clinic_admin"])
def test_nobody_else_comes_in_and_nothing_changes(as_, request, course, sessions, who):
    browser = as_(request.getfixturevalue(who))
    for address in addresses(course, sessions[0])[:-1]:
        assert browser.get(address).status_code == 403
    cancel = reverse("schedule:cancel", args=[sessions[0].pk])
    for address in (book_url(course), reverse("schedule:move", args=[sessions[0].pk]), cancel):
        assert browser.post(address, {"version": 1, "reason": "x"}).status_code == 403
    assert Session.objects.booked().count() == 5


def test_wrong_methods_are_405(as_, doctor, course, sessions):
    browser = as_(doctor)
    assert browser.get(reverse("schedule:cancel", args=[sessions[0].pk])).status_code == 405
    assert browser.post(reverse("schedule:day")).status_code == 405
    assert browser.post(reverse("schedule:session", args=[sessions[0].pk])).status_code == 405
    assert browser.delete(book_url(course)).status_code == 405


@pytest.mark.parametrize("name", ["book", "session", "move", "cancel"])
def test_bad_ids_are_404(as_, doctor, name):
    browser = as_(doctor)
    for pk in (0, 10**17):
        url = reverse(f"schedule:{name}", args=[pk])
        assert 404 in {browser.get(url).status_code, browser.post(url).status_code}


def test_refusals_leave_the_reservations_alone(sessions):
    assert Reservation.objects.count() == 20
