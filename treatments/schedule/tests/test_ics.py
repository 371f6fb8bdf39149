"""Calendar files: opened with the icalendar library, they say what was put in, and their clock is the clinic's."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from treatments.schedule import ics
from treatments.schedule.rules import zones

WARSAW = ZoneInfo("Europe/Warsaw")
# Both hemispheres, half an hour of summer time, no summer time, quarters, a zone whose summer is the rule.
ZONES = [
    "Europe/Warsaw",
    "Europe/Dublin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "UTC",
]
THEN = dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC)
zone_names = st.sampled_from(ZONES)
moments = st.integers(0, 4 * 365 * 24 * 60).map(
    lambda minute: dt.datetime(2025, 1, 1, tzinfo=dt.UTC) + dt.timedelta(minutes=minute)
)


def entry(begin, until=None, **fields):
    fields = {"uid": "session-1@here", "summary": "Session", "changed_at": THEN} | fields
    return ics.Entry(begin=begin, until=until or begin + dt.timedelta(hours=1), **fields)


def opened(*entries, zone=WARSAW, **fields):
    """The file of these entries as the library reads it."""
    return Calendar.from_ical(ics.content(ics.CalendarFile("Clinic", zone, entries, **fields)))


def own_clock(calendar):
    """The clock that the file itself describes, whatever the reader knows of the zone."""
    return next(iter(calendar.walk("VTIMEZONE"))).to_tz(lookup_tzid=False)


def around_changes(zone):
    """Every quarter of an hour around every change of the clock in three years."""
    begin = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for change in zones.changes(begin, begin + dt.timedelta(days=1096), zone):
        for quarter in range(-16, 17):
            yield change.at + quarter * dt.timedelta(minutes=15)


@given(zone_names, moments)
def test_a_moment_is_written_as_the_clock_shows_it_and_read_as_the_same_moment(name, moment):
    zone = ZoneInfo(name)
    [event] = opened(entry(moment), zone=zone).walk("VEVENT")

    assert event.start.astimezone(dt.UTC) == moment
    if not zones.is_second(moment, zone):
        assert event.start.replace(tzinfo=None) == moment.astimezone(zone).replace(tzinfo=None)


@given(zone_names, moments)
def test_the_clock_in_the_file_is_the_clock_of_the_zone(name, moment):
    zone = ZoneInfo(name)
    clock = own_clock(opened(entry(moment), zone=zone))
    if not zones.is_second(moment, zone):
        local = moment.astimezone(zone).replace(tzinfo=None)
        assert local.replace(tzinfo=clock).utcoffset() == moment.astimezone(zone).utcoffset()


@pytest.mark.parametrize("name", ZONES)
def test_around_every_change_of_the_clock_nothing_is_lost_doubled_or_shifted(name):
    zone = ZoneInfo(name)
    wanted = list(around_changes(zone))
    calendar = opened(*(entry(moment, uid=f"{n}@here") for n, moment in enumerate(wanted)), zone=zone)
    clock = own_clock(calendar)

    assert [event.start.astimezone(dt.UTC) for event in calendar.walk("VEVENT")] == wanted
    for moment in wanted:
        if not zones.is_second(moment, zone):
            local = moment.astimezone(zone).replace(tzinfo=None)
            assert local.replace(tzinfo=clock).utcoffset() == moment.astimezone(zone).utcoffset(), moment


def test_without_its_changes_the_clock_would_be_wrong():
    """The negative control: a clock that is never put forward is an hour off in summer."""
    calendar = opened(entry(dt.datetime(2026, 3, 1, tzinfo=dt.UTC)))
    [clock] = calendar.walk("VTIMEZONE")
    clock.subcomponents = clock.subcomponents[:1]

    summer = dt.datetime(2026, 7, 1, 10, tzinfo=clock.to_tz(lookup_tzid=False))
    assert summer.utcoffset() != dt.timedelta(hours=2)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("Europe/Warsaw", ["20260329T020000", "20261025T030000"]), ("Australia/Lord_Howe", ["20260405T020000"])],
)
def test_a_change_starts_at_the_time_that_the_clock_showed_until_then(name, shown):
    day = dt.datetime(2026, 2, 1, tzinfo=dt.UTC)
    text = ics.content(
        ics.CalendarFile("", ZoneInfo(name), [entry(day), entry(day + dt.timedelta(days=300))])
    ).decode()
    assert [moment for moment in shown if f"DTSTART:{moment}" in text] == shown


def test_ten_o_clock_two_weeks_later_is_ten_o_clock_over_a_change():
    before = dt.datetime(2026, 10, 19, 10, tzinfo=WARSAW)
    first, second = opened(entry(before), entry(before + dt.timedelta(days=14))).walk("VEVENT")
    assert (first.start.hour, second.start.hour) == (10, 10)
    assert second.start - first.start == dt.timedelta(days=14)  # on the wall
    assert second.start.utcoffset() != first.start.utcoffset()


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


@given(texts, texts)
def test_text_stays_text(summary, location):
    """What is printed there is read back; nothing breaks out of its line."""
    [event] = opened(entry(THEN, summary=summary, location=location)).walk("VEVENT")
    said = "".join(sign for sign in summary if sign.isprintable() or sign == "\n").strip()
    assert str(event.get("summary", "")) == said
    assert len(event.subcomponents) == 0


@pytest.mark.parametrize(
    "evil", ["x\r\nATTENDEE:mailto:a@b.c", "x\nEND:VEVENT\nBEGIN:VEVENT", "x\u2028STATUS:CANCELLED"]
)
def test_a_name_adds_no_line(evil):
    calendar = opened(entry(THEN, summary=evil, description=evil))
    [event] = calendar.walk("VEVENT")
    assert "attendee" not in event
    assert event["status"] == "CONFIRMED"


def test_no_line_is_longer_than_75_bytes():
    content = ics.content(ics.CalendarFile("Ż" * 90, WARSAW, [entry(THEN, summary="ż" * 300)]))
    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_what_is_sent_to_somebody_is_stamped_with_when_it_was_made_and_what_is_read_with_its_change():
    made = THEN + dt.timedelta(days=1)
    sent = opened(
        entry(THEN), method="PUBLISH", made_at=made, organizer=("Clinic, the", "desk@clinic.example")
    )
    read = opened(entry(THEN))
    [one], [two] = sent.walk("VEVENT"), read.walk("VEVENT")

    assert (one["dtstamp"].dt, one["last-modified"].dt) == (made, THEN)
    assert (two["dtstamp"].dt, two["last-modified"].dt) == (THEN, THEN)
    assert (sent["method"], one["organizer"]) == ("PUBLISH", "mailto:desk@clinic.example")
    assert "method" not in read
    assert "organizer" not in two


def test_whole_days_are_days_and_cancelled_ones_take_no_time():
    day = dt.date(2026, 12, 24)
    whole, off = opened(entry(day, day + dt.timedelta(days=2)), entry(THEN, cancelled=True)).walk("VEVENT")
    assert (whole.start, whole.end, whole["transp"]) == (day, dt.date(2026, 12, 26), "OPAQUE")
    assert (off["status"], off["transp"]) == ("CANCELLED", "TRANSPARENT")


def test_a_file_of_nothing_opens():
    assert opened().walk("VEVENT") == []
