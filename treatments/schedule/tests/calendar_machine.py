"""A calendar in which anything happens in any order, and what must hold after each of it.

What holds is worked out here anew from the rows of the sessions, not asked of the code that books.
"""

import datetime as dt
import itertools
from dataclasses import dataclass
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from clinic.models import Clinic, Room, User
from clinic.versions import ChangedMeanwhile
from conftest import NOW
from treatments.courses.models import Course
from treatments.schedule import actions, refusals, rules
from treatments.schedule.away import absences
from treatments.schedule.models import Absence, AbsenceKind, Reservation, Session, Standing
from treatments.schedule.rules import Slot
from treatments.schedule.tests import factories

DAY, HOUR, MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1)
BEFORE, AFTER, CLEANING = 5, 10, 15
# The day of a face with cream, in minutes: interview and cleansing, 30 in which the cream works, the rest.
ALONE, MINUTES = (10, 40), 75
REFUSED = (
    refusals.NotBookable,
    refusals.WrongTimes,
    refusals.SlotTaken,
    ChangedMeanwhile,
    PermissionDenied,
)
OVERLAPS = """
SELECT one.id, other.id FROM schedule_reservation AS one
JOIN schedule_reservation AS other ON one.resource_id = other.resource_id AND one.id < other.id
JOIN schedule_resource AS resource ON resource.id = one.resource_id
WHERE lower(one.period) < upper(other.period) AND lower(other.period) < upper(one.period)
    AND (resource.patient_id IS NOT NULL OR NOT (one.squeezed OR other.squeezed))
"""
# All of each absence, less what sessions take that are not booked over others.
UNCOVERED = """
WITH away AS (
    SELECT r.id, range_agg(tstzrange(a.starts_at, a.ends_at)) AS spans
    FROM schedule_resource r JOIN schedule_absence a ON a.lifted_at IS NULL
        AND (a.practitioner_id = r.practitioner_id OR a.practitioner_id IS NULL AND r.room_id IS NOT NULL)
    GROUP BY r.id
), session AS (
    SELECT resource_id AS id, range_agg(period) AS spans FROM schedule_reservation
    WHERE why = 'session' AND NOT squeezed GROUP BY 1
), cover AS (
    SELECT resource_id AS id, range_agg(period) AS spans FROM schedule_reservation
    WHERE why IN ('absence', 'closed') GROUP BY 1
)
SELECT r.id FROM schedule_resource r LEFT JOIN away USING (id) LEFT JOIN session USING (id) LEFT JOIN cover USING (id)
WHERE coalesce(away.spans, '{}') - coalesce(session.spans, '{}') <> coalesce(cover.spans, '{}')
"""


@dataclass
class World:
    """Who and what there is; the doctor may book over others, and leave the interval for a reason."""

    doctor: User
    people: list[User]
    rooms: list[Room]
    courses: list[Course]
    clinic_admin: User


def world(doctor, nurse, clinic_admin, technique_needs) -> World:
    """Two practitioners, two rooms, two devices, three courses of three sessions, two of them of one patient."""
    clinic = Clinic.current()
    clinic.buffer_before, clinic.buffer_after = BEFORE, AFTER
    clinic.save()
    for one in (doctor, nurse):
        factories.working_hours(one, weekdays=range(1, 8), starts=dt.time(8), ends=dt.time(18))
    doctor.may_overlap = True
    doctor.save()
    first = factories.confirmed_course(by=doctor, sessions=3)
    others = [factories.confirmed_course(by=doctor, sessions=3, patient=p) for p in (first.patient, None)]
    technique_needs(first, "Pen 1", "Pen 2", cleanup=CLEANING)
    rooms = [factories.room("One"), factories.room("Two")]
    return World(doctor, [doctor, nurse], rooms, [first, *others], clinic_admin)


# Few days and hours, so that much meets.
pick = st.integers(0, 11)
days = st.integers(1, 3)
hours = st.sampled_from([(8, 30), (9, 0), (9, 30), (10, 0), (16, 30)])
gaps = st.sampled_from([21, 21, 21, 14, 35, 40])
reasons = st.sampled_from(["", "", "The patient travels"])
over = st.sampled_from(["", "", "", "It cannot wait"])


class Calendar(RuleBasedStateMachine):
    """What people do, in any order; what was refused must have changed nothing."""

    world: World

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.came: set[int] = set()  # though it had been noted that they did not
        self.all = transaction.atomic()
        self.all.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.all.__exit__(None, None, None)

    def attempt(self, change, **said):
        """Do it, or have it refused and see that nothing changed."""
        before = _everything()
        try:
            return change(**said, at=self.now)
        except REFUSED as refused:
            note(f"refused: {refused!r}")
            assert _everything() == before, "a refusal changed something"
            return None

    def sessions(self, **which):
        return list(Session.objects.filter(**which).order_by("course", "number", "pk"))

    def place(self, number):
        return {
            "practitioner": self.world.people[number % 2],
            "room": self.world.rooms[number // 2 % 2],
        }

    def moment(self, day, hour):
        return rules.wall(day, dt.time(*hour), timezone.get_default_timezone())

    # What people do

    @rule(which=pick, where=pick, day=days, hour=hours, gap=gaps, reason=reasons, squeeze=over)
    def book(self, which, where, day, hour, gap, reason, squeeze):
        """All missing sessions of a course, also of one of which some were cancelled or missed."""
        course = self.world.courses[which % 3]
        standing = {s.number: s for s in self.sessions(course=course, state__in=["booked", "performed"])}
        place, slots = self.place(where), []
        on = timezone.localdate(self.now) + day * DAY
        for number in range(1, 4):
            if number in standing:
                on = timezone.localdate(standing[number].starts_at) + gap * DAY
                continue
            slots.append(Slot(number, self.moment(on, hour), place["room"].pk, place["practitioner"].pk))
            on += gap * DAY
        said = {"key": uuid4(), "interval_reason": reason, "squeeze_reason": squeeze}
        if slots and self.attempt(
            actions.book_course, course=course, slots=slots, by=self.world.doctor, **said
        ):
            numbers = [s.number for s in self.sessions(course=course, state__in=["booked", "performed"])]
            assert numbers == [1, 2, 3], "a course is booked by half"

    @precondition(lambda self: self.sessions(state="booked"))
    @rule(
        which=pick,
        where=pick,
        day=st.sampled_from([0, 0, 1, -1, 2, -2, 7, -8]),
        hour=hours,
        later=st.booleans(),
        added=st.sampled_from([0, 0, 15, 60]),
        reason=reasons,
        squeeze=over,
    )
    def move(self, which, where, day, hour, later, added, reason, squeeze):
        """A session, alone or with all later ones of its course by as many days."""
        booked = self.sessions(state="booked")
        session = booked[which % len(booked)]
        chain = [s for s in booked if s.course_id == session.course_id and s.number > session.number]
        to = self.moment(timezone.localdate(session.starts_at) + day * DAY, hour)
        changes = [actions.Change(session, session.version, to, **self.place(where), added_minutes=added)]
        for one in chain if later else []:
            there = self.moment(timezone.localdate(one.starts_at) + day * DAY, hour)
            changes.append(
                actions.Change(one, one.version, there, one.practitioner, one.room, one.added_minutes)
            )
        said = {"interval_reason": reason, "squeeze_reason": squeeze}
        self.attempt(actions.rearrange, changes=changes, by=self.world.doctor, **said)

    @precondition(lambda self: len(self.sessions(state="booked")) > 1)
    @rule(which=pick, other=pick)
    def swap(self, which, other):
        """Two sessions take each other's place."""
        booked = self.sessions(state="booked")
        one, two = booked[which % len(booked)], booked[other % len(booked)]
        if one != two:
            changes = [
                actions.Change(a, a.version, b.starts_at, b.practitioner, b.room, a.added_minutes)
                for a, b in ((one, two), (two, one))
            ]
            self.attempt(actions.rearrange, changes=changes, by=self.world.doctor)

    @precondition(lambda self: self.sessions(state="booked"))
    @rule(which=pick)
    def cancel(self, which):
        booked = self.sessions(state="booked")
        session = booked[which % len(booked)]
        said = {"reason": "ill", "version": session.version, "by": self.world.doctor}
        self.attempt(actions.cancel_session, session=session, **said)

    @precondition(lambda self: self.sessions(state="booked"))
    @rule()
    def miss(self):
        """The next session begins and nobody comes."""
        session = min(self.sessions(state="booked"), key=lambda one: one.starts_at)
        self.now = max(self.now, session.starts_at + 20 * MINUTE)
        self.attempt(actions.miss, session=session, version=session.version, by=self.world.doctor)

    @precondition(lambda self: self.sessions(state="missed"))
    @rule(which=pick)
    def come_after_all(self, which):
        missed = self.sessions(state="missed")
        session = missed[which % len(missed)]
        said = {"version": session.version, "by": self.world.doctor}
        if self.attempt(actions.come_after_all, session=session, **said):
            self.came.add(session.pk)

    @rule(who=st.integers(0, 2), day=days, weeks=st.sampled_from([0, 0, 3, 6]), length=st.integers(1, 20))
    def be_away(self, who, day, weeks, length):
        """A practitioner is away, or the clinic is closed; some of it for hours, some for days."""
        begin = self.moment(timezone.localdate(self.now) + (day + 7 * weeks) * DAY, (0, 0))
        begin, until = (
            (begin, begin + length * DAY)
            if length < 10
            else (begin + 9 * 60 * MINUTE, begin + length * 60 * MINUTE)
        )
        kind = AbsenceKind.CLOSED if who == 2 else AbsenceKind.LEAVE
        person = None if who == 2 else self.world.people[who]
        row = Absence(practitioner=person, starts_at=begin, ends_at=until, kind=kind)
        self.attempt(absences.record, absence=row, by=self.world.clinic_admin)

    @precondition(lambda self: Absence.objects.standing().exists())
    @rule(which=pick)
    def lift(self, which):
        standing = list(Absence.objects.standing().order_by("pk"))
        self.attempt(absences.lift, absence=standing[which % len(standing)], by=self.world.clinic_admin)

    # What holds

    @invariant()
    def nothing_is_in_two_places(self):
        assert _asked(OVERLAPS) == [], "an overlap that nobody wanted"

    @invariant()
    def reservations_are_what_the_sessions_say(self):
        taken = _taken()
        for session in Session.objects.select_related("course"):
            said = _takes(session) if session.state in ("booked", "performed") else []
            assert taken.get(session.pk, []) == sorted(said), (
                f"{session} ({session.state}) reserves something else"
            )

    @invariant()
    def absences_cover_what_sessions_leave(self):
        assert _asked(UNCOVERED) == [], "an absence does not cover what sessions leave"

    @invariant()
    def a_number_stands_once_and_in_order(self):
        for course in self.world.courses:
            standing = self.sessions(course=course, state__in=["booked", "performed"])
            numbers = [session.number for session in standing]
            assert len(set(numbers)) == len(numbers), "a number stands twice"
            for before, after in itertools.pairwise(standing):
                assert before.starts_at < after.starts_at, "out of order"
                if after.number == before.number + 1:
                    self._interval_holds(course, before, after)

    def _interval_holds(self, course, before, after):
        days = (timezone.localdate(after.starts_at) - timezone.localdate(before.starts_at)).days
        kept = course.interval_min <= days <= course.interval_max
        kept = (
            kept or before.pk in self.came
        )  # what happened is not refused; the later ones may have moved meanwhile
        assert kept or before.interval_reason or after.interval_reason, f"{days} days without a reason"

    @invariant()
    def only_what_is_booked_stands_somehow(self):
        assert not Standing.objects.exclude(session__state="booked").exists()
        assert not Session.objects.booked().filter(standing=None).exists()


def _asked(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()


def _everything():
    """All rows that a refusal must leave as they are."""
    return [
        list(model.objects.order_by("pk").values_list())
        for model in (Session, Reservation, Absence, Standing)
    ]


def _taken():
    """{session: what it reserves, sorted} as (kind, which, from, until); one device is as good as another."""
    found = {}
    for row in Reservation.objects.filter(why="session").select_related("resource"):
        thing = row.resource
        kind = next(k for k in ("practitioner", "room", "patient", "device") if getattr(thing, f"{k}_id"))
        which = 0 if kind == "device" else getattr(thing, f"{kind}_id")
        found.setdefault(row.session_id, []).append((kind, which, row.starts_at, row.ends_at))
    return {pk: sorted(rows) for pk, rows in found.items()}


def _takes(session):
    """What a session must reserve."""
    long = MINUTES + session.added_minutes

    def span(first, last):
        return session.starts_at + first * MINUTE, session.starts_at + last * MINUTE

    return [
        ("practitioner", session.practitioner_id, *span(-BEFORE, ALONE[0])),
        ("practitioner", session.practitioner_id, *span(ALONE[1], long + AFTER)),
        ("room", session.room_id, *span(-BEFORE, long + AFTER)),
        ("patient", session.course.patient_id, *span(0, long)),
        ("device", 0, *span(0, long + CLEANING)),
    ]
