"""Devices, and what is done where and by whom: only what fits is offered, booked and moved to."""

import datetime as dt
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, connection, transaction

from clinic.versions import ChangedMeanwhile
from conftest import NOW
from treatments.catalogue.models import Technique
from treatments.schedule import actions, equipment, refusals, rules
from treatments.schedule.models import (
    Ability,
    Booking,
    Device,
    DeviceKind,
    Hold,
    Requirement,
    Reservation,
    Resource,
    Session,
)
from treatments.schedule.proposing.desk import desk
from treatments.schedule.rules import Need, Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import OVERLAPS
from treatments.schedule.waiting import holding

pytestmark = pytest.mark.django_db
DAY, HOUR, MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), rules.MINUTE


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def course(doctor):
    factories.working_hours(doctor)
    return factories.confirmed_course(by=doctor)


def pen(course, *names, cleanup=20) -> DeviceKind:
    """A kind of device that the technique of the course needs, with devices of these names."""
    kind = DeviceKind.objects.create(name="Pen", cleanup_minutes=cleanup)
    Requirement.objects.create(kind=kind, technique=course.technique)
    Device.objects.bulk_create(Device(kind=kind, name=name) for name in names)
    return kind


def other_technique(course) -> Technique:
    return Technique.objects.exclude(pk=course.technique_id)[0]


def book(course, room, doctor, **when):
    return factories.booked(course, room, practitioner=doctor, **when)


def move(session, **changed):
    where = {"practitioner": session.practitioner, "room": session.room, "version": session.version}
    where |= {"starts_at": session.starts_at, "by": session.practitioner, "at": NOW}
    return actions.move_session(session, **where | changed)


def devices(session) -> list[str]:
    rows = session.reservations.filter(resource__device__isnull=False)
    return sorted(rows.values_list("resource__device__name", flat=True))


def overlaps() -> int:
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPS)
        return len(cursor.fetchall())


# Devices


def test_session_takes_a_device_and_the_time_to_clean_it(course, room, doctor):
    pen(course, "A", "B")
    session = book(course, room, doctor)[0]
    [taken] = session.reservations.filter(resource__device__isnull=False)
    assert devices(session) == ["A"]
    assert (taken.starts_at, taken.ends_at) == (session.starts_at, session.ends_at + 20 * MINUTE)


def test_each_device_of_a_kind_is_taken_once_and_then_there_is_none(course, doctor, nurse, clinic_admin):
    factories.working_hours(nurse)
    pen(course, "A", "B")
    rooms = [factories.room(f"Room {n}") for n in range(3)]
    sessions = book(course, rooms[0], doctor)
    second = book(factories.confirmed_course(by=doctor), rooms[1], nurse)
    assert [devices(session) for session in (sessions[0], second[0])] == [["A"], ["B"]]
    third = factories.confirmed_course(by=doctor)
    with pytest.raises(refusals.SlotTaken) as caught:
        book(third, rooms[2], doctor, hour=11)  # its practitioner and room are free
    assert caught.value.numbers == [1, 2, 3, 4, 5]
    assert not Booking.objects.filter(course=third).exists()
    assert overlaps() == 0


def test_cleaning_ends_where_the_next_session_begins(course, room, doctor):
    pen(course, "A")
    book(course, room, doctor)
    other = factories.confirmed_course(by=doctor, sessions=1)
    first = factories.slots(other, factories.room("Two"))[0].starts_at
    for minutes, works in ((94, False), (95, True)):
        slot = Slot(1, first + minutes * MINUTE, factories.Room.objects.get(name="Two").pk)
        said = {"practitioner": doctor, "by": doctor, "at": NOW, "key": uuid4()}
        if not works:
            with pytest.raises((refusals.SlotTaken, refusals.WrongTimes)):
                actions.book_course(other, [slot], **said)
        else:
            assert actions.book_course(other, [slot], **said)


def test_device_out_of_use_is_not_taken_and_none_in_use_is_said(course, room, doctor):
    pen(course, "A", "B")
    Device.objects.filter(name="A").update(active=False)
    sessions = book(course, room, doctor)
    assert devices(sessions[0]) == ["B"]
    Device.objects.update(active=False)
    with pytest.raises(refusals.NotBookable, match="No device"):
        move(sessions[0], starts_at=sessions[0].starts_at + DAY)


def test_moved_session_takes_the_device_along_or_the_one_that_is_free(course, room, doctor, nurse):
    factories.working_hours(nurse)
    pen(course, "A", "B")
    sessions = book(course, room, doctor)
    other = factories.confirmed_course(by=doctor)
    later = book(other, factories.room("Two"), nurse, hour=14)
    moved = move(later[0], starts_at=sessions[0].starts_at + 30 * MINUTE)
    assert (devices(sessions[0]), devices(moved)) == (["A"], ["B"])
    again = move(sessions[0], starts_at=sessions[0].starts_at + 5 * MINUTE)
    assert devices(again) == ["A"]
    assert overlaps() == 0


def test_cancelled_session_gives_its_device_back(course, room, doctor):
    pen(course, "A")
    session = book(course, room, doctor)[0]
    actions.cancel_session(session, reason="ill", version=1, by=doctor, at=NOW)
    assert devices(session) == []


def test_technique_that_needs_nothing_takes_nothing(course, room, doctor):
    kind = pen(course, "A")
    Requirement.objects.update(technique=other_technique(course))
    assert devices(book(course, room, doctor)[0]) == []
    assert kind.devices.count() == 1


def test_times_are_offered_only_where_a_device_is_free(course, room, doctor):
    pen(course, "A")
    book(course, room, doctor)
    other = factories.confirmed_course(by=doctor)
    factories.room("Two")
    found = desk(other, [doctor], at=NOW, last=(NOW + DAY).date())
    begin = factories.slots(course, room)[0].starts_at
    taken = begin - 75 * MINUTE - 20 * MINUTE, begin + 95 * MINUTE
    inside = [o for o in found.openings(doctor.pk) if o.first < taken[1] and o.last > taken[0]]
    assert inside == []
    assert any(o.first == taken[1] for o in found.openings(doctor.pk))


def test_looking_for_times_asks_once_for_all_devices(course, room, doctor, django_assert_num_queries):
    pen(course, "A")
    desk(course, [doctor], at=NOW, last=NOW.date())

    def questions(n):
        Device.objects.create(name=f"More {n}", kind=DeviceKind.objects.get())
        with connection.execute_wrapper(counting := Counting()):
            desk(course, [doctor], at=NOW, last=NOW.date())
        return counting.n

    assert questions(1) == questions(2)


class Counting:
    n = 0

    def __call__(self, execute, sql, params, many, context):
        self.n += 1
        return execute(sql, params, many, context)


def moments(*spans):
    return [(NOW + begin * MINUTE, NOW + end * MINUTE) for begin, end in spans]


def test_one_device_for_all_of_a_session_is_needed_not_two_in_turn():
    takes = rules.Occupation(60, ((0, 60),))
    always = moments((0, 300))
    halves = Need(((0, 60),), {1: moments((0, 100)), 2: moments((100, 220))})
    free = rules.Free({5: always}, always, {7: always}, (halves,))
    assert [(o.first, o.last) for o in rules.openings(free, takes)] == moments((0, 40), (100, 160))
    for minutes, works in ((0, True), (40, True), (41, False), (100, True), (160, True), (161, False)):
        assert rules.could_start(free, takes, Slot(1, NOW + minutes * MINUTE, 7, 5)) is works
    none = rules.Free({5: always}, always, {7: always}, (Need(((0, 60),), {1: moments((0, 59))}),))
    assert rules.openings(none, takes) == []


# Rooms and practitioners


def test_room_and_practitioner_that_are_for_something_else_are_refused(course, room, doctor, nurse):
    Ability.objects.create(room=room, technique=other_technique(course))
    with pytest.raises(refusals.NotBookable, match="not done in Room 1"):
        book(course, room, doctor)
    Ability.objects.create(room=room, technique=course.technique)
    Ability.objects.create(practitioner=doctor, technique=other_technique(course))
    with pytest.raises(refusals.NotBookable, match="Dorota does not do this treatment"):
        book(course, room, doctor)
    assert not Session.objects.exists()
    factories.working_hours(nurse)
    sessions = book(course, room, nurse)
    with pytest.raises(refusals.NotBookable, match="Dorota"):
        move(sessions[0], practitioner=doctor)
    assert list(equipment.who_could_treat(course)) == [nurse]


def test_rooms_that_do_not_fit_are_not_offered(course, room, doctor):
    two = factories.room("Two")
    Ability.objects.create(room=room, technique=other_technique(course))
    found = desk(course, [doctor], at=NOW, last=(NOW + DAY).date())
    assert {opening.room for opening in found.openings(doctor.pk)} == {two.pk}


@pytest.mark.parametrize("both", [True, False])
def test_ability_is_of_a_room_or_a_practitioner(course, room, doctor, both):
    things = {"room": room, "practitioner": doctor} if both else {}
    with pytest.raises(IntegrityError, match="ability_of_a_room"), transaction.atomic():
        Ability.objects.create(technique=course.technique, **things)


# What no longer fits, and changes


def test_what_no_longer_fits_is_listed_and_nothing_is_cancelled(course, room, doctor):
    sessions = book(course, room, doctor)
    assert not equipment.misfits(NOW)
    ability = Ability.objects.create(room=room, technique=other_technique(course))
    assert list(equipment.misfits(NOW)) == sessions
    assert list(equipment.misfits(sessions[0].starts_at + MINUTE)) == sessions[1:]
    ability.delete()
    kind = pen(course, "A")
    assert list(equipment.misfits(NOW)) == sessions
    move(sessions[0])  # at its own time: it takes a device now
    assert list(equipment.misfits(NOW)) == sessions[1:]
    Device.objects.update(active=False)
    assert list(equipment.misfits(NOW)) == sessions
    kind.requirements.all().delete()
    assert not equipment.misfits(NOW)
    assert Session.objects.booked().count() == 5


def test_what_a_change_would_break_is_known_before_and_nothing_is_kept(course, room, doctor, clinic_admin):
    sessions = book(course, room, doctor)
    others = [other_technique(course)]

    def change():
        equipment.set_abilities(room, others, version=1, by=clinic_admin, at=NOW)

    assert equipment.would_break(change, at=NOW) == sessions
    assert not Ability.objects.exists()
    change()
    assert equipment.would_break(lambda: None, at=NOW) == []


def test_changes_are_the_clinic_admins_and_of_the_version_that_was_read(course, room, doctor, clinic_admin):
    with pytest.raises(PermissionDenied):
        equipment.set_abilities(room, [course.technique], version=1, by=doctor, at=NOW)
    with pytest.raises(ChangedMeanwhile):
        equipment.set_abilities(room, [course.technique], version=2, by=clinic_admin, at=NOW)
    kind = equipment.save_kind(DeviceKind(name="Pen"), [course.technique], version=1, by=clinic_admin, at=NOW)
    with pytest.raises(ValidationError, match="a kind of this name"):
        equipment.save_kind(DeviceKind(name="PEN"), [], version=1, by=clinic_admin, at=NOW)
    equipment.save_device(Device(name="A", kind=kind), version=1, by=clinic_admin, at=NOW)
    equipment.save_kind(kind, [], version=1, by=clinic_admin, at=NOW)
    assert (Device.objects.count(), Requirement.objects.count(), kind.version) == (1, 0, 2)
    assert not Ability.objects.exists()


def test_a_device_is_one_resource(course, room, doctor):
    pen(course, "A")
    book(course, room, doctor)
    assert Resource.objects.filter(device__name="A").count() == 1
    assert Reservation.objects.filter(resource__device__name="A").count() == 5


def test_a_device_whose_hold_has_lapsed_is_in_the_way_of_no_move(course, room, doctor):
    pen(course, "A")
    session = book(course, room, doctor)[0]
    to = session.starts_at + 3 * HOUR
    hold = Hold.objects.create(
        practitioner=doctor, room=room, begin=to, until=to + HOUR, made_at=NOW, lapses_at=NOW + MINUTE
    )
    [(_device, pen_a)] = equipment.pools_of(course)[0].devices
    holding.hold(hold, [(pen_a, (to, to + HOUR))])
    with pytest.raises(refusals.SlotTaken):
        move(session, starts_at=to)
    assert move(session, starts_at=to, at=NOW + MINUTE).starts_at == to
