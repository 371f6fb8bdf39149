"""Booking over others on purpose: by whom, over what, what is written, and what holds all the same."""

import datetime as dt
import threading
from uuid import uuid4

import pytest
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import User
from clinic.tests.processes import wait_or_end
from clinic.tests.thorough import examples
from conftest import NOW
from treatments.schedule import actions, refusals
from treatments.schedule.actions import Change, booking, squeezing
from treatments.schedule.away import absences
from treatments.schedule.models import (
    Device,
    DeviceKind,
    Hold,
    Requirement,
    Reservation,
    ReservationWhy,
    Session,
)
from treatments.schedule.overlapping.meetings import meetings
from treatments.schedule.resources import resource_of
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_races import at_once

pytestmark = pytest.mark.django_db
MINUTE = dt.timedelta(minutes=1)
TOMORROW = NOW.replace(hour=10, minute=0) + dt.timedelta(days=1)
# Independent of the code: pairs of a resource that overlap without anybody having said so.
UNSAID = """
SELECT count(*) FROM schedule_reservation a JOIN schedule_reservation b
ON a.id < b.id AND a.resource_id = b.resource_id AND a.period && b.period
WHERE NOT a.squeezed AND NOT b.squeezed
"""
# Nobody is in two places at once, no reason is missing, nothing but sessions is booked over or squeezed.
WRONG = """
SELECT count(*) FROM schedule_reservation a JOIN schedule_resource r ON r.id = a.resource_id
WHERE a.squeezed AND (r.patient_id IS NOT NULL OR a.session_id IS NULL OR a.squeeze_reason = ''
    OR a.squeezed_by_id IS NULL)
"""


def count(sql: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def sound() -> bool:
    return count(UNSAID) == 0 and count(WRONG) == 0


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def allowed(doctor):
    """A doctor at work who may book over others."""
    factories.working_hours(doctor)
    User.objects.filter(pk=doctor.pk).update(may_overlap=True)
    doctor.refresh_from_db()
    return doctor


def book(doctor, room, *, starts_at=TOMORROW, by=None, reason="", shown=None, course=None) -> Session:
    course = course or factories.confirmed_course(by=doctor, sessions=1)
    [session] = actions.book_course(
        course,
        [Slot(1, starts_at, room.pk)],
        practitioner=doctor,
        by=by or doctor,
        at=NOW,
        key=uuid4(),
        squeeze_reason=reason,
        shown=shown,
    )
    return session


def move(session, starts_at, *, by, reason="", room=None, who=None):
    session.refresh_from_db()
    change = Change(session, session.version, starts_at, who or session.practitioner, room or session.room)
    [row] = actions.rearrange([change], by=by, at=NOW, squeeze_reason=reason)
    return row


def squeezed(session) -> set[str]:
    """The things of a session that are booked over others."""
    rows = session.reservations.filter(squeezed=True).select_related("resource")
    kinds = ("practitioner", "room", "device", "patient")
    return {kind for row in rows for kind in kinds if getattr(row.resource, f"{kind}_id")}


# What is written


def test_what_meets_others_is_booked_over_them_with_reason_and_person(allowed, room):
    book(allowed, room)
    over = book(allowed, room, reason="  A child with a fever  ")
    assert squeezed(over) == {"practitioner", "room"}
    rows = over.reservations.filter(squeezed=True)
    assert {(row.squeeze_reason, row.squeezed_by) for row in rows} == {("A child with a fever", allowed)}
    assert squeezed(Session.objects.exclude(pk=over.pk).get()) == set()
    assert sound()


def test_what_meets_nobody_stays_under_the_constraint(allowed, room):
    book(allowed, room)
    over = book(allowed, factories.room("Room 2"), reason="urgent")
    assert squeezed(over) == {"practitioner"}
    alone = book(allowed, room, starts_at=TOMORROW + 240 * MINUTE, reason="urgent")
    assert squeezed(alone) == set()


def test_a_device_is_booked_over_only_where_none_is_free(allowed, room):
    kind = DeviceKind.objects.create(name="Gun", cleanup_minutes=0)
    course = factories.confirmed_course(by=allowed, sessions=1)
    Requirement.objects.create(kind=kind, technique=course.technique)
    Device.objects.create(name="One", kind=kind)
    book(allowed, room, course=course)
    assert squeezed(book(allowed, room, reason="urgent")) == {"practitioner", "room", "device"}
    Device.objects.create(name="Two", kind=kind)
    assert squeezed(book(allowed, room, reason="urgent")) == {"practitioner", "room"}


def test_moved_to_free_time_it_is_an_overlap_no_more(allowed, room):
    book(allowed, room)
    over = book(allowed, room, reason="urgent")
    moved = move(over, TOMORROW + 120 * MINUTE, by=allowed)
    assert squeezed(moved) == set()
    assert squeezed(move(moved, TOMORROW + 15 * MINUTE, by=allowed, reason="again")) == {
        "practitioner",
        "room",
    }
    assert sound()


def test_a_history_is_kept_of_overlaps_and_of_nothing_else(allowed, room):
    OverlapEvent = apps.get_model("schedule", "OverlapEvent")
    below = book(allowed, room)
    assert not OverlapEvent.objects.exists()
    over = book(allowed, room, reason="urgent")
    actions.cancel_session(over, reason="x", version=1, by=allowed, at=NOW)
    said = set(OverlapEvent.objects.values_list("pgh_label", "session", "squeeze_reason", "squeezed_by"))
    assert said == {(label, over.pk, "urgent", allowed.pk) for label in ("insert", "delete")}
    actions.cancel_session(below, reason="x", version=1, by=allowed, at=NOW)
    assert OverlapEvent.objects.exclude(session=over.pk).count() == 0


# Who and over what


def test_nobody_books_over_others_without_the_permission(allowed, room, front_desk):
    book(allowed, room)
    with pytest.raises(PermissionDenied):
        book(allowed, room, by=front_desk, reason="please")
    assert Session.objects.count() == 1


def test_nor_without_a_reason(allowed, room):
    book(allowed, room)
    with pytest.raises(refusals.SlotTaken):
        book(allowed, room, reason="   ")
    assert Session.objects.count() == 1


def test_the_patient_is_never_in_two_places(allowed, room):
    first = book(allowed, room)
    same = factories.confirmed_course(by=allowed, sessions=1, patient=first.course.patient)
    with pytest.raises(refusals.SlotTaken):
        book(allowed, factories.room("Room 2"), course=same, reason="urgent")
    assert Session.objects.count() == 1


def held_for_somebody(doctor, room) -> Hold:
    """Time that was offered to who waits for it, for half an hour."""
    return Hold.objects.create(
        practitioner=doctor,
        room=room,
        begin=TOMORROW,
        until=TOMORROW + 60 * MINUTE,
        made_at=NOW,
        lapses_at=NOW + 30 * MINUTE,
    )


@pytest.mark.parametrize("why", [ReservationWhy.ABSENCE, ReservationWhy.CLOSED, ReservationWhy.OFFER])
@pytest.mark.parametrize("kind", ["practitioner", "room"])
def test_absences_closings_and_what_is_held_for_the_waiting_list_are_never_booked_over(
    allowed, room, why, kind
):
    resource, period = (
        resource_of(allowed if kind == "practitioner" else room),
        (TOMORROW, TOMORROW + 60 * MINUTE),
    )
    hold = held_for_somebody(allowed, room) if why == ReservationWhy.OFFER else None
    Reservation.objects.create(resource=resource, why=why, period=period, hold=hold)
    with pytest.raises(refusals.SlotTaken):
        book(allowed, room, reason="urgent")
    assert not Session.objects.exists()


def test_nor_an_absence_that_the_other_session_stands_in(allowed, room):
    book(allowed, room)
    absences.ill_today(allowed, by=allowed, at=TOMORROW)
    with pytest.raises(refusals.SlotTaken):
        book(allowed, room, reason="urgent")
    assert Session.objects.count() == 1


def test_working_hours_hold_for_everybody(allowed, room):
    with pytest.raises(refusals.WrongTimes):
        book(allowed, room, starts_at=TOMORROW.replace(hour=17, minute=30), reason="urgent")


def test_only_what_was_shown_is_booked_over(allowed, room):
    shown = book(allowed, room)
    also = book(allowed, factories.room("Room 2"), starts_at=TOMORROW + 75 * MINUTE)
    with pytest.raises(refusals.SlotTaken):
        book(allowed, room, starts_at=TOMORROW + 30 * MINUTE, reason="urgent", shown=[shown.pk])
    both = [shown.pk, also.pk]
    assert book(allowed, room, starts_at=TOMORROW + 30 * MINUTE, reason="urgent", shown=both)


# What happens to it


def test_its_time_is_taken_for_everybody_else(allowed, room):
    below = book(allowed, room)
    book(allowed, room, reason="urgent")
    actions.cancel_session(below, reason="x", version=1, by=allowed, at=NOW)
    with pytest.raises(refusals.SlotTaken):
        book(allowed, room)


def test_when_the_one_below_goes_the_constraint_holds_it_again(allowed, room):
    below = book(allowed, room)
    first, second = (book(allowed, room, reason=why) for why in ("first", "second"))
    actions.cancel_session(below, reason="x", version=1, by=allowed, at=NOW)
    assert squeezed(first) == set()
    assert squeezed(second) == {"practitioner", "room"}
    assert sound()


def test_while_it_still_meets_somebody_it_stays_an_overlap(allowed, room):
    below = book(allowed, room)
    book(allowed, factories.room("Room 2"), starts_at=TOMORROW + 75 * MINUTE)
    over = book(allowed, room, starts_at=TOMORROW + 30 * MINUTE, reason="urgent")
    actions.cancel_session(below, reason="x", version=1, by=allowed, at=NOW)
    assert squeezed(over) == {"practitioner"}
    assert sound()


def test_an_absence_lists_it_and_reaches_under_it(allowed, room, clinic_admin):
    below, over = book(allowed, room), book(allowed, room, reason="urgent")
    absence = absences.ill_today(allowed, by=clinic_admin, at=TOMORROW)
    assert set(Session.objects.met_by(absence)) == {below, over}
    for session in (below, over):
        session.refresh_from_db()
        actions.cancel_session(session, reason="ill", version=session.version, by=allowed, at=NOW)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT range_agg(period) = %s::tstzmultirange FROM schedule_reservation WHERE resource_id = %s",
            [f"{{[{absence.starts_at.isoformat()},{absence.ends_at.isoformat()})}}", resource_of(allowed).pk],
        )
        assert cursor.fetchone() == (True,)
    assert sound()


def test_an_absence_that_is_lifted_lets_the_constraint_hold_it_again(allowed, room, clinic_admin):
    below, over = book(allowed, room), book(allowed, room, reason="urgent")
    absence = absences.ill_today(allowed, by=clinic_admin, at=TOMORROW)
    actions.cancel_session(below, reason="x", version=1, by=allowed, at=NOW)
    assert squeezed(over) == {"practitioner"}
    absences.lift(absence, by=clinic_admin, at=NOW)
    assert squeezed(over) == set()
    assert sound()


def test_meetings_say_why(allowed, room):
    session = book(allowed, room)
    span = (TOMORROW - 60 * MINUTE, TOMORROW + 10 * MINUTE)
    patient = resource_of(session.course.patient)
    found = meetings([(7, resource_of(room).pk, span), (8, patient.pk, span)])
    assert found == [(7, "session", session.pk, False), (8, "session", session.pk, True)]
    assert [one.may_be_squeezed for one in found] == [True, False]
    assert meetings([(7, resource_of(room).pk, span)], but=[session.pk]) == []
    assert meetings([(7, resource_of(room).pk, (TOMORROW - 60 * MINUTE, TOMORROW))]) == []


# At random: whatever is booked, moved and given up, over others or not


@pytest.fixture
def rooms(room):
    return room, factories.room("Room 2")


STEP = st.tuples(
    st.sampled_from(["book", "move", "cancel"]),
    st.integers(0, 12),  # when: quarters of an hour from ten
    st.integers(0, 1),  # where
    st.booleans(),  # over others
    st.integers(0, 5),  # which session
)


@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEP, min_size=4, max_size=9))
def test_no_two_ever_overlap_unless_somebody_said_why(allowed, rooms, steps):
    with transaction.atomic():
        for what, quarter, where, over, which in steps:
            when, there = TOMORROW + quarter * 15 * MINUTE, rooms[where]
            one_step(what, when, there, "urgent" if over else "", which, allowed)
            assert sound()
        transaction.set_rollback(True)


def one_step(what, when, room, reason, which, doctor) -> None:
    booked = list(Session.objects.booked().order_by("pk"))
    session = booked[which % len(booked)] if booked else None
    try:
        if what == "book" or session is None:
            book(doctor, room, starts_at=when, reason=reason)
        elif what == "move":
            move(session, when, by=doctor, reason=reason, room=room)
        else:
            actions.cancel_session(session, reason="x", version=session.version, by=doctor, at=NOW)
    except refusals.SlotTaken:
        assert not reason  # whoever may gets in between sessions of other patients


# At once


OVER_WHOM = """
SELECT DISTINCT b.session_id FROM schedule_reservation a JOIN schedule_reservation b
ON a.id <> b.id AND a.resource_id = b.resource_id AND a.period && b.period AND a.squeezed
"""


def over_whom() -> set[int]:
    """The sessions that others are booked over."""
    with connection.cursor() as cursor:
        cursor.execute(OVER_WHOM)
        return {pk for (pk,) in cursor.fetchall()}


@pytest.mark.django_db(transaction=True)
def test_of_those_who_book_over_the_same_at_once_the_others_learn_of_the_first(allowed, room):
    below = book(allowed, room)
    crowd = [factories.confirmed_course(by=allowed, sessions=1) for _ in range(4)]
    results = at_once(
        *[
            lambda course=course: book(allowed, room, course=course, reason="x", shown=[below.pk])
            for course in crowd
        ]
    )
    kinds = sorted(type(outcome).__name__ for outcome, _took in results)
    assert kinds == ["Session", *["SlotTaken"] * 3]
    assert over_whom() == {below.pk}
    assert sound()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locks", [True, False], ids=["with locks", "without locks, the control"])
def test_nobody_gets_under_what_is_being_booked_over_others(allowed, room, monkeypatch, locks):
    """What is booked over others is outside the constraint, so only the locks keep others away from it."""
    below, course = book(allowed, room), factories.confirmed_course(by=allowed, sessions=1)
    looked, gone = threading.Event(), threading.Event()
    if not locks:
        for module in ("checks", "places"):
            monkeypatch.setattr(f"treatments.schedule.{module}.lock_resources", lambda resources: None)

    def slowly(chosen, pools, wish):
        there = squeezing.placed(chosen, pools, wish)
        if wish:
            looked.set()
            wait_or_end(gone.is_set)
        return there

    def into_the_gap():
        assert looked.wait(60)
        try:
            actions.cancel_session(below, reason="x", version=1, by=allowed, at=NOW)
            return book(allowed, room, course=course)
        finally:
            gone.set()

    monkeypatch.setattr(booking, "placed", slowly)
    [(over, _took), (other, _took)] = at_once(
        lambda: book(allowed, room, reason="urgent", shown=[below.pk]), into_the_gap
    )
    assert isinstance(over, Session)
    if locks:
        assert isinstance(other, refusals.SlotTaken)
        assert over_whom() == set()
    else:
        assert over_whom() == {other.pk}
