"""What the calendar in the browser is given: events in the clinic's time, the digest of what stands, where it drops."""

import datetime as dt
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.models import AccessLog, Clinic, DayHours, Room
from conftest import NOW
from patients.actions import note_death
from patients.tests.factories import interview
from treatments.catalogue.models import Technique
from treatments.schedule import actions, arrivals
from treatments.schedule.away import absences
from treatments.schedule.forms import read_slot
from treatments.schedule.models import Device, DeviceKind, Hold, Requirement, Reservation, Session
from treatments.schedule.resources import resource_of
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_absences import away

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
EVENTS, CHANGES = "/schedule/events/", "/schedule/changes/"
AGAIN = {"X-Background": "1"}  # as the page asks that renews itself
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TUESDAY = dt.date(2026, 11, 24)


def span(first=TUESDAY, days=1, **asked):
    return {"start": first.isoformat(), "end": (first + days * DAY).isoformat(), **asked}


def blocks(feed):
    """The sessions of what was answered."""
    return [one for one in feed["events"] if "extendedProps" in one]


def ground(feed, kind):
    """(columns, start, end, title) of what lies under the sessions."""
    return [
        (one["resourceIds"], one["start"], one["end"], one["title"])
        for one in feed["events"]
        if one["classNames"] == [f"is-{kind}"] and "extendedProps" not in one
    ]


def hold(practitioner, begin, *, lapses_at=NOW + HOUR):
    """An hour that is kept for somebody of the waiting list."""
    row = Hold.objects.create(
        practitioner=practitioner,
        room=Room.objects.first(),
        begin=begin,
        until=begin + HOUR,
        made_at=NOW - HOUR,
        lapses_at=lapses_at,
    )
    resource = resource_of(practitioner)
    Reservation.objects.create(resource=resource, why="offer", hold=row, period=(begin, row.until))


@pytest.fixture
def room(db):
    return factories.room()


@pytest.fixture
def sessions(doctor, room):
    factories.working_hours(doctor)
    return factories.booked(factories.confirmed_course(by=doctor), room, practitioner=doctor)


@pytest.fixture
def feed(as_, doctor):
    return lambda *days, **asked: as_(doctor).get(EVENTS, span(*days, **asked)).json()


# Events


def test_a_session_is_drawn_in_the_column_of_the_practitioner_with_the_part_that_leaves_them_free(
    feed, sessions, doctor
):
    answer = feed()
    [block] = blocks(answer)
    assert answer["resources"] == [{"id": doctor.pk, "title": "Dorota"}]
    assert (block["resourceId"], block["start"], block["end"]) == (
        doctor.pk,
        "2026-11-24T10:00",
        "2026-11-24T11:15",
    )
    said = block["extendedProps"]
    assert (said["time"], said["words"], said["where"]) == ("10:00–11:15", ["Booked"], "Room 1 · Dorota")
    assert (said["gaps"], said["free"]) == ([[10, 40]], ["practitioner free 10:10–10:40"])
    assert said["name"] == sessions[0].course.patient.name


def test_the_room_is_taken_all_the_time(feed, sessions, room):
    [block] = blocks(feed(by="room"))
    assert (block["resourceId"], block["extendedProps"]["gaps"]) == (room.pk, [])


def test_a_device_is_cleaned_after_it(feed, doctor, room):
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, sessions=1)
    kind = DeviceKind.objects.create(name="Gun", cleanup_minutes=10)
    device = Device.objects.create(kind=kind, name="Gun 1")
    Requirement.objects.create(technique=course.technique, kind=kind)
    factories.booked(course, room, practitioner=doctor)
    answer = feed(by="device")
    assert [block["resourceId"] for block in blocks(answer)] == [device.pk]
    assert ground(answer, "kept") == [([device.pk], "2026-11-24T11:15", "2026-11-24T11:25", "")]


def test_what_is_said_of_a_session_is_how_it_stands(feed, sessions, doctor, nurse):
    interview(sessions[0].course.patient, by=doctor, answers={"pregnancy": "current"})
    [held] = blocks(feed())
    assert (held["extendedProps"]["words"], held["classNames"]) == (
        ["Held", "Booked"],
        ["is-held", "is-booked"],
    )
    Reservation.objects.filter(session=sessions[0]).update(
        squeezed=True, squeezed_by=nurse, squeeze_reason="no other day"
    )
    [overlap] = blocks(feed())
    assert overlap["extendedProps"]["words"] == ["Held", "Overlap", "Booked"]


def test_who_has_arrived_is_said_and_what_has_begun_cannot_be_dragged(feed, sessions, doctor, time_machine):
    assert blocks(feed())[0]["startEditable"]
    time_machine.move_to(sessions[0].starts_at, tick=False)
    arrivals.mark(sessions[0], here=True, version=1, by=doctor, at=sessions[0].starts_at)
    [block] = blocks(feed())
    assert block["extendedProps"]["words"] == ["Arrived"]
    assert not block["startEditable"]
    assert not block["durationEditable"]


def test_what_is_performed_cannot_be_dragged(feed, sessions):
    Session.objects.filter(pk=sessions[0].pk).update(state="performed")
    [block] = blocks(feed())
    assert (block["startEditable"], block["extendedProps"]["words"]) == (False, ["Performed"])


def test_what_is_booked_for_who_has_died_cannot_be_dragged(feed, sessions, doctor):
    note_death(sessions[0].course.patient, NOW.date(), by=doctor, at=NOW)
    for by in ("practitioner", "room"):
        [block] = blocks(feed(by=by))
        assert (block["startEditable"], block["durationEditable"]) == (False, False)
        assert block["extendedProps"]["words"] == ["Booked"]


@pytest.fixture
def missed(sessions, doctor, time_machine):
    """The first session, to which nobody came."""
    one = sessions[0]
    time_machine.move_to(one.starts_at + HOUR, tick=False)
    return actions.miss(one, version=1, by=doctor, at=timezone.now())


def test_a_session_to_which_nobody_came_stays_where_it_was_in_words(feed, missed, doctor, room):
    for by, column in (("practitioner", doctor.pk), ("room", room.pk)):
        [block] = blocks(feed(by=by))
        assert (block["resourceId"], block["start"], block["end"]) == (
            column,
            "2026-11-24T10:00",
            "2026-11-24T11:15",
        )
        assert (block["classNames"], block["extendedProps"]["words"]) == (["is-missed"], ["Did not come"])
        assert not block["startEditable"]
    assert blocks(feed(by="device")) == []
    assert blocks(feed(TUESDAY + DAY)) == []


def test_who_is_missed_does_not_hide_who_came_in_their_time(feed, missed, doctor, room, nurse):
    row = factories.confirmed_course(by=doctor, sessions=1)
    factories.booked(row, room, practitioner=doctor, at=timezone.now(), hour=15)
    assert [one["extendedProps"]["words"] for one in blocks(feed())] == [["Booked"], ["Did not come"]]
    assert blocks(feed(who=nurse.pk)) == []


def test_only_clinical_staff_read_what_is_done(as_, doctor, front_desk, sessions):
    course = sessions[0].course
    for who, sees in ((doctor, True), (front_desk, False)):
        text = as_(who).get(EVENTS, span()).content.decode()
        assert (str(course.goal) in text, str(course.area) in text) == (sees, sees)


def test_under_the_sessions_lie_the_hours_off_absences_closing_days_and_offers(
    feed, sessions, doctor, nurse, clinic_admin
):
    factories.working_hours(nurse, starts=dt.time(12), ends=dt.time(20))
    DayHours.objects.create(practitioner=doctor, day=TUESDAY + DAY)
    away(nurse, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    hold(doctor, NOW + DAY - HOUR)
    hold(doctor, NOW + DAY - 2 * HOUR, lapses_at=NOW)
    answer = feed(TUESDAY, 2)
    assert ground(answer, "off")[:3] == [
        ([doctor.pk], "2026-11-24T00:00", "2026-11-24T08:00", ""),
        ([doctor.pk], "2026-11-24T18:00", "2026-11-25T00:00", ""),
        ([doctor.pk], "2026-11-25T00:00", "2026-11-26T00:00", ""),
    ]
    assert ground(answer, "away") == [([nurse.pk], "2026-11-24T00:00", "2026-11-25T00:00", "Away")]
    kinds = [one["classNames"][0] for one in answer["events"]]
    assert kinds.index("is-away") > max(at for at, kind in enumerate(kinds) if kind == "is-off"), (
        "its word is covered"
    )
    assert ground(answer, "offer") == [
        ([doctor.pk], "2026-11-24T08:30", "2026-11-24T09:30", "Held for the waiting list")
    ]
    assert (answer["from"], answer["until"]) == ("08:00", "20:00")
    away(None, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin, kind="closed")
    assert ground(feed(by="room"), "closed")[0][3] == "Clinic closed"


def test_columns_are_whoever_is_at_work_and_whoever_is_taken(feed, sessions, doctor, nurse, clinic_admin):
    assert feed(dt.date(2026, 11, 25))["resources"] == [{"id": doctor.pk, "title": "Dorota"}]
    assert feed(dt.date(2026, 11, 28))["resources"] == []
    assert feed(who=nurse.pk)["resources"] == [{"id": nurse.pk, "title": "Natalia"}]
    DayHours.objects.create(practitioner=doctor, day=TUESDAY)
    assert feed()["resources"] == [{"id": doctor.pk, "title": "Dorota"}]


def test_a_week_hides_a_weekend_on_which_nothing_happens(feed, sessions, doctor):
    monday = TUESDAY - DAY
    assert feed(monday, 7)["hidden"] == [6, 0]
    factories.working_hours(doctor, weekdays=[6])
    assert feed(monday, 7)["hidden"] == [0]


@pytest.mark.parametrize("by", ["practitioner", "room", "device"])
@pytest.mark.parametrize("days", [1, 7])
def test_it_asks_as_many_questions_however_much_happens(as_, doctor, nurse, clinic_admin, room, by, days):
    factories.working_hours(doctor, weekdays=range(1, 8), starts=dt.time(0), ends=dt.time(23, 59))
    Clinic(pk=1).save()
    browser = as_(doctor)

    def questions(hours):
        for hour in hours:
            row = factories.confirmed_course(by=doctor, sessions=1)
            [one] = factories.booked(row, room, practitioner=doctor, hour=hour)
            if hour % 4 == 0:
                Session.objects.filter(pk=one.pk).update(state="missed", missed_at=NOW, missed_by=doctor)
            away(nurse, NOW + DAY + hour * HOUR, NOW + DAY + (hour + 1) * HOUR, by=clinic_admin)
        with CaptureQueriesContext(connection) as asked:
            browser.get(EVENTS, span(days=days, by=by))
        return len(asked)

    questions([0, 2])
    assert questions([4]) == questions(range(6, 20, 2)) <= 11  # one of them writes whom it names


# Whom it names


def named(who):
    rows = AccessLog.objects.filter(actor_id=who.pk, listed=True)
    return sorted(rows.values_list("view", "patient_id"))


def test_whom_it_names_is_logged_once_however_often_it_is_drawn_anew(as_, front_desk, doctor, room, sessions):
    browser, first = as_(front_desk), sessions[0].course.patient_id
    browser.get(EVENTS, span(), headers=AGAIN)
    assert named(front_desk) == [("schedule:events", first)]
    course = factories.confirmed_course(by=doctor, sessions=1)
    factories.booked(course, room, practitioner=doctor, hour=14)
    for _ in range(2):
        browser.get(EVENTS, span(), headers=AGAIN)
        assert named(front_desk) == [("schedule:events", first), ("schedule:events", course.patient_id)]
    browser.get(EVENTS, span())
    assert len(named(front_desk)) == 4, "asked for by a person, read again"
    browser.get(EVENTS, span(TUESDAY + 100 * DAY))
    assert len(named(front_desk)) == 4, "nobody is on it"


def test_whom_the_list_beside_it_has_named_is_not_logged_twice(as_, front_desk, nurse, sessions):
    as_(front_desk).get("/schedule/?day=2026-11-24")
    as_(front_desk).get(EVENTS, span(), headers=AGAIN)
    assert named(front_desk) == [("schedule:day", sessions[0].course.patient_id)]
    as_(nurse).get(EVENTS, span(), headers=AGAIN)
    assert named(nurse) == [("schedule:events", sessions[0].course.patient_id)], "somebody else's reading"


# The clinic's clock


@pytest.fixture
def at_night(doctor, sessions):
    """`at_night(number, moment)` is a session that starts then, wherever it was booked."""

    def put(number, moment):
        session = sessions[number - 1]
        later = moment - session.starts_at
        for row in session.reservations.all():
            row.period = (row.starts_at + later, row.ends_at + later)
            row.save(update_fields=["period"])
        session.starts_at, session.ends_at = moment, session.ends_at + later
        session.save(update_fields=["starts_at", "ends_at"])
        return session

    return put


AUTUMN, SPRING = dt.date(2027, 10, 31), dt.date(2027, 3, 28)


def test_the_hour_that_a_night_has_twice_loses_no_session_and_says_which(feed, at_night):
    first = dt.datetime(2027, 10, 31, 0, 30, tzinfo=dt.UTC)  # 02:30, two hours before Greenwich
    at_night(1, first)
    at_night(2, first + 2 * HOUR)
    drawn = [(one["start"], one["end"], one["extendedProps"]["time"]) for one in blocks(feed(AUTUMN))]
    assert sorted(drawn) == [
        ("2027-10-31T02:30", "2027-10-31T03:45", "02:30 CEST–02:45 CET"),
        ("2027-10-31T03:30", "2027-10-31T04:45", "03:30–04:45"),
    ]


def test_a_session_over_the_hour_that_is_missing_is_drawn_as_long_as_it_takes(feed, at_night):
    at_night(1, dt.datetime(2027, 3, 28, 0, 30, tzinfo=dt.UTC))  # 01:30 by the clock
    [block] = blocks(feed(SPRING))
    assert (block["start"], block["end"]) == ("2027-03-28T01:30", "2027-03-28T02:45")
    assert block["extendedProps"]["time"] == "01:30–03:45"


# Dropping


def dropped(browser, session, **said):
    asked = {"at": "2026-11-24T10:00", "by": "practitioner", "column": session.practitioner_id, "minutes": 0}
    answer = browser.get(reverse("schedule:drop", args=[session.pk]), {**asked, **said})
    if answer.status_code != 302:
        return answer.status_code
    path, query = urlsplit(answer["Location"]).path, parse_qs(urlsplit(answer["Location"]).query)
    assert path == reverse("schedule:move", args=[session.pk])
    slot = read_slot(session.number, query["to"][0])
    return slot.starts_at, slot.practitioner, slot.room, query["minutes"][0]


def test_what_is_dropped_goes_to_the_page_that_moves_it_and_nothing_changes(
    as_, doctor, nurse, sessions, room
):
    browser, before = as_(doctor), list(Session.objects.values())
    at = NOW.replace(day=25, hour=11, minute=15)
    one = sessions[0]
    assert dropped(browser, one, at="2026-11-25T11:15", column=nurse.pk) == (at, nurse.pk, room.pk, "0")
    assert dropped(browser, one, by="room", column=77, minutes=30) == (one.starts_at, doctor.pk, 77, "30")
    assert dropped(browser, one, by="device", column=5) == (one.starts_at, doctor.pk, room.pk, "0")
    answer = browser.get(
        reverse("schedule:drop", args=[one.pk]),
        {"at": "2026-11-24T10:00", "by": "device", "column": 5, "minutes": 0},
    )
    assert "device=5" in answer["Location"]
    assert list(Session.objects.values()) == before


def test_what_is_dropped_where_only_its_room_is_taken_goes_to_a_free_room_that_will_do(
    as_, front_desk, doctor, nurse, sessions, room
):
    factories.working_hours(nurse)
    course = factories.confirmed_course(by=doctor, sessions=1)
    factories.booked(course, room, practitioner=doctor, hour=14)
    taken = {"at": "2026-11-24T14:30", "column": nurse.pk}
    browser, one = as_(front_desk), sessions[0]
    at = NOW.replace(day=24, hour=14, minute=30)
    assert dropped(browser, one, **taken) == (at, nurse.pk, room.pk, "0"), "there is no other room"
    factories.room("Another", active=False)
    unable = factories.room("Blue")
    unable.abilities.create(technique=Technique.objects.exclude(pk=course.technique_id)[0])
    assert dropped(browser, one, **taken)[2] == room.pk
    free = factories.room("Green")
    assert dropped(browser, one, **taken) == (at, nurse.pk, free.pk, "0")
    assert dropped(browser, one, **taken | {"at": "2026-11-24T15:30"})[2] == room.pk, "its own is free"
    assert dropped(browser, one, **taken | {"column": doctor.pk})[2] == room.pk, "who treats is busy"
    assert dropped(browser, one, **taken | {"by": "room", "column": room.pk})[2] == room.pk, (
        "it was asked for"
    )
    page = browser.get(
        reverse("schedule:drop", args=[one.pk]), {"by": "practitioner", "minutes": 0} | taken, follow=True
    )
    assert (page.context["word"].said, "Green" in page.text) == ([], True)


@pytest.mark.parametrize(
    ("at", "hours"), [("2027-10-31T02:15", 0), ("2027-10-31T02:45", 0.5), ("2027-10-31T01:15", -2)]
)
def test_in_the_hour_that_is_there_twice_it_stays_in_its_own(as_, doctor, at_night, at, hours):
    second = dt.datetime(2027, 10, 31, 1, 15, tzinfo=dt.UTC)  # 02:15 for the second time
    session = at_night(1, second)
    found, *_rest = dropped(as_(doctor), session, at=at)
    assert found - second == hours * HOUR


def test_an_hour_that_is_missing_becomes_the_one_after_it(as_, doctor, sessions):
    found, *_rest = dropped(as_(doctor), sessions[0], at="2027-03-28T02:30")
    assert timezone.localtime(found).strftime("%H:%M") == "03:30"


@pytest.mark.parametrize(
    "said",
    [
        {"at": "x"},
        {"at": ""},
        {"at": "9999-01-01T10:00"},
        {"at": "2026-13-01T10:00"},
        {"by": "patient"},
        {"column": 0},
        {"column": "9" * 30},
        {"minutes": -5},
        {"minutes": 999},
        {"minutes": "x"},
    ],
)
def test_what_is_nowhere_is_422(as_, doctor, sessions, said):
    assert dropped(as_(doctor), sessions[0], **said) == 422


# Live


@pytest.fixture
def digest(as_, front_desk):
    return lambda *days: as_(front_desk).get(CHANGES, span(*days), headers={"X-Background": "1"}).text


def test_whatever_happens_to_what_is_shown_changes_the_digest_and_nothing_else_does(
    digest, doctor, nurse, room, sessions, clinic_admin, time_machine
):
    seen = [digest()]

    def changed():
        seen.append(digest())
        return seen[-1] != seen[-2]

    assert not changed()
    course = factories.confirmed_course(by=doctor, sessions=1)
    [mine] = factories.booked(course, room, practitioner=doctor, hour=14)
    assert changed(), "booked"
    interview(course.patient, by=doctor, answers={"pregnancy": "current"})
    assert changed(), "held"
    absence = away(nurse, *absences.days_span(TUESDAY, TUESDAY), by=clinic_admin)
    assert changed(), "away"
    absences.lift(absence, by=clinic_admin, at=NOW)
    assert changed(), "lifted"
    hold(nurse, NOW + DAY, lapses_at=NOW + 2 * HOUR)
    assert changed(), "offered"
    time_machine.move_to(NOW + 3 * HOUR, tick=False)
    assert changed(), "lapsed"
    time_machine.move_to(mine.starts_at, tick=False)
    assert changed(), "another day"
    mine = arrivals.mark(mine, here=True, version=1, by=doctor, at=mine.starts_at)
    assert changed(), "arrived"
    actions.cancel_session(mine, reason="x", version=mine.version, by=doctor, at=NOW)
    assert changed(), "cancelled"
    factories.booked(
        factories.confirmed_course(by=doctor, sessions=1),
        room,
        practitioner=doctor,
        first=TUESDAY + DAY,
    )
    assert not changed(), "on another day"


def test_changed_hours_of_practitioners_rooms_and_single_days_change_the_digest(digest, doctor, room):
    seen = [digest()]
    factories.working_hours(doctor)
    seen += [digest()]
    doctor.working_hours.filter(weekday=2).update(ends=dt.time(17))
    seen += [digest()]
    room.opening_hours.create(weekday=2, starts=dt.time(8), ends=dt.time(18))
    seen += [digest()]
    before = digest(TUESDAY + DAY)
    DayHours.objects.create(practitioner=doctor, day=TUESDAY)
    seen += [digest()]
    assert len(set(seen)) == len(seen)
    assert digest(TUESDAY + DAY) == before, "another day"


def test_a_session_that_goes_to_another_day_is_missed_here_and_noticed_there(digest, doctor, room, sessions):
    before = digest(), digest(TUESDAY + DAY)
    one = sessions[0]
    actions.move_session(
        one, starts_at=one.starts_at + DAY, practitioner=doctor, room=room, version=1, by=doctor, at=NOW
    )
    assert before[0] != digest()
    assert before[1] != digest(TUESDAY + DAY)


def test_asking_is_one_query_and_keeps_nobody_logged_in(as_, front_desk, sessions, time_machine):
    browser = as_(front_desk)
    browser.get("/schedule/")
    clock = browser.session["clock"]

    def ask():
        return browser.get(CHANGES, span(), headers={"X-Background": "1"})

    ask()
    with CaptureQueriesContext(connection) as asked:
        ask()
    assert sum("md5" in one["sql"] for one in asked) == 1
    assert len(asked) <= 5
    time_machine.move_to(NOW, tick=False)
    for _ in range(4):
        time_machine.shift(settings.SESSION_IDLE_SECONDS / 4 - 1)
        assert ask().status_code == 200
        assert browser.session["clock"] == clock
    time_machine.shift(10)
    assert ask().status_code == 302


# Doors


ADDRESSES = [EVENTS, CHANGES]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"start": "x", "end": "y"},
        {"start": "2026-11-24", "end": "2026-11-24"},
        {"start": "2026-11-24", "end": "2026-11-23"},
        {"start": "2026-11-24", "end": "2027-11-24"},
        {"start": "9998-11-24", "end": "9998-11-25"},
        span(by="patient"),
        span(who="x"),
    ],
)
def test_stretches_that_are_none_are_422(as_, doctor, address, asked):
    assert as_(doctor).get(address, asked).status_code == 422


@pytest.mark.parametrize("who", ["stranger", "catalogue_admin", "clinic_admin"])
def test_nobody_else_is_told_anything(as_, request, sessions, who):
    browser = as_(request.getfixturevalue(who))
    drop = reverse("schedule:drop", args=[sessions[0].pk])
    assert {browser.get(one, span()).status_code for one in (*ADDRESSES, drop)} == {403}


def test_wrong_methods_are_405_and_bad_ids_404(as_, doctor, sessions):
    browser = as_(doctor)
    drop = reverse("schedule:drop", args=[sessions[0].pk])
    assert {browser.post(one).status_code for one in (*ADDRESSES, drop)} == {405}
    assert {browser.get(reverse("schedule:drop", args=[pk])).status_code for pk in (0, 10**17)} == {404}
