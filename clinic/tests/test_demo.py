"""The demo clinic: believable, complete, the same on the same day, and never where it does not belong."""

import datetime as dt
import hashlib
import io
import json
from collections import Counter
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from clinic.demo import staff
from clinic.demo.seeding import OPENS, seed
from clinic.demo.stories import STORIES
from clinic.management.commands import seed_demo
from clinic.models import User
from clinic.roles import Role
from conftest import NOW, person
from contraindications.models import Draft, Question, Screening, Verdict
from contraindications.screening import recompute
from patients.models import Interview, Patient, Report
from treatments.catalogue.models import Lot, Product
from treatments.courses.models import Course, CourseState
from treatments.reminders.models import Message, MessageState
from treatments.schedule.models import Reservation, Session, SessionState
from treatments.schedule.rules import wall
from treatments.visits.models import Visit

DAY = dt.date(2026, 11, 21)  # a Saturday
OVERLAPPING = """
SELECT count(*) FROM schedule_reservation AS one JOIN schedule_reservation AS other
ON one.resource_id = other.resource_id AND one.id < other.id AND one.period && other.period
"""


def rows() -> dict[str, list]:
    """What a seeding wrote, without ids and without what is random by design (hashes of passwords)."""
    return {
        "staff": sorted(User.objects.values_list("email", "name", "groups__name")),
        "patients": sorted(Patient.objects.values_list("name", "birth_date", "phone", "form_key")),
        "interviews": sorted(map(str, Interview.objects.values_list("saved_at", "answers", "allergies"))),
        "screenings": sorted(Screening.objects.values_list("digest", "at")),
        "courses": sorted(Course.objects.values_list("key", "state", "patient__name", "version")),
        "sessions": sorted(
            Session.objects.values_list("starts_at", "room__name", "practitioner__email", "state")
        ),
        "visits": sorted(Visit.objects.values_list("performed_at", "performed_by__email", "note")),
        "messages": sorted(Message.objects.values_list("due_at", "state", "sent_text", "why", "attempts")),
    }


def digest() -> str:
    return hashlib.sha256(json.dumps(rows(), default=str).encode()).hexdigest()


def look() -> SimpleNamespace:
    """All that the tests ask of a seeded clinic, as plain values."""
    sessions = list(Session.objects.select_related("practitioner", "course"))
    with connection.cursor() as cursor:
        cursor.execute(OVERLAPPING)
        overlapping = cursor.fetchone()[0]
    return SimpleNamespace(
        patients=Patient.objects.count(),
        names=set(Patient.objects.values_list("name", flat=True)),
        never_asked=Patient.objects.filter(interviews=None).count(),
        drafts=Interview.objects.filter(submitted_at=None).count(),
        verdicts=set(Course.objects.values_list("screening__verdict", flat=True)),
        states=set(Course.objects.values_list("state", flat=True)),
        running=Course.objects.filter(state="confirmed", sessions__state="performed").distinct().count(),
        remedies={
            f["remedy"] for s in Screening.objects.filter(verdict="stop") for f in s.result["findings"]
        },
        screenings=[(s.digest, hashlib.sha256(recompute(s)).hexdigest()) for s in Screening.objects.all()],
        days=Counter(timezone.localdate(s.starts_at) for s in sessions if s.state != "cancelled"),
        session_states={s.state for s in sessions},
        late=[
            s.pk
            for s in sessions
            if s.state == "booked" and s.ends_at < OPENED and s.course.state != "cancelled"
        ],
        early=Visit.objects.filter(performed_at__gt=OPENED).count(),
        unrecorded=Session.objects.filter(state=SessionState.PERFORMED, visit=None).count(),
        wrongly_finished=Course.objects.filter(state="finished")
        .annotate(done=Count("sessions", Q(sessions__state="performed")))
        .exclude(done=F("sessions_planned"))
        .count(),
        screened_another_day=[
            v.pk for v in Visit.objects.all() if timezone.localdate(v.performed_at) != v.screening.as_of
        ],
        nurse_alone=Visit.objects.filter(
            cooperating_doctor=None, performed_by__groups__name=Role.NURSE
        ).count(),
        overlapping=overlapping,
        reservations=Reservation.objects.count(),
        messages=Counter(Message.objects.values_list("state", flat=True)),
        kinds=set(Message.objects.filter(sent_at__isnull=False).values_list("kind", flat=True)),
        overdue=Message.objects.filter(state="due", due_at__lt=OPENED).count(),
        to_try_again=Message.objects.retriable(OPENED).count(),
        unwritten=Message.objects.filter(sent_at__isnull=False, sent_text="").count(),
        roles=set(User.objects.values_list("groups__name", flat=True)),
        products=Product.objects.count(),
        reports=Report.objects.unsettled().count(),
        questions=Question.objects.unanswered().count(),
        proposed=[change.code for draft in Draft.objects.open() for change in draft.changes.all()],
        held=Session.objects.with_held().filter(state="booked", held=True).count(),
        lots=(Lot.objects.count(), Lot.objects.exclude(recalled_on=None).count()),
    )


OPENED = wall(DAY, OPENS, timezone.get_default_timezone())


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    """The demo as it was seeded once, and then undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        seed(DAY)
        seen = look()
        transaction.set_rollback(True)
    return seen


def test_sixty_people_of_every_kind_of_name(demo):
    assert demo.patients == len(demo.names) == 60
    assert {"Suharto", "محمد عبد الرحمن الهاشمي", "李秀英"} <= demo.names
    assert (demo.never_asked, demo.drafts) == (1, 1)


def test_every_verdict_and_every_state_of_a_course_is_there(demo):
    assert demo.verdicts == set(Verdict.values)
    assert demo.states == set(CourseState.values)
    assert demo.session_states == set(SessionState.values)
    assert demo.running >= 10
    assert demo.remedies - {None}


def test_something_waits_for_everybody(demo):
    assert (demo.reports, demo.questions, demo.proposed) == (1, 1, ["look_back_days"])
    assert 1 <= demo.held <= 10


def test_every_stored_screening_is_what_its_facts_give(demo):
    assert len(demo.screenings) > 100
    assert all(stored == computed for stored, computed in demo.screenings)


def test_the_week_around_the_day_is_full(demo):
    week = {DAY + dt.timedelta(days=offset) for offset in range(-3, 4)}
    assert all(demo.days[day] >= (4 if day.isoweekday() == 6 else 6) for day in week if day.isoweekday() < 7)


def test_what_is_past_was_performed_and_what_is_to_come_was_not(demo):
    assert (demo.late, demo.early, demo.unrecorded, demo.wrongly_finished) == ([], 0, 0, 0)


def test_each_visit_stands_on_a_screening_of_its_day_and_a_nurse_has_a_doctor(demo):
    assert (demo.screened_another_day, demo.nurse_alone) == ([], 0)


def test_nobody_is_in_two_places_at_once(demo):
    assert (demo.overlapping, demo.reservations > 500) == (0, True)


def test_messages_wait_went_out_failed_and_were_taken_back(demo):
    assert set(demo.messages) == set(MessageState.values) - {MessageState.SENDING}
    assert demo.kinds >= {"booked", "cancelled", "reminder", "precare", "aftercare", "maintenance"}
    assert demo.overdue == 0
    assert demo.to_try_again >= 2
    assert demo.unwritten == 0


def test_every_role_has_a_login_and_the_shelf_has_lots(demo):
    assert demo.roles == set(Role.values)
    assert demo.products == 3
    assert demo.lots == (5, 1)


@pytest.mark.slow
def test_the_same_day_gives_the_same_clinic_and_another_day_another(db, monkeypatch):
    monkeypatch.setattr("clinic.demo.seeding.STORIES", STORIES[::6])
    once, again, later = (seeding_of(day) for day in (DAY, DAY, DAY + dt.timedelta(days=1)))
    assert once == again != later


def seeding_of(day: dt.date) -> str:
    """The digest of a seeding that is undone at once."""
    with transaction.atomic():
        seed(day)
        seen = digest()
        transaction.set_rollback(True)
    return seen


# The command


def seeded(**options) -> str:
    said = io.StringIO()
    call_command("seed_demo", stdout=said, **options)
    return said.getvalue()


@pytest.fixture
def only_staff(db, monkeypatch):
    """Seeding takes a moment: here it hires the staff and leaves it at that."""
    monkeypatch.setattr(seed_demo, "seed", lambda day: staff.open_clinic(NOW))


def test_seeding_twice_is_refused_and_once_is_quiet(only_staff):
    assert "Demo clinic seeded" in seeded()
    assert seeded(once=True) == ""
    with pytest.raises(CommandError, match="here already"):
        seeded()
    assert User.objects.count() == len(staff.STAFF)


def test_the_logins_are_said_and_let_people_in(only_staff, client):
    assert seeded(logins=True) == ""
    seeded()
    lines = [line.split()[:2] for line in seeded(logins=True).splitlines()]
    assert len(lines) == len(staff.STAFF)
    for email, password in lines:
        assert client.login(email=email, password=password)


def test_a_login_that_was_closed_is_not_said(only_staff):
    seeded()
    User.objects.filter(email="desk@demo.example").update(is_active=False)
    assert "desk@" not in seeded(logins=True)


def test_beside_real_staff_it_is_seeded_only_by_force(only_staff):
    person("Dorota", Role.DOCTOR)
    with pytest.raises(CommandError, match="no part of the demo"):
        seeded()
    assert "no part of the demo" in seeded(once=True)
    assert User.objects.count() == 1
    seeded(force=True)
    assert User.objects.count() == 1 + len(staff.STAFF)


def test_where_the_clinic_is_reached_over_tls_it_is_never_seeded(only_staff, settings):
    settings.TLS = True
    with pytest.raises(CommandError, match="CLINIC_TLS"):
        seeded(force=True)
    assert "CLINIC_TLS" in seeded(once=True, force=True)  # and the clinic starts without it
    assert not User.objects.exists()


def test_without_a_catalogue_it_says_so(only_staff, monkeypatch):
    monkeypatch.setattr(seed_demo.RuleSet.objects, "published", seed_demo.RuleSet.objects.none)
    with pytest.raises(CommandError, match="load_catalogue"):
        seeded()
