"""One run of the bench, from the two databases to the tables."""

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.utils import timezone

from clinic.bench import (
    booking_report,
    bookings,
    calendars,
    clients,
    message_report,
    messages,
    pages,
    proposals,
    replays,
    report,
    rescreening,
    verdicts,
)
from clinic.bench.databases import FEW, LARGE, SMALL, inside, inside_a_copy
from clinic.demo.bulk import Size
from clinic.demo.calendar import monday_of
from contraindications.screening import rules_in_force
from treatments.courses.plans import case_catalogue as catalogue
from treatments.schedule.rules import wall

ROUNDS = 5  # small, large, small, large ...: a busy moment of the machine meets both
SECONDS = 3.0  # for each kind of cases
MESSAGES: dict[str, int] = {}  # how many of what; empty: as `messages` says
MORNING = dt.time(9)  # after the demo was seeded
REPLAYED = 5_000  # screenings
A_FULL_DAY = dt.timedelta(days=34)  # before the Monday of the demo's day: a Tuesday of the last full wave
FULL_IN_BOTH = dt.timedelta(days=21)  # after it: the first day of the bulk to come, full whatever its size


def run(size: Size, day: dt.date, *, requests: int, tell: Callable[[str], None]) -> list[report.Table]:
    """Measure everything. The databases must be ready."""
    with _quiet():
        tell("Measuring verdicts")
        with inside(SMALL):
            compiled = rules_in_force()[1]
            known = catalogue(compiled)
        measured = verdicts.measure(known, compiled, seconds=SECONDS)
        small, large = _pages(day, requests, tell)
        few, many = _proposals(requests, tell)
        booked = _bookings(requests, tell)
        seen = _calendars(monday_of(day) + FULL_IN_BOTH, requests, tell)
        with inside(LARGE):
            full = pages.measure_full_day(monday_of(day) - A_FULL_DAY, requests=requests)
            tell("Measuring the replay")
            replayed = replays.measure(most=REPLAYED)
            tell("Measuring re-screening")
            at = wall(day, MORNING, timezone.get_default_timezone())
            runs, changes = rescreening.measure_runs(at), rescreening.measure_changes(at)
        crowds = _clients(tell)
        tell(f"Measuring messages: a copy of {SMALL}")
        with inside_a_copy(SMALL):
            written = messages.measure(**MESSAGES)
    title = f"Pages: server time with the demo, and with {size.patients:,} patients and {size.sessions:,} sessions more"
    return [
        report.verdicts_table(measured),
        report.replay_table(replayed),
        report.pages_table(small, large, title=title),
        report.plan_table([page for name, page in large.items() if name.startswith("plan update")]),
        report.full_day_table(full),
        report.proposals_table(few, many),
        report.crowded_table(many),
        booking_report.bookings_table(*booked),
        booking_report.calendars_table(*seen),
        booking_report.clients_table(*crowds),
        report.runs_table(runs),
        report.changes_table(changes),
        *message_report.messages_tables(written),
    ]


def _pages(
    day: dt.date, requests: int, tell: Callable[[str], None]
) -> tuple[dict[str, pages.Page], dict[str, pages.Page]]:
    """The same pages in the small and in the large database, in turn."""
    small: dict[str, pages.Page] = {}
    large: dict[str, pages.Page] = {}
    for turn in range(ROUNDS):
        for name, measured in ((SMALL, small), (LARGE, large)):
            tell(f"Measuring pages, {turn + 1} of {ROUNDS}: {name}")
            with inside(name):
                pages.measure(day, requests=requests, into=measured)
    return small, large


def _proposals(requests: int, tell: Callable[[str], None]) -> tuple[proposals.Proposals, proposals.Proposals]:
    """The same course with few and with many sessions of others behind it, in turn."""
    few, many = proposals.Proposals(), proposals.Proposals()
    for turn in range(ROUNDS):
        tell(f"Measuring proposals, {turn + 1} of {ROUNDS}")
        for name, measured in ((FEW, few), (LARGE, many)):
            with inside(name):
                proposals.measure(requests=requests, into=measured)
    return few, many


def _bookings(requests: int, tell: Callable[[str], None]) -> tuple[bookings.Bookings, bookings.Bookings]:
    """The same course booked with few and with many sessions of others behind it, in turn."""
    few, many = bookings.Bookings(), bookings.Bookings()
    for turn in range(ROUNDS):
        tell(f"Measuring bookings, {turn + 1} of {ROUNDS}")
        for name, measured in ((FEW, few), (LARGE, many)):
            with inside(name):
                bookings.measure(requests=requests, into=measured)
    return few, many


def _calendars(
    day: dt.date, requests: int, tell: Callable[[str], None]
) -> tuple[dict[str, calendars.Calendar], dict[str, calendars.Calendar]]:
    """The same full day and its week with few and with many sessions behind them, in turn."""
    few: dict[str, calendars.Calendar] = {}
    many: dict[str, calendars.Calendar] = {}
    tell("Measuring the calendar")
    for _turn in range(ROUNDS):
        for name, measured in ((FEW, few), (LARGE, many)):
            with inside(name):
                calendars.measure(day, requests=max(1, requests // 2), into=measured)
    return few, many


def _clients(tell: Callable[[str], None]) -> list[clients.Clients]:
    found = []
    for name in (FEW, LARGE):
        tell(f"Measuring bookings by several clients: a copy of {name}")
        with inside_a_copy(name):
            found.append(clients.measure())
    return found


@contextmanager
def _quiet() -> Iterator[None]:
    """Without a line in the log for each request."""
    logging.disable(logging.INFO)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
