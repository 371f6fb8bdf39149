"""The bench measures what it says, in databases of its own, and keeps its hands off the clinic's."""

import datetime as dt
import io
from xml.etree import ElementTree

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from clinic.bench import (
    booking_report,
    bookings,
    calendars,
    chart,
    clients,
    databases,
    documentation,
    measuring,
    message_report,
    messages,
    pages,
    proposals,
    replays,
    report,
    verdicts,
)
from clinic.demo import bulk, people, staff
from clinic.demo.seeding import seed
from clinic.demo.stories import STORIES, Ends
from clinic.management.commands import bench
from clinic.models import User
from clinic.roles import Role
from conftest import person
from contraindications.models import Screening
from contraindications.screening import rules_in_force
from patients.models import Patient
from treatments.courses.plans import case_catalogue as catalogue
from treatments.reminders.tests.factories import finished_course, someone
from treatments.schedule.models import Session

DAY = dt.date(2026, 11, 21)
FEW_MESSAGES = {"letters": 12, "flat": 60, "to_come": 300, "rounds": 1}


def page(name="a page", ms=10.0, queries=7) -> pages.Page:
    return pages.Page(name, [ms / 1000], queries)


def test_verdicts_are_measured_over_the_worked_cases_and_over_full_ones(db):
    compiled = rules_in_force()[1]
    worked, full = verdicts.measure(catalogue(compiled), compiled, seconds=0)
    assert worked.cases == full.cases > 20
    assert full.kind == "all 44 facts answered"
    assert min(worked.screen, worked.with_reading) > 0
    assert worked.a_second == pytest.approx(1 / worked.screen)


def test_a_full_case_answers_everything_and_keeps_what_was_said():
    case = {"patient": {"facts": {"herpes": {"state": "current"}}, "allergies": None}}
    full = verdicts._full(case, ["eczema", "herpes"])["patient"]
    assert full == {"facts": {"eczema": {"state": "no"}, "herpes": {"state": "current"}}, "allergies": []}


def test_every_page_of_the_bench_opens_and_is_measured(db, monkeypatch):
    monkeypatch.setattr("clinic.demo.seeding.STORIES", STORIES[:3])
    seed(DAY)
    found: dict[str, pages.Page] = {}
    pages.measure(DAY, requests=1, into=found)
    pages.measure(DAY, requests=1, into=found)
    assert all(len(one.taken) == 2 and one.queries > 3 and one.seconds > 0 for one in found.values())
    assert len(found) == 7
    assert pages.measure_full_day(DAY, requests=1).queries > 3


def test_a_page_that_does_not_open_is_no_measurement(db, monkeypatch):
    monkeypatch.setattr("clinic.demo.seeding.STORIES", STORIES[:3])
    seed(DAY)
    User.objects.get(email=pages.NURSE).groups.clear()
    with pytest.raises(RuntimeError, match="status 403"):
        pages.measure(DAY, requests=1, into={})


@pytest.mark.parametrize(
    ("before", "after", "missed"),
    [
        pytest.param(page(), page(ms=19), [], id="twice is allowed"),
        pytest.param(page(), page(ms=21), ["a page: time"], id="more is not"),
        pytest.param(page(), page(queries=8), ["a page: queries"], id="not one query more"),
        pytest.param(page(), page(queries=6), ["a page: queries"], id="fewer are not equal either"),
    ],
)
def test_the_table_of_pages_says_what_is_missed(before, after, missed):
    table = report.pages_table({"a page": before}, {"a page": after}, title="Pages")
    assert table.missed == missed


@pytest.mark.parametrize(("ms", "missed"), [(149, 0), (151, 1)])
def test_the_plan_update_has_its_milliseconds(ms, missed):
    assert len(report.plan_table([page(ms=ms)]).missed) == missed


@pytest.mark.parametrize(("times", "missed"), [(14.9, 0), (15.1, 1)])
def test_a_verdict_has_its_share_of_json(times, missed):
    measured = verdicts.Verdicts("cases", 1, 0.001, 0.001 * times, 0.02)
    assert len(report.verdicts_table([measured]).missed) == missed


def test_the_page_of_documentation_holds_the_tables_and_what_is_missed():
    tables = [report.plan_table([page(ms=200)]), report.full_day_table(page("a full day"))]
    text = documentation.page(tables, machine="x86_64")
    assert "| a full day | 7       | 10 |" in text
    assert text.endswith("Targets missed: a page: under 150 ms.\n")


def test_the_person_whose_page_is_measured_is_in_the_demo():
    assert people.PEOPLE[1][0] == pages.KNOWN
    assert pages.NURSE in {member.email for member in staff.STAFF}


def test_the_replay_is_measured_beside_the_bare_loop(db, monkeypatch):
    monkeypatch.setattr("clinic.demo.seeding.STORIES", STORIES[:3])
    seed(DAY)
    measured = replays.measure(most=5)
    assert measured.screenings == min(5, Screening.objects.count())
    assert min(measured.bare, measured.replayed) > 0
    assert f"{measured.share:.2f}" in report.replay_table(measured).lines()[-2]


def test_proposals_are_measured_beside_their_query(db, monkeypatch):
    unbooked = [story for story in STORIES if story.ends == Ends.CONFIRMED]
    monkeypatch.setattr("clinic.demo.seeding.STORIES", [*STORIES[:2], *unbooked])
    seed(timezone.localdate())
    measured = proposals.Proposals()
    proposals.measure(requests=2, into=measured)
    assert {len(taken) for taken in (measured.pages, measured.bare, measured.at_first, measured.crowded)} == {
        2
    }
    assert min(*measured.bare, *measured.pages) > 0
    assert measured.spans > measured.people > 1


def test_proposals_without_a_course_are_no_measurement(db):
    with pytest.raises(RuntimeError, match="no course"):
        proposals.measure(requests=1, into=proposals.Proposals())


@pytest.mark.parametrize(
    ("few", "many", "missed"),
    [
        pytest.param((10, 20), (20, 30), [], id="twice the query, half as much again"),
        pytest.param((10, 21), (20, 30), ["proposals, few sessions: beside SQL"], id="more than twice"),
        pytest.param((10, 20), (20, 31), ["proposals: growth"], id="grows by more than half"),
    ],
)
def test_the_table_of_proposals_says_what_is_missed(few, many, missed):
    small, large = (
        proposals.Proposals(pages=[ms[1]], chosen=[1], bare=[ms[0]], at_first=[1]) for ms in (few, many)
    )
    assert report.proposals_table(small, large).missed == missed


def test_the_choice_is_to_be_quick_where_most_is_taken():
    measured = proposals.Proposals(crowded=[0.1], crowded_same=[0.3])
    assert report.crowded_table(measured).missed == ["proposals, the same each time: crowded"]


def test_bookings_are_measured_beside_their_inserts_and_nothing_stays(db, monkeypatch):
    unbooked = [story for story in STORIES if story.ends == Ends.CONFIRMED]
    monkeypatch.setattr("clinic.demo.seeding.STORIES", [*STORIES[:2], *unbooked])
    seed(timezone.localdate())
    before = Session.objects.count()
    measured = bookings.Bookings()
    bookings.measure(requests=2, into=measured)
    assert len(measured.bare) == len(measured.acted) == len(measured.requests) == 2
    assert min(*measured.bare, *measured.acted) > 0
    assert measured.rows > 4 * measured.sessions > 4
    assert Session.objects.count() == before


def test_the_calendar_is_measured_beside_its_query(db, monkeypatch):
    monkeypatch.setattr("clinic.demo.seeding.STORIES", STORIES[:6])
    seed(DAY)
    found: dict[str, calendars.Calendar] = {}
    calendars.measure(timezone.localdate(Session.objects.latest("pk").starts_at), requests=2, into=found)
    assert set(found) == {f"{name} by {by}" for name in ("day", "week") for by in ("practitioner", "room")}
    assert all(one.rows and len(one.answers) == len(one.bare) == 2 for one in found.values())


def measured_bookings(bare, acted):
    return bookings.Bookings(5, 26, 40, [bare], [acted], [acted])


@pytest.mark.parametrize(
    ("few", "many", "missed"),
    [
        pytest.param((10, 30), (10, 45), ["booking, many sessions: beside SQL"], id="more than three times"),
        pytest.param((10, 20), (20, 31), ["booking: growth"], id="grows by more than half"),
        pytest.param((10, 30), (15, 45), [], id="three times, half as much again"),
    ],
)
def test_the_table_of_bookings_says_what_is_missed(few, many, missed):
    assert booking_report.bookings_table(measured_bookings(*few), measured_bookings(*many)).missed == missed


@pytest.mark.parametrize(("ms", "missed"), [(40, []), (41, ["calendar, day: beside SQL"])])
def test_the_table_of_the_calendar_says_what_is_missed(ms, missed):
    view = calendars.Calendar("day", 9, [ms], [10])
    assert booking_report.calendars_table({"day": view}, {"day": view}).missed == missed


def test_the_chart_is_drawn_from_the_tables():
    view, speed = calendars.Calendar("day", 9, [0.02], [0.01]), clients.Clients({1: 20.0}, {1: 10.0})
    bars = chart.chart(
        [
            booking_report.bookings_table(measured_bookings(1, 2), measured_bookings(1, 2.5)),
            booking_report.calendars_table({"day": view}, {"day": view}),
            booking_report.clients_table(speed, speed),
        ]
    )
    drawn = ElementTree.fromstring(bars)  # noqa: S314 (ours)
    assert [float(one.get("width")) for one in drawn.iter("{http://www.w3.org/2000/svg}rect")][1] > 400
    assert "1 clients, contested" in bars


@pytest.mark.django_db(transaction=True)
def test_messages_are_measured_beside_a_bare_loop(monkeypatch):
    by = person("Dorota", Role.DOCTOR)
    for _ in range(3):
        finished_course(someone(by), by=by)
    measured = messages.measure(**FEW_MESSAGES)
    assert min(measured.share, measured.times_query, measured.memory_first, measured.memory_last) > 0
    tables = message_report.messages_tables(measured)
    assert [len(table.rows) for table in tables] == [3, 1, 1]
    assert measured.share_of_ready > 0


def test_messages_that_nobody_wants_are_no_measurement(db):
    with pytest.raises(RuntimeError, match="nobody wants"):
        messages.measure(**FEW_MESSAGES)


@pytest.mark.parametrize(
    ("worker", "tick", "last", "missed"),
    [
        pytest.param(2, 3, 110, [], id="half as many, three times, a tenth more"),
        pytest.param(2.1, 3, 110, ["messages: e-mails a second"], id="fewer than half"),
        pytest.param(2, 3.1, 110, ["messages: tick"], id="a slow tick"),
        pytest.param(2, 3, 111, ["messages: memory"], id="memory grows"),
    ],
)
def test_the_tables_of_messages_say_what_is_missed(worker, tick, last, missed):
    loops = {
        "bare": [1],
        "ready": [1],
        "worker": [worker],
        "bare_cpu": [1],
        "ready_cpu": [1],
        "worker_cpu": [1],
    }
    ticks = {"ticks": [tick], "statements": [2], "queries": [1]}
    memory = {"memory_first": 100 << 20, "memory_last": last << 20, "flat_seconds": 1}
    one = messages.Messages(**loops, **ticks, **memory)
    assert [said for table in message_report.messages_tables(one) for said in table.missed] == missed
    text = documentation.page(message_report.messages_tables(one), machine="x86_64")
    for said in (
        "## The tick",
        "## Memory of a worker",
        "bare smtplib loop that makes each",
        "- **Messages**: what is due",
    ):
        assert said in text


def test_a_replay_of_nothing_is_no_measurement(db):
    with pytest.raises(RuntimeError, match="0 of 0"):
        replays.measure(most=5)


# The databases


@pytest.fixture
def own_names(monkeypatch):
    """Databases of this test, thrown away at its end."""
    for name in ("SMALL", "FEW", "LARGE", "USED_UP"):
        for module in (databases, measuring):
            own = f"{connection.settings_dict['NAME']}_{name.lower()}"
            monkeypatch.setattr(module, name, own, raising=False)
    migrated = connection.settings_dict["TEST"]["TEMPLATE"]  # by `databases.migrate`, for all tests
    monkeypatch.setattr(databases, "migrate", lambda name: databases.copy(migrated, name))
    yield
    databases.drop()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_bench_builds_its_databases_once_and_leaves_the_clinics_alone(own_names, monkeypatch):
    unbooked = next(story for story in STORIES if story.ends == Ends.CONFIRMED)
    finished = [story for story in STORIES if story.ends == Ends.FINISHED][:2]
    monkeypatch.setattr("clinic.demo.seeding.STORIES", [*STORIES[:2], unbooked, *finished])
    monkeypatch.setattr(bench, "call_command", lambda *args, **options: None)  # nothing to collect in tests
    monkeypatch.setattr(measuring, "SECONDS", 0)
    monkeypatch.setattr(measuring, "ROUNDS", 1)
    monkeypatch.setattr(measuring, "MESSAGES", FEW_MESSAGES)
    monkeypatch.setattr(clients, "CLIENTS", (1, 2))
    monkeypatch.setattr(clients, "EACH", 1)
    monkeypatch.setattr(clients, "BUILT", 3 * clients.RUNS * 2)
    tiny = {"patients": 30, "sessions": 150, "requests": 1}
    said = io.StringIO()
    call_command("bench", **tiny, stdout=said)
    assert "Building" in said.getvalue()
    assert "queries" in said.getvalue()
    again = io.StringIO()
    monkeypatch.setattr(measuring, "run", lambda *args, **options: [])
    call_command("bench", **tiny, stdout=again)
    assert "Building" not in again.getvalue()
    assert not Patient.objects.exists()
    with databases.inside(databases.LARGE):
        assert Patient.objects.count() == 35
        assert bulk.is_loaded()


def test_too_little_to_measure_is_refused_before_anything_is_built(db):
    with pytest.raises(CommandError, match="At least"):
        call_command("bench", patients=1)
