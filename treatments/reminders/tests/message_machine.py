"""Sessions are booked, moved, given up and missed, patients change their minds, time passes; and what must hold then.

What holds is worked out here anew from the sessions and from what was sent, not asked of the code that promises.
"""

import datetime as dt
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from clinic.versions import ChangedMeanwhile
from conftest import NOW
from patients.events import PatientChanged
from patients.models import Patient
from treatments.reminders import kinds
from treatments.reminders.models import Message, MessageWish, Topic
from treatments.reminders.tests.factories import announce
from treatments.schedule import actions, refusals, rules
from treatments.schedule.models import Session
from treatments.schedule.rules import Slot

DAY, HOUR, MINUTE = dt.timedelta(days=1), dt.timedelta(hours=1), dt.timedelta(minutes=1)
REFUSED = (refusals.NotBookable, refusals.WrongTimes, refusals.SlotTaken, ChangedMeanwhile)
BEFORE, TOLD = ("reminder", "precare", "recheck"), ("booked", "moved", "cancelled")
pick = st.integers(0, 7)
days, hours = st.integers(1, 12), st.sampled_from([10, 14, 16])
pauses = st.sampled_from([MINUTE, 10 * MINUTE, HOUR, 5 * HOUR, 11 * HOUR, DAY, 3 * DAY])


class World:
    """A doctor, a room, and two courses of one patient beside one of another."""

    def __init__(self, doctor, room, courses):
        self.doctor, self.room, self.courses = doctor, room, courses


class Messages(RuleBasedStateMachine):
    """What people do, in any order, with a sender that is always there."""

    world: World

    def __init__(self):
        super().__init__()
        self.now, self.wished = NOW, set()  # the patients who ever said what they do not want
        self.since: dict[int, dt.datetime] = {}  # when the session was booked or last went elsewhere
        self.reminded: list[tuple[int, dt.datetime, int]] = []
        self.told: dict[
            int, dt.datetime | None
        ] = {}  # what the patient believes; None: it does not take place
        self.all = transaction.atomic()
        self.all.__enter__()

    def teardown(self):
        transaction.set_rollback(True)
        self.all.__exit__(None, None, None)

    def booked(self, number):
        rows = list(Session.objects.booked().order_by("pk"))
        return rows[number % len(rows)] if rows else None

    def change(self, do):
        """Do it or have it refused; note which sessions start at another time since."""
        before = dict(Session.objects.values_list("pk", "starts_at"))
        try:
            with transaction.atomic():
                do()
        except REFUSED:
            return
        for pk, starts_at in Session.objects.values_list("pk", "starts_at"):
            if before.get(pk) != starts_at:
                self.since[pk] = self.now

    def moment(self, day, hour):
        date = timezone.localdate(self.now) + day * DAY
        return rules.wall(date, dt.time(hour), timezone.get_default_timezone())

    def moved(self, session, starts_at):
        return actions.Change(session, session.version, starts_at, self.world.doctor, session.room)

    # What people do

    @rule(number=pick, day=days, hour=hours)
    def book(self, number, day, hour):
        course = self.world.courses[number % 3]
        missing = {1, 2, 3} - set(course.sessions.standing().values_list("number", flat=True))
        slots = [Slot(n, self.moment(day + 7 * n, hour), self.world.room.pk) for n in sorted(missing)]
        who = self.world.doctor
        said = {"practitioner": who, "by": who, "at": self.now, "key": uuid4(), "interval_reason": "so"}
        self.change(lambda: actions.book_course(course, slots, **said) if slots else None)

    @rule(number=pick, day=days, hour=hours)
    def move(self, number, day, hour):
        if session := self.booked(number):
            self.rearrange([self.moved(session, self.moment(day, hour))])

    @rule(one=pick, two=pick)
    def swap(self, one, two):
        first, second = self.booked(one), self.booked(two)
        if first and second and first != second:
            self.rearrange([self.moved(first, second.starts_at), self.moved(second, first.starts_at)])

    def rearrange(self, changes):
        said = {"by": self.world.doctor, "at": self.now, "interval_reason": "so"}
        self.change(lambda: actions.rearrange(changes, **said))

    @rule(number=pick)
    def cancel(self, number):
        if session := self.booked(number):
            said = {"reason": "so", "version": session.version, "by": self.world.doctor, "at": self.now}
            self.change(lambda: actions.cancel_session(session, **said))

    @rule()
    def miss(self):
        for session in Session.objects.booked().filter(starts_at__lte=self.now):
            said = {"version": session.version, "by": self.world.doctor, "at": self.now}
            self.change(lambda session=session, said=said: actions.miss(session, **said))

    @rule(number=pick, topic=st.sampled_from(Topic.values), wanted=st.booleans())
    def wish(self, number, topic, wanted):
        patient = self.world.courses[number % 3].patient_id
        MessageWish.objects.create(
            patient_id=patient, topic=topic, wanted=wanted, how="link", said_at=self.now
        )
        self.wished.add(patient)
        announce(PatientChanged(patient, self.now))

    @rule(number=pick)
    def other_channel(self, number):
        patient = Patient.objects.get(pk=self.world.courses[number % 3].patient_id)
        channel = "sms" if patient.channel == "email" else "email"
        Patient.objects.filter(pk=patient.pk).update(channel=channel)
        announce(PatientChanged(patient.pk, self.now))

    @rule(pause=pauses)
    def wait(self, pause):
        until = self.now + pause
        while next_one := Message.objects.filter(state="due", try_at__lte=until).order_by("try_at").first():
            self.now = max(self.now, next_one.try_at)
            self.send()
        self.now = until

    def send(self):
        """All that is due at this moment, truth first."""
        due = list(Message.objects.filter(state="due", try_at__lte=self.now).order_by("try_at", "pk"))
        needless = kinds.needless(due, at=self.now)
        for one in due:
            one.state, one.why = ("suppressed", "so") if one.pk in needless else ("sent", "")
            one.sent_at = self.now if one.state == "sent" else None
            one.save()
            if one.state == "sent":
                self.received(one)

    def received(self, one):
        assert one.not_after >= self.now
        if one.kind == "reminder":
            self.reminded.append((one.session_id, one.session.starts_at, one.step))
        for session in Session.objects.filter(pk__in=one.about):
            if one.kind == "cancelled" and session.state == "cancelled":
                self.told[session.pk] = None
            elif one.kind != "cancelled" and session.state == "booked" and session.starts_at > self.now:
                self.told[session.pk] = session.starts_at

    # What must hold

    def expected(self, session):
        """{step: when} of the reminders that are still to come: two days before, and three hours or at eight."""
        local = timezone.localtime(session.starts_at)
        first = rules.wall(local.date() - 2 * DAY, local.time(), local.tzinfo)
        second = rules.wall(local.date(), dt.time(max(local.hour - 3, 8)), local.tzinfo)
        soon = self.since[session.pk] + 6 * HOUR
        return {step: at for step, at in ((1, first), (2, second)) if at >= soon and at > self.now}

    @invariant()
    def every_session_to_come_has_its_reminders_and_no_other_has_any(self):
        due = Message.objects.filter(state="due", kind="reminder")
        for session in Session.objects.select_related("course__patient"):
            rows = [(one.step, one.due_at) for one in due.filter(session=session)]
            goes = self.expected(session) if session.state == "booked" else {}
            wanted = MessageWish.objects.standing(session.course.patient_id).get("reminders", True)
            if not wanted:
                assert not rows
            elif session.course.patient_id in self.wished:  # what was due while they were not wanted is gone
                assert set(rows) <= set(goes.items())
            else:
                assert sorted(rows) == sorted(goes.items()), f"{session} has {rows}, not {goes}"

    @invariant()
    def nobody_is_reminded_twice(self):
        assert len(self.reminded) == len(set(self.reminded))

    @invariant()
    def what_waits_is_wanted_and_goes_the_patients_way(self):
        for one in Message.objects.filter(state="due").select_related("patient", "session"):
            assert one.channel == one.patient.channel
            assert MessageWish.objects.standing(one.patient_id).get(kinds.topic_of(one.kind), True)
            assert one.kind not in BEFORE or one.session.state == "booked", "goes before no session"

    @invariant()
    def once_all_letters_went_the_patient_knows_what_is_so(self):
        for course in self.world.courses:
            open_letters = Message.objects.filter(course=course, kind__in=TOLD, state="due")
            if course.patient_id in self.wished or open_letters.exists():
                continue
            for session in course.sessions.filter(starts_at__gt=self.now):
                believed = self.told.get(session.pk)
                so = session.starts_at if session.state == "booked" else None
                assert believed == so, f"{session}: believes {believed}, it is {so}"
