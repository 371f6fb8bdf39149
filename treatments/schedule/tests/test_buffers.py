"""Minutes kept free before and after a session: for its room and for who treats, part of what is reserved."""

import datetime as dt
from uuid import uuid4

import pytest
from django.urls import reverse

from clinic.models import Clinic
from conftest import NOW
from treatments.schedule import actions, refusals, rules
from treatments.schedule.models import Session
from treatments.schedule.proposing.desk import desk
from treatments.schedule.rules import Fault, Occupation, Slot
from treatments.schedule.tests import factories

MINUTE, DAY = rules.MINUTE, dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (((0, 60),), ((-5, 70),)),
        (((0, 10), (40, 60)), ((-5, 10), (40, 70))),
    ],
)
def test_buffers_lie_around_the_parts_of_who_treats_and_around_the_room(parts, expected):
    takes = Occupation(60, parts).with_buffers(5, 10)
    assert (takes.minutes, takes.parts, takes.room) == (60, expected, (-5, 70))
    assert Occupation(60, parts).with_buffers(0, 0) == Occupation(60, parts)


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def course(doctor):
    Clinic.objects.update_or_create(pk=1, defaults={"buffer_before": 5, "buffer_after": 10})
    factories.working_hours(doctor)
    return factories.confirmed_course(by=doctor, sessions=1)


@pytest.fixture
def session(course, room, doctor):
    return factories.booked(course, room, practitioner=doctor)[0]


def test_room_and_practitioner_are_reserved_with_the_buffers_and_the_patient_without(session, room, doctor):
    def taken(**resource):
        rows = session.reservations.filter(**resource).order_by("starts_at")
        return rows[0].starts_at - session.starts_at, rows.reverse()[0].ends_at - session.ends_at

    assert taken(resource__room=room) == (-5 * MINUTE, 10 * MINUTE)
    assert taken(resource__practitioner=doctor) == (-5 * MINUTE, 10 * MINUTE)
    assert taken(resource__patient=session.course.patient) == (0 * MINUTE, 0 * MINUTE)
    assert session.ends_at - session.starts_at == 75 * MINUTE


@pytest.mark.parametrize(("minutes", "works"), [(85, False), (90, True)])
def test_next_session_begins_when_both_buffers_are_over(session, room, doctor, minutes, works):
    other = factories.confirmed_course(by=doctor, sessions=1)
    slot = Slot(1, session.starts_at + minutes * MINUTE, room.pk, doctor.pk)
    found = desk(other, [doctor], at=NOW, last=(NOW + DAY).date())
    assert found.is_free(slot) is works
    offered = [o for o in found.openings(doctor.pk) if o.first <= slot.starts_at <= o.last]
    assert bool(offered) is works
    if works:
        assert actions.book_course(other, [slot], by=doctor, at=NOW, key=uuid4())
    else:
        with pytest.raises(refusals.SlotTaken):
            actions.book_course(other, [slot], by=doctor, at=NOW, key=uuid4())


def test_what_is_proposed_can_be_booked(session, room, doctor):
    other = factories.confirmed_course(by=doctor, sessions=3)
    found = desk(other, [doctor], at=NOW, last=(NOW + 200 * DAY).date())
    offer = rules.propose(found.question(), rules.Wishes(NOW, NOW))[0]
    assert len(actions.book_course(other, offer.slots, by=doctor, at=NOW, key=uuid4())) == 3


@pytest.mark.parametrize(("hour", "minute"), [(8, 0), (16, 40)])
def test_buffers_lie_within_the_working_hours(course, room, doctor, hour, minute):
    starts_at = rules.wall((NOW + DAY).date(), dt.time(hour, minute), NOW.tzinfo)
    with pytest.raises(refusals.WrongTimes) as caught:
        actions.book_course(course, [Slot(1, starts_at, room.pk, doctor.pk)], by=doctor, at=NOW, key=uuid4())
    assert caught.value.faults == [(1, Fault.HOURS)]
    assert not Session.objects.exists()


def test_the_calendar_draws_the_session_and_under_it_what_is_kept_free(as_, session, doctor):
    day = (NOW + DAY).date()
    asked = {"start": day.isoformat(), "end": (day + DAY).isoformat()}
    events = as_(doctor).get(reverse("schedule:events"), asked).json()["events"]
    [block] = [one for one in events if "extendedProps" in one]
    kept = [(one["start"], one["end"]) for one in events if one.get("classNames") == ["is-kept"]]
    assert (block["start"], block["end"]) == (f"{day}T10:00", f"{day}T11:15")
    assert kept == [(f"{day}T09:55", f"{day}T10:00"), (f"{day}T11:15", f"{day}T11:25")]


def test_the_clinic_admin_sets_them_and_reads_where_the_default_is_from(as_, clinic_admin):
    browser = as_(clinic_admin)
    page = browser.get("/settings/")
    assert "Default: 0. Set by us" in page.text
    form = {name: value for name, value in page.context["form"].initial.items() if value is not None}
    form.pop("tentative_bookings")
    assert browser.post("/settings/", form | {"buffer_before": 61}).status_code == 422
    assert browser.post("/settings/", form | {"buffer_before": 5, "buffer_after": 10}).status_code == 302
    clinic = Clinic.current()
    assert (clinic.buffer_before, clinic.buffer_after) == (5, 10)
