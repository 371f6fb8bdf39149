"""The waiting list: who is offered what became free, what an answer does, and what becomes of the others."""

import datetime as dt
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic import events
from clinic.models import Clinic
from clinic.versions import ChangedMeanwhile
from conftest import NOW
from patients.actions import close_as_duplicate, note_death
from patients.models import Patient
from patients.tests.factories import interview
from patients.tests.factories import patient as person_of
from treatments.courses import actions as courses
from treatments.schedule import actions, refusals, tasks
from treatments.schedule.actions import offering
from treatments.schedule.away import absences
from treatments.schedule.events import OfferLost, OfferMade
from treatments.schedule.models import (
    Absence,
    Device,
    DeviceKind,
    FreedTime,
    Hold,
    Offer,
    Requirement,
    Reservation,
    Session,
    Waiting,
)
from treatments.schedule.rules import Slot, wall
from treatments.schedule.tests import factories
from treatments.schedule.waiting.waiters import Crowd, best

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
HALF_AN_HOUR = 30 * MINUTE


@pytest.fixture
def room(doctor):
    factories.working_hours(doctor)
    return factories.room()


@pytest.fixture
def heard(monkeypatch):
    """What is announced."""
    found = []
    for kind in (OfferMade, OfferLost):
        monkeypatch.setitem(events._listeners, kind, [found.append])
    return found


@pytest.fixture
def sessions(doctor, room):
    """Booked from tomorrow on, every three weeks at ten; the first is given up in most tests."""
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)


@pytest.fixture
def others(doctor, room):
    """`others(n)` courses whose first session is booked a week later than `sessions`, one hour and a half apart."""

    def made(how_many, **wishes):
        rows = [factories.confirmed_course(by=doctor) for _ in range(how_many)]
        for nth, row in enumerate(rows):
            factories.booked(
                row, room, practitioner=doctor, first=NOW.date() + (8 + nth // 5) * DAY, hour=8 + nth % 5 * 2
            )
        return [
            factories.waiting(row, by=doctor, at=NOW - (9 - nth) * DAY, **wishes)
            for nth, row in enumerate(rows)
        ]

    return made


def give_up(session, by, at=NOW):
    actions.cancel_session(session, reason="moved away", version=session.version, by=by, at=at)


def offer_all(at=NOW):
    return [hold for row in FreedTime.objects.order_by("pk") for hold in offering.offer_freed(row.pk, at=at)]


@pytest.fixture
def offered(sessions, others, doctor):
    """The first session was given up; its time is offered to three."""
    entries = others(3)
    give_up(sessions[0], doctor)
    [hold] = offer_all()
    return hold, list(hold.offers.order_by("pk")), entries


def held():
    return Reservation.objects.filter(why="offer")


# Who is on the list


def test_put_on_the_list_twice_keeps_the_place_and_takes_the_new_wishes(sessions, doctor, front_desk):
    entry = factories.waiting(sessions[0].course, by=doctor)
    again = factories.waiting(sessions[0].course, by=front_desk, at=NOW + DAY, weekdays=[2, 4])
    assert again.pk == entry.pk
    assert (again.added_at, again.added_by, again.weekdays) == (NOW, doctor, [2, 4])


def test_who_may_wait(sessions, doctor):
    course = sessions[0].course
    assert actions.may_wait(course) == [1, 2, 3, 4, 5]
    give_up(sessions[1], doctor)
    assert actions.may_wait(course) == [1, 2, 3, 4, 5]
    give_up(sessions[2], doctor)
    assert actions.may_wait(course) == [1, 2, 4, 5]
    assert actions.may_wait(factories.confirmed_course(by=doctor)) == [1]


def test_a_session_that_cannot_be_next_does_not_wait(doctor):
    course = factories.confirmed_course(by=doctor)
    with pytest.raises(ChangedMeanwhile):
        factories.waiting(course, 2, by=doctor)
    courses.cancel(course, version=course.version, by=doctor, at=NOW)
    with pytest.raises(refusals.NotBookable):
        factories.waiting(course, 1, by=doctor)
    assert not Waiting.objects.exists()


def test_off_the_list_is_off_once(sessions, doctor, front_desk):
    entry = factories.waiting(sessions[0].course, by=doctor)
    actions.withdraw(entry, by=front_desk, at=NOW)
    with pytest.raises(ChangedMeanwhile):
        actions.withdraw(entry, by=doctor, at=NOW)
    entry.refresh_from_db()
    assert entry.withdrawn_by == front_desk
    assert not Waiting.objects.standing().exists()


def test_nobody_waits_for_what_was_booked_or_given_up(doctor, room):
    missing, given_up = (factories.confirmed_course(by=doctor) for _ in range(2))
    first, second = factories.waiting(missing, by=doctor), factories.waiting(given_up, by=doctor)
    factories.booked(missing, room, practitioner=doctor, at=NOW + DAY)
    courses.cancel(given_up, version=given_up.version, by=doctor, at=NOW + DAY)
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.served_at, second.withdrawn_by) == (NOW + DAY, doctor)


def test_who_wants_another_time_still_waits_after_a_missing_session_was_booked(sessions, doctor, room):
    entry = factories.waiting(sessions[0].course, 1, by=doctor)
    give_up(sessions[4], doctor)
    slot = Slot(5, sessions[4].starts_at, room.pk, doctor.pk)
    actions.book_course(sessions[0].course, [slot], by=doctor, at=NOW + DAY, key=uuid4())
    assert Waiting.objects.standing().get() == entry


# Who is offered what


def test_what_becomes_free_is_offered_to_those_whom_it_fits_best_and_held_for_them(
    offered, sessions, doctor, room
):
    hold, offers, entries = offered
    assert [offer.waiting for offer in offers] == entries[:3]
    assert {offer.starts_at for offer in offers} == {sessions[0].starts_at}
    assert (hold.practitioner, hold.room, hold.lapses_at) == (doctor, room, NOW + HALF_AN_HOUR)
    assert list(held().order_by("resource").values_list("resource__practitioner", "resource__room")) == [
        (doctor.pk, None),
        (doctor.pk, None),
        (None, room.pk),
    ]
    assert not FreedTime.objects.exists()


def test_each_is_told_of_its_offer(heard, offered):
    _hold, offers, _entries = offered
    assert heard == [OfferMade(offer.pk, NOW) for offer in offers]


def test_at_most_as_many_are_asked_as_the_clinic_set_those_who_gain_most_first(sessions, others, doctor):
    Clinic.objects.update(offer_to=2, offer_minutes=45)
    entries = others(6)
    give_up(sessions[0], doctor)
    [hold] = offer_all()
    assert [offer.waiting for offer in hold.offers.order_by("pk")] == [entries[5], entries[0]]
    assert hold.lapses_at == NOW + 45 * MINUTE


def test_nobody_waits_so_nothing_is_noted(sessions, doctor):
    give_up(sessions[0], doctor)
    assert not FreedTime.objects.exists()


def test_nothing_is_held_where_it_fits_nobody(sessions, others, doctor):
    others(2, latest=NOW.date())
    give_up(sessions[0], doctor)
    assert offer_all() == []
    assert not FreedTime.objects.exists()
    assert not Hold.objects.exists()


def test_who_may_not_be_booked_now_is_not_asked(sessions, others, doctor):
    first, second = others(2)
    stop(first.course.patient, doctor)
    give_up(sessions[0], doctor)
    [hold] = offer_all()
    assert [offer.waiting for offer in hold.offers.all()] == [second]


def stop(patient, by):
    """The patient is pregnant."""
    interview(patient, by=by, answers={"pregnancy": "current"})


def test_lifted_absences_are_offered_too(sessions, others, doctor, clinic_admin):
    """A whole free day is offered piece by piece, and nobody is asked twice."""
    entries = others(2, earliest=NOW.date() + 2 * DAY, latest=NOW.date() + 2 * DAY)
    begin, until = absences.days_span(NOW.date() + 2 * DAY, NOW.date() + 2 * DAY)
    away = Absence(practitioner=doctor, starts_at=begin, ends_at=until, kind="leave")
    absences.record(away, by=clinic_admin, at=NOW)
    absences.lift(away, by=clinic_admin, at=NOW)
    [hold] = offer_all()
    assert [offer.waiting for offer in hold.offers.order_by("pk")] == entries
    assert {offer.starts_at for offer in hold.offers.all()} == {on_day(2, 8)}


def on_day(days, hour):
    return wall(NOW.date() + days * DAY, dt.time(hour), NOW.tzinfo)


def test_a_missing_session_is_offered_and_booked_alone(sessions, doctor, room):
    course = factories.confirmed_course(by=doctor)
    entry = factories.waiting(course, by=doctor)
    give_up(sessions[0], doctor)
    [hold] = offer_all()
    session = actions.say_yes(hold.offers.get(), desk=doctor, at=NOW)
    assert (session.course, session.number, session.starts_at) == (course, 1, sessions[0].starts_at)
    assert course.sessions.count() == 1
    entry.refresh_from_db()
    assert entry.served_at == NOW


def test_an_earlier_time_that_overlaps_the_one_they_have_is_offered_and_taken(doctor, room):
    """Half past nine, for who has a quarter past ten: nobody is in their way but they themselves."""
    kind = DeviceKind.objects.create(name="Gun")
    Device.objects.create(kind=kind, name="Gun")
    first, mine, third = [factories.confirmed_course(by=doctor, sessions=1) for _ in range(3)]
    Requirement.objects.create(technique=mine.technique, kind=kind)
    start = on_day(1, 9)

    def book(course, minutes):
        slot = Slot(1, start + minutes * MINUTE, room.pk)
        actions.book_course(course, [slot], practitioner=doctor, by=doctor, at=NOW, key=uuid4())

    for course, minutes in ((first, 0), (mine, 75), (third, 150)):
        book(course, minutes)
    for course in (mine, third):
        factories.waiting(course, by=doctor, not_before=dt.time(9, 30))
    give_up(first.sessions.get(), doctor)
    [hold] = offer_all()
    [offer] = hold.offers.all()
    assert (offer.waiting.course, offer.starts_at) == (mine, start + HALF_AN_HOUR)
    [in_room] = held().filter(resource__room=room)
    assert in_room.ends_at == start + 75 * MINUTE, "the rest they have already"
    with pytest.raises(refusals.SlotTaken):
        book(factories.confirmed_course(by=doctor, sessions=1), 0)
    session = actions.say_yes(offer, desk=doctor, at=NOW)
    assert (session.starts_at, session.course) == (start + HALF_AN_HOUR, mine)


def test_asking_costs_no_more_queries_when_more_wait(sessions, others, doctor):
    def asked():
        freed = FreedTime.objects.create(
            resources=list(sessions[1].reservations.values_list("resource", flat=True)),
            begin=on_day(3, 12),
            until=on_day(3, 13),
            freed_at=NOW,
        )
        with CaptureQueriesContext(connection) as queries:
            crowd = Crowd.gather((freed.begin, freed.until), Clinic.current(), at=NOW)
            found = best(crowd, freed, at=NOW, soonest=NOW + HALF_AN_HOUR)
        return len(queries), len(found)

    others(1)
    few, one = asked()
    Waiting.objects.update(withdrawn_at=NOW, withdrawn_by=doctor)
    for nth in range(4):
        factories.waiting(factories.confirmed_course(by=doctor), by=doctor, at=NOW + nth * MINUTE)
    asked()  # makes the resources of patients who were never booked
    many, three = asked()
    assert (one, three) == (1, 3)
    assert many <= few


# Answers


def test_yes_moves_the_session_and_ends_the_waiting_and_the_others_are_told(offered, sessions, doctor, heard):
    hold, offers, entries = offered
    moved = actions.say_yes(offers[1], desk=None, at=NOW + MINUTE)
    assert (moved.course, moved.starts_at) == (entries[1].course, sessions[0].starts_at)
    states = list(hold.offers.order_by("pk").values_list("state", "settled_at", "desk"))
    assert states == [("lost", NOW + MINUTE, None), ("yes", NOW + MINUTE, None), ("lost", NOW + MINUTE, None)]
    assert heard == [OfferLost(offers[0].pk, NOW + MINUTE), OfferLost(offers[2].pk, NOW + MINUTE)]
    assert not held().exists()
    assert {entry.pk for entry in Waiting.objects.standing()} == {entries[0].pk, entries[2].pk}


def test_what_the_winner_had_is_offered_to_the_next(offered, doctor):
    _hold, offers, entries = offered
    actions.say_yes(offers[2], desk=doctor, at=NOW)
    [freed] = FreedTime.objects.all()
    assert freed.begin == entries[2].course.sessions.get(number=1).starts_at + 7 * DAY + dt.timedelta(hours=2)


def test_a_second_yes_is_too_late_and_changes_nothing(offered, doctor):
    _hold, offers, _entries = offered
    actions.say_yes(offers[0], desk=doctor, at=NOW)
    before = list(Session.objects.order_by("pk").values_list("pk", "starts_at", "version"))
    for offer in offers:
        with pytest.raises(actions.OfferGone):
            actions.say_yes(offer, desk=doctor, at=NOW)
        with pytest.raises(actions.OfferGone):
            actions.say_no(offer, desk=doctor, at=NOW)
    assert list(Session.objects.order_by("pk").values_list("pk", "starts_at", "version")) == before


def test_a_no_leaves_the_time_to_the_others_and_the_last_no_passes_it_on(sessions, others, doctor):
    entries = others(4)
    give_up(sessions[0], doctor)
    [hold] = offer_all()
    for offer in hold.offers.order_by("pk")[:2]:
        actions.say_no(offer, desk=doctor, at=NOW)
        assert held().exists()
        assert not FreedTime.objects.exists()
    actions.say_no(hold.offers.get(state="open"), desk=None, at=NOW)
    assert not held().exists()
    [following] = offer_all()
    assert [offer.waiting for offer in following.offers.all()] == [entries[3]]
    assert following.offers.get().starts_at == sessions[0].starts_at


def test_nobody_is_asked_about_the_same_time_again(offered, doctor):
    hold, _offers, _entries = offered
    offering.lapse(hold, at=NOW + HALF_AN_HOUR)
    assert offer_all(NOW + HALF_AN_HOUR) == []
    assert not held().exists()


def test_a_yes_after_the_hold_has_lapsed_is_too_late(offered, doctor):
    _hold, offers, _entries = offered
    with pytest.raises(actions.OfferGone):
        actions.say_yes(offers[0], desk=doctor, at=NOW + HALF_AN_HOUR)


def test_a_lapsed_hold_is_let_go_by_the_tick_once(offered, time_machine):
    hold, _offers, _entries = offered
    time_machine.move_to(NOW + HALF_AN_HOUR, tick=False)
    tasks.tick()
    hold.refresh_from_db()
    assert hold.ended_at == NOW + HALF_AN_HOUR
    assert set(hold.offers.values_list("state", flat=True)) == {"lapsed"}
    assert not held().exists()
    tasks.tick()
    assert Hold.objects.count() == 1


def test_what_was_offered_to_a_course_that_is_given_up_goes_on_with_the_next_tick(
    offered, doctor, time_machine
):
    time_machine.move_to(NOW, tick=False)
    hold, _offers, entries = offered
    for entry in entries:
        courses.cancel(entry.course, version=entry.course.version, by=doctor, at=NOW)
    tasks.tick()
    hold.refresh_from_db()
    assert hold.ended_at == NOW
    assert set(hold.offers.values_list("state", flat=True)) == {"void"}
    assert not held().exists()


@pytest.mark.parametrize("how", ["died", "recorded twice"])
def test_what_is_offered_to_a_record_that_ends_is_withdrawn_at_once_and_goes_to_the_next(
    sessions, others, doctor, heard, how
):
    Clinic.objects.update_or_create(pk=1, defaults={"offer_to": 1})
    first, second = others(2)
    give_up(sessions[0], doctor)
    [hold] = offer_all()
    assert hold.offers.get().waiting == first
    end_record(first.course.patient, doctor, how)
    hold.refresh_from_db()
    assert (hold.ended_at, hold.offers.get().state) == (NOW, "void")
    [anew] = offer_all()
    assert anew.offers.get().waiting == second
    assert [(type(event), event.offer_id) for event in heard] == [
        (OfferMade, hold.offers.get().pk),
        (OfferMade, anew.offers.get().pk),
    ]


def end_record(patient, by, how):
    if how == "died":
        note_death(patient, NOW.date(), by=by, at=NOW)
        return
    Session.objects.filter(course__patient=patient).update(state="missed", missed_at=NOW, missed_by=by)
    goes_on = person_of(by=by, name=patient.name, birth_date=patient.birth_date)
    close_as_duplicate(patient, goes_on, by=by, at=NOW)


def test_who_else_was_offered_the_time_keeps_the_offer(offered, doctor):
    hold, offers, entries = offered
    note_death(entries[0].course.patient, NOW.date(), by=doctor, at=NOW)
    hold.refresh_from_db()
    assert hold.ended_at is None
    assert held().exists()
    assert [offer.state for offer in hold.offers.order_by("pk")] == ["void", "open", "open"]
    with pytest.raises(actions.OfferGone):
        actions.say_yes(offers[0], desk=doctor, at=NOW)


def test_an_offer_to_a_record_that_was_ended_by_sql_ends_with_the_next_tick(offered, time_machine):
    time_machine.move_to(NOW, tick=False)
    hold, _offers, entries = offered
    Patient.objects.filter(pk=entries[0].course.patient_id).update(died_on=NOW.date())
    tasks.tick()
    assert [offer.state for offer in hold.offers.order_by("pk")] == ["void", "open", "open"]


def test_one_that_goes_wrong_does_not_stop_the_tick(db, monkeypatch, caplog):
    asked = []

    def wrong(what, *, at):
        asked.append(what)
        raise RuntimeError("somebody's name")

    monkeypatch.setattr(offering, "offer_freed", wrong)
    rows = [
        FreedTime.objects.create(resources=[], begin=NOW, until=NOW + DAY, freed_at=NOW + nth * MINUTE)
        for nth in range(2)
    ]
    tasks.tick()
    assert asked == [row.pk for row in rows]
    assert [record.getMessage() for record in caplog.records] == ["waiting list: RuntimeError"] * 2


def test_what_is_held_cannot_be_booked_and_lapsed_it_can_without_any_tick(offered, sessions, doctor, room):
    course = factories.confirmed_course(by=doctor, sessions=1)
    slots = [Slot(1, sessions[0].starts_at, room.pk, doctor.pk)]
    with pytest.raises(refusals.SlotTaken):
        actions.book_course(course, slots, by=doctor, at=NOW + HALF_AN_HOUR - MINUTE, key=uuid4())
    actions.book_course(course, slots, by=doctor, at=NOW + HALF_AN_HOUR, key=uuid4())
    assert not held().exists()
    offering.lapse(offered[0], at=NOW + HALF_AN_HOUR)
    assert offer_all(NOW + HALF_AN_HOUR) == []


def test_an_absence_reaches_over_what_was_held_once_it_is_let_go(offered, sessions, doctor, clinic_admin):
    hold, offers, _entries = offered
    begin, until = absences.days_span(NOW.date() + DAY, NOW.date() + DAY)
    absences.record(
        Absence(practitioner=doctor, starts_at=begin, ends_at=until, kind="leave"), by=clinic_admin, at=NOW
    )
    with pytest.raises(refusals.SlotTaken):
        actions.say_yes(offers[0], desk=doctor, at=NOW)
    offers[0].refresh_from_db()
    assert offers[0].state == "void"
    offering.lapse(hold, at=NOW + HALF_AN_HOUR)
    away = Reservation.objects.filter(why="absence", resource__practitioner=doctor)
    assert sum((row.ends_at - row.starts_at for row in away), dt.timedelta()) == DAY


def test_a_yes_of_who_may_not_be_treated_any_more_is_refused_and_the_time_goes_to_the_others(offered, doctor):
    hold, offers, entries = offered
    stop(entries[0].course.patient, doctor)
    before = entries[0].course.sessions.get(number=1).starts_at
    with pytest.raises(refusals.NotBookable):
        actions.say_yes(offers[0], desk=doctor, at=NOW)
    assert entries[0].course.sessions.get(number=1).starts_at == before
    assert list(hold.offers.order_by("pk").values_list("state", flat=True)) == ["void", "open", "open"]
    assert held().exists()


def test_an_offer_for_a_session_that_was_moved_meanwhile_is_void(offered, doctor, room):
    _hold, offers, entries = offered
    session = entries[0].course.sessions.get(number=1)
    actions.move_session(
        session,
        starts_at=session.starts_at + DAY,
        practitioner=doctor,
        room=room,
        version=session.version,
        by=doctor,
        at=NOW,
    )
    with pytest.raises(ChangedMeanwhile):
        actions.say_yes(offers[0], desk=doctor, at=NOW)
    offers[0].refresh_from_db()
    assert offers[0].state == "void"


def test_who_is_taken_off_the_list_loses_the_offer_and_the_last_passes_it_on(sessions, others, doctor):
    Clinic.objects.update(offer_to=1)
    entries = others(2)
    give_up(sessions[0], doctor)
    [hold] = offer_all()
    actions.withdraw(entries[0], by=doctor, at=NOW)
    assert hold.offers.get().state == "void"
    assert not held().exists()
    assert FreedTime.objects.count() == 1


def test_a_token_opens_its_offer_while_it_can_be_answered_and_is_kept_as_a_hash(offered, doctor):
    _hold, offers, _entries = offered
    token = actions.mint_token(offers[0].pk, at=NOW)
    assert Offer.objects.by_token(token).get() == offers[0]
    offers[0].refresh_from_db()
    assert token not in str(offers[0].token_hashes)
    actions.say_yes(offers[0], desk=doctor, at=NOW)
    for offer in offers:
        with pytest.raises(actions.OfferGone):
            actions.mint_token(offer.pk, at=NOW)
