"""What patients do to their own sessions: say that they come, give one up, have one moved."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from clinic.models import Clinic
from clinic.versions import ChangedMeanwhile
from contraindications.models import Screening
from patients.tests.factories import interview
from treatments.schedule import actions, refusals, rules
from treatments.schedule.models import FreedTime, Reservation, Session
from treatments.schedule.proposing import elsewhere
from treatments.schedule.resources import resource_of
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)


@pytest.fixture
def room():
    return factories.room()


@pytest.fixture
def sessions(doctor, room):
    """Five sessions every 21 days at ten, from the 24th on; 14 to 35 days may lie between."""
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)


@pytest.fixture
def second(sessions):
    return sessions[1]


def there(session, delta):
    return Slot(session.number, session.starts_at + delta, session.room_id, session.practitioner_id)


def test_a_patient_confirms_the_time_that_was_shown_and_twice_is_once(second, at):
    actions.confirm_by_patient(second, version=second.version, at=at)
    actions.confirm_by_patient(second, version=second.version, at=at + HOUR)
    second.refresh_from_db()
    assert (second.confirmed_at, second.version) == (at, 1)


def test_a_time_that_was_not_shown_is_not_confirmed(second, at, doctor):
    actions.rearrange(
        [actions.Change(second, 1, second.starts_at + HOUR, doctor, second.room)], by=doctor, at=at
    )
    with pytest.raises(ChangedMeanwhile):
        actions.confirm_by_patient(second, version=1, at=at)
    second.refresh_from_db()
    assert second.confirmed_at is None


@pytest.mark.parametrize("by_desk", [True, False])
def test_another_time_is_not_confirmed_any_more(second, at, doctor, by_desk):
    actions.confirm_by_patient(second, version=1, at=at)
    if by_desk:
        moved = actions.move_session(
            second,
            starts_at=second.starts_at + HOUR,
            practitioner=doctor,
            room=second.room,
            version=1,
            by=doctor,
            at=at,
        )
    else:
        moved = actions.move_by_patient(second, there(second, HOUR), version=1, at=at)
    moved.refresh_from_db()
    assert moved.confirmed_at is None
    assert moved.moved_by_patient_at == (None if by_desk else at)


def test_another_room_at_the_same_time_stays_confirmed(second, at, doctor):
    actions.confirm_by_patient(second, version=1, at=at)
    room = factories.room("Room 2")
    moved = actions.move_session(
        second, starts_at=second.starts_at, practitioner=doctor, room=room, version=1, by=doctor, at=at
    )
    moved.refresh_from_db()
    assert moved.confirmed_at == at


def test_a_patient_gives_a_session_up_and_nobody_else_signs_it(second, at):
    actions.cancel_by_patient(second, version=1, at=at)
    second.refresh_from_db()
    assert (second.state, second.cancelled_by, second.cancelled_by_patient) == ("cancelled", None, True)
    assert (second.cancelled_at, second.cancelled_late) == (at, False)
    assert not Reservation.objects.filter(session=second).exists()


@pytest.mark.parametrize("who", ["nobody", "both"])
def test_the_database_wants_to_know_who_cancelled(second, at, doctor, who):
    fields = {
        "nobody": {},
        "both": {"cancelled_by": doctor, "cancelled_by_patient": True},
    }[who]
    with pytest.raises(IntegrityError, match="session_cancelled_by_someone"), transaction.atomic():
        Session.objects.filter(pk=second.pk).update(state="cancelled", cancelled_at=at, **fields)


@pytest.mark.parametrize("do", ["cancel", "move"])
def test_after_the_clinics_limit_patients_call(second, do):
    late = second.starts_at - dt.timedelta(hours=Clinic.current().late_cancel_hours)
    deeds = {
        "cancel": lambda: actions.cancel_by_patient(second, version=1, at=late),
        "move": lambda: actions.move_by_patient(second, there(second, DAY), version=1, at=late),
    }
    with pytest.raises(refusals.TooLate):
        deeds[do]()
    second.refresh_from_db()
    assert (second.state, second.version) == ("booked", 1)


def test_a_patient_moves_a_session_and_nobody_else_signs_the_verdict(second, at):
    screenings = Screening.objects.count()
    actions.move_by_patient(second, there(second, DAY), version=1, at=at + DAY)
    second.refresh_from_db()
    assert (second.version, second.moved_by_patient_at) == (2, at + DAY)
    assert Screening.objects.count() == screenings + 1
    assert Screening.objects.latest("pk").by is None


@pytest.mark.parametrize(
    ("delta", "refusal"),
    [
        pytest.param(18 * DAY, refusals.WrongTimes, id="outside the interval"),
        pytest.param(-12 * HOUR, refusals.WrongTimes, id="at night"),
    ],
)
def test_a_patient_may_not_move_where_it_does_not_fit(second, at, delta, refusal):
    with pytest.raises(refusal):
        actions.move_by_patient(second, there(second, delta), version=1, at=at)
    second.refresh_from_db()
    assert second.version == 1


def test_a_patient_may_not_move_nearer_than_could_be_given_up_again(sessions, at):
    with pytest.raises(refusals.SlotTaken):
        actions.move_by_patient(sessions[0], there(sessions[0], -22 * HOUR), version=1, at=at)


def test_a_held_course_is_not_moved_by_the_patient(second, at, doctor):
    patient = second.course.patient
    assert elsewhere.may_be_moved(second.course, day=at.date())
    interview(patient, by=doctor, at=at, answers={"pregnancy": "current"})
    assert not elsewhere.may_be_moved(second.course, day=at.date())
    with pytest.raises(refusals.NotBookable):
        actions.move_by_patient(second, there(second, DAY), version=1, at=at)


# Times to choose from


def test_times_keep_the_interval_to_both_sides_and_are_free(second, at, doctor):
    days = elsewhere.days_for(second, today=at.date())
    soonest = actions.soonest(at)
    found = elsewhere.times_for(second, days, around=second.starts_at.date(), soonest=soonest, at=at)
    assert len(found) == 8
    assert second.starts_at not in {one.slot.starts_at for one in found}
    for one in found:
        with transaction.atomic():
            actions.move_by_patient(second, one.slot, version=1, at=at)
            transaction.set_rollback(True)


def test_times_of_others_come_after_those_of_the_same_practitioner(second, at, nurse):
    factories.nurses_alone()
    factories.working_hours(nurse, weekdays=range(1, 8))
    days = elsewhere.days_for(second, today=at.date())
    found = elsewhere.times_for(
        second, days, around=second.starts_at.date(), soonest=actions.soonest(at), at=at
    )
    assert {one.who for one in found} == {None}


def test_what_became_free_is_for_those_first_who_wait(second, at, doctor):
    days, soonest, around = (
        elsewhere.days_for(second, today=at.date()),
        actions.soonest(at),
        second.starts_at.date(),
    )
    [first, *_others] = elsewhere.times_for(second, days, around=around, soonest=soonest, at=at)
    begin = first.slot.starts_at
    freed = FreedTime.objects.create(
        resources=[resource_of(doctor).pk], begin=begin, until=begin + HOUR, freed_at=at
    )
    for one in elsewhere.times_for(second, days, around=around, soonest=soonest, at=at):
        assert not begin - HOUR < one.slot.starts_at < begin + HOUR
    with pytest.raises(refusals.SlotTaken):
        actions.move_by_patient(second, first.slot, version=1, at=at)
    freed.delete()
    assert actions.move_by_patient(second, first.slot, version=1, at=at).starts_at == begin


def test_freed_time_of_others_in_other_rooms_is_no_concern(second, at, nurse):
    days, soonest, around = (
        elsewhere.days_for(second, today=at.date()),
        actions.soonest(at),
        second.starts_at.date(),
    )
    before = elsewhere.times_for(second, days, around=around, soonest=soonest, at=at)
    resources = [resource_of(nurse).pk, resource_of(factories.room("Two")).pk]
    FreedTime.objects.create(resources=resources, begin=at, until=at + 90 * DAY, freed_at=at)
    assert elsewhere.times_for(second, days, around=around, soonest=soonest, at=at)[0] == before[0]


ZONE = ZoneInfo("Europe/Warsaw")


def slot(day, hour, who=1, minute=0):
    return Slot(2, dt.datetime(2026, 12, day, hour, minute, tzinfo=ZONE), 1, who)


@pytest.mark.parametrize(
    ("free", "expected"),
    [
        pytest.param([slot(15, 10)], [], id="never the time that it has"),
        pytest.param([slot(15, 8), slot(15, 9)], [slot(15, 9)], id="one of the morning, nearest the hour"),
        pytest.param(
            [slot(15, 9), slot(15, 13), slot(15, 17)],
            [slot(15, 9), slot(15, 13)],
            id="two of a day, one of each part of it",
        ),
        pytest.param(
            [slot(16, 10, who=2), slot(20, 10), slot(21, 10)],
            [slot(20, 10), slot(21, 10)],
            id="the same practitioner before a nearer day",
        ),
        pytest.param(
            [slot(17, 10), slot(22, 10), slot(14, 10)], [slot(14, 10), slot(17, 10)], id="the nearest days"
        ),
    ],
)
def test_a_few_times(free, expected):
    now, around = slot(15, 10), dt.date(2026, 12, 15)
    assert rules.a_few(free, now, around=around, zone=ZONE, most=max(len(expected), 1)) == expected
