"""Calendar files (RFC 5545): plain values in, the bytes of a file out. No database, no clock.

Times are written as the clinic's clock shows them, with the changes of that clock in the file; only a time that the
clock shows for the second time, after it was put back, has no such name and is written in UTC.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vDuration

from treatments.schedule.rules.zones import Change, at_first, changes, is_second

CONTENT_TYPE = "text/calendar; charset=utf-8"
Moment = dt.datetime | dt.date


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that takes time. `begin` and `until` are both moments, or both days: whole ones, the last left out.

    `sequence` rises with every change of the same `uid`; `changed_at` is the moment of the latest one.
    """

    uid: str
    summary: str
    begin: Moment
    until: Moment
    changed_at: dt.datetime
    sequence: int = 0
    location: str = ""
    description: str = ""
    url: str = ""
    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """A file of entries. With a `method` it is sent to somebody, stamped with when it was made and by whom."""

    name: str
    zone: ZoneInfo
    entries: Sequence[Entry]
    method: str = ""
    made_at: dt.datetime | None = None
    organizer: tuple[str, str] = ("", "")  # name and e-mail; without an e-mail nobody is named
    refresh: dt.timedelta | None = None  # how often a reader should come back


def content(file: CalendarFile) -> bytes:
    """The file, ready to be sent."""
    calendar = Calendar()
    calendar.add("prodid", "-//Mesotherapy clinic//Sessions//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    if file.method:
        calendar.add("method", file.method)
    if file.name:
        calendar.add("name", _text(file.name))
        calendar.add("x-wr-calname", _text(file.name))
    if file.refresh:
        calendar.add("refresh-interval", file.refresh, parameters={"value": "DURATION"})
        calendar.add("x-published-ttl", vDuration(file.refresh).to_ical().decode())
    calendar.add_component(_zone(file))
    for entry in file.entries:
        calendar.add_component(_event(entry, file))
    return calendar.to_ical()


def _event(entry: Entry, file: CalendarFile) -> Event:
    event, (name, email) = Event(), file.organizer
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", (file.made_at if file.method else None) or entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("dtstart", _when(entry.begin, file.zone))
    event.add("dtend", _when(entry.until, file.zone))
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT" if entry.cancelled else "OPAQUE")
    event.add("class", "PRIVATE")
    for key in ("summary", "location", "description", "url"):
        if said := _text(getattr(entry, key)):
            event.add(key, said)
    if file.method and email:
        event.add("organizer", vCalAddress(f"mailto:{email}", params={"CN": _text(name)}))
    return event


def _when(moment: Moment, zone: ZoneInfo) -> Moment:
    """A day as it is; a moment as the clock of `zone` shows it, or in UTC where that clock shows it twice."""
    if not isinstance(moment, dt.datetime):
        return moment
    return moment.astimezone(dt.UTC if is_second(moment, zone) else zone)


def _text(said: str) -> str:
    """Without control characters, which no calendar file may hold; lines may break."""
    return "".join(sign for sign in said if sign.isprintable() or sign == "\n").strip()


def _zone(file: CalendarFile) -> Timezone:
    """The clock of the zone from the first entry to the last, each change as it is.

    A change starts at the time that the clock showed until then (RFC 5545, 3.6.5): 2:00 for one from 2:00 to 3:00.
    """
    begin, until = _reach(file)
    zone = Timezone()
    zone.add("tzid", str(file.zone))
    for change in [at_first(begin, file.zone), *changes(begin, until, file.zone)]:
        zone.add_component(_observance(change))
    return zone


def _observance(change: Change) -> TimezoneStandard | TimezoneDaylight:
    part = TimezoneDaylight() if change.summer else TimezoneStandard()
    part.add("dtstart", (change.at + change.before).replace(tzinfo=None))
    part.add("tzoffsetfrom", change.before)
    part.add("tzoffsetto", change.after)
    part.add("tzname", change.name)
    return part


def _reach(file: CalendarFile) -> tuple[dt.datetime, dt.datetime]:
    """From a day before all entries to a day after them."""
    day = dt.timedelta(days=1)
    begins = [_moment(entry.begin) for entry in file.entries]
    untils = [_moment(entry.until) for entry in file.entries]
    first = min(begins, default=dt.datetime(2000, 1, 1, tzinfo=dt.UTC))
    return first - day, max(untils, default=first) + day


def _moment(moment: Moment) -> dt.datetime:
    if isinstance(moment, dt.datetime):
        return moment.astimezone(dt.UTC)
    return dt.datetime.combine(moment, dt.time.min, tzinfo=dt.UTC)
