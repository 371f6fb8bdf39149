"""Time that was held for the waiting list until nobody answered: free for everybody, before any tick has run."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from conftest import NOW
from treatments.schedule import rules
from treatments.schedule.actions import Change
from treatments.schedule.away import absences
from treatments.schedule.calendar.columns import By
from treatments.schedule.calendar.seeking import next_missing, slot_at
from treatments.schedule.changing.shifts import taken_said
from treatments.schedule.models import Device, DeviceKind, Hold, Requirement, Reservation, Resource
from treatments.schedule.overlapping.encounters import encounters
from treatments.schedule.proposing import offers
from treatments.schedule.proposing.desk import desk
from treatments.schedule.resources import resource_of
from treatments.schedule.rules import Slot, Wishes
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away

pytestmark = pytest.mark.django_db
HOUR, MINUTE, DAY = dt.timedelta(hours=1), dt.timedelta(minutes=1), dt.timedelta(days=1)
TUESDAY = dt.date(2026, 11, 24)
WISHES = Wishes(earliest=NOW, now=NOW)


def clock(hour: int) -> dt.datetime:
    return rules.wall(TUESDAY, dt.time(hour), timezone.get_default_timezone())


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def room():
    return factories.room()


@pytest.fixture
def held(doctor, room):
    """Tuesday from 8 to 17 is held, of the doctor and the only room, all the hours that there are."""
    factories.working_hours(doctor, weekdays=[2], ends=dt.time(17))
    return hold([doctor, room], doctor, room)


def hold(things, who, where, *, lapses_at=NOW):
    row = Hold.objects.create(
        practitioner=who,
        room=where,
        begin=clock(8),
        until=clock(17),
        made_at=lapses_at - HOUR,
        lapses_at=lapses_at,
    )
    for thing in things:
        taken = {"resource": resource_of(thing), "period": (row.begin, row.until)}
        Reservation.objects.create(why="offer", hold=row, **taken)
    return row


def free(thing, *, at=NOW):
    resource = resource_of(thing).pk
    return list(Resource.objects.free_time([resource], clock(0), clock(0) + DAY, at=at)[resource])


def test_it_is_free_from_the_moment_on_in_which_it_lapses(doctor, held):
    assert free(doctor) == [(clock(8), clock(17))]
    assert free(doctor, at=NOW - MINUTE) == []


def test_what_else_is_there_stays_taken(doctor, nurse, room, held, clinic_admin):
    away(doctor, clock(10), clock(12), by=clinic_admin)
    assert free(doctor) == [(clock(8), clock(10)), (clock(12), clock(17))], "the hold lay over the absence"
    factories.working_hours(nurse)
    hold([nurse], nurse, room, lapses_at=NOW + HOUR)
    assert clock(9) not in [begin for begin, _until in free(nurse)]


def test_it_is_proposed_clicked_and_booked_with_its_device_before_any_tick(
    as_, doctor, front_desk, room, held
):
    course = factories.confirmed_course(by=doctor, sessions=1)
    kind = DeviceKind.objects.create(name="Gun")
    Requirement.objects.create(technique=course.technique, kind=kind)
    Reservation.objects.create(
        resource=resource_of(Device.objects.create(kind=kind, name="Gun")),
        period=(held.begin, held.until),
        why="offer",
        hold=held,
    )
    at_desk = desk(course, [doctor], at=NOW, last=TUESDAY)
    [first, *_others] = offers.proposals(at_desk, WISHES)
    assert timezone.localdate(first.first.starts_at) == TUESDAY
    assert not isinstance(
        slot_at(next_missing(course), clock(9), By.PRACTITIONER, doctor.pk, at=NOW), type(None)
    )
    before = desk(course, [doctor], at=NOW - MINUTE, last=TUESDAY)
    assert isinstance(offers.proposals(before, WISHES), rules.Lacking)
    page = reverse("schedule:book", args=[course.pk])
    assert "08:" in as_(front_desk).get(page).text
    [session] = factories.booked(course, room, practitioner=doctor)
    assert session.starts_at == clock(10)


def test_a_later_day_is_asked_about_as_things_stand_now(doctor, room, held):
    """From midnight of Tuesday on it will have lapsed; now it has not."""
    Hold.objects.update(made_at=NOW, lapses_at=NOW + HOUR)
    course = factories.confirmed_course(by=doctor, sessions=1)
    assert slot_at(next_missing(course), clock(9), By.PRACTITIONER, doctor.pk, at=NOW) is None
    later = desk(course, [doctor], at=clock(0), asked_at=NOW, last=TUESDAY)
    assert not later.is_free(Slot(1, clock(9), room.pk, doctor.pk))


def test_the_month_counts_it_as_free(as_, doctor, held):
    page = as_(doctor).get(reverse("schedule:day"), {"show": "month", "day": "2026-11-24"})
    [tuesday] = [day for week in page.context["weeks"] for day in week if day and day.day == TUESDAY]
    assert tuesday.free == 100


def test_an_absence_that_is_lifted_leaves_it_free(doctor, held, clinic_admin):
    row = away(doctor, clock(10), clock(12), by=clinic_admin)
    absences.lift(row, by=clinic_admin, at=NOW)
    assert free(doctor) == [(clock(8), clock(17))]


def test_it_is_never_named_as_what_takes_a_time(doctor, nurse, room, held):
    factories.working_hours(nurse)
    other, course = (factories.confirmed_course(by=doctor, sessions=1) for _ in range(2))
    elsewhere = factories.room("Two")
    factories.booked(other, elsewhere, practitioner=nurse, hour=10)
    [session] = factories.booked(course, elsewhere, practitioner=nurse, hour=14)
    change = Change(session, session.version, clock(10), nurse, room)
    [alone] = taken_said([change], at=NOW)
    assert "Natalia" in alone
    assert len(taken_said([change], at=NOW - MINUTE)) == 2, "before it lapsed the room was held"
    spans = [(resource_of(room).pk, (clock(9), clock(10)))]
    assert encounters(spans, at=NOW) == []
    assert [one.said for one in encounters(spans, at=NOW - MINUTE)] == [
        "this time is held for the waiting list"
    ]


def test_what_lay_under_it_is(doctor, room, held, clinic_admin):
    away(doctor, clock(10), clock(12), by=clinic_admin)
    assert [one.said for one in encounters([(resource_of(doctor).pk, (clock(10), clock(11)))], at=NOW)] == [
        "somebody is away or the clinic is closed then"
    ]
    assert Reservation.objects.taken([(1, resource_of(doctor).pk, (clock(10), clock(11)))], at=NOW) == [1]
    assert Reservation.objects.taken([(1, resource_of(doctor).pk, (clock(13), clock(14)))], at=NOW) == []
