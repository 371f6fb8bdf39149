"""What was measured of booking and of the calendar, beside its targets."""

from collections.abc import Mapping
from statistics import median

from clinic.bench.bookings import Bookings
from clinic.bench.calendars import Calendar
from clinic.bench.clients import Clients
from clinic.bench.report import MET, MISSED, MOST_GROWTH, Row, Table

MOST_TIMES_INSERTS = 3.0  # booking a course beside the same inserts in raw SQL
MOST_TIMES_QUERY = 4.0  # a view of the calendar beside the bare query


def bookings_table(few: Bookings, many: Bookings) -> Table:
    """Booking a course beside the inserts that it makes, and how both grow."""
    growth = median(many.acted) / median(few.acted)
    rows: list[Row] = []
    missed = []
    for name, one in (("few sessions", few), ("many sessions", many)):
        met = one.times <= MOST_TIMES_INSERTS
        measured = (_ms(taken) for taken in (one.bare, one.acted, one.requests))
        beside = (f"{one.times:.2f}", MET if met else MISSED, f"{one.times_request:.2f}")
        rows.append((name, str(one.rows), str(one.queries), *measured, *beside))
        missed += [] if met else [f"booking, {name}: beside SQL"]
    rows.append(("growth", "", "", "", "", "", f"{growth:.2f}", MET if growth <= MOST_GROWTH else MISSED, ""))
    missed += [] if growth <= MOST_GROWTH else ["booking: growth"]
    headings = (
        "booking",
        "rows",
        "queries",
        "bare inserts, ms",
        "booking, ms",
        "request, ms",
        "booking / inserts",
        f"at most {MOST_TIMES_INSERTS:.0f} times",
        "request / inserts",
    )
    return Table(f"Booking a course of {many.sessions} sessions", headings, rows, missed)


def calendars_table(few: Mapping[str, Calendar], many: Mapping[str, Calendar]) -> Table:
    """Each view of the calendar beside its query, and how it grows."""
    rows, missed = [], []
    for name, one in many.items():
        growth = median(one.answers) / median(few[name].answers)
        met, grown = one.times <= MOST_TIMES_QUERY, growth <= MOST_GROWTH
        rows.append(
            (
                name,
                f"{few[name].rows:,} / {one.rows:,}",
                _ms(one.bare),
                _ms(one.answers),
                f"{one.times:.2f}",
                MET if met else MISSED,
                f"{growth:.2f}",
                MET if grown else MISSED,
            )
        )
        missed += [] if met else [f"calendar, {name}: beside SQL"]
        missed += [] if grown else [f"calendar, {name}: growth"]
    headings = (
        "everybody's calendar",
        "rows, few / many sessions",
        "bare query, ms",
        "answer, ms",
        "answer / query",
        f"at most {MOST_TIMES_QUERY:.0f} times",
        "growth",
        f"at most {MOST_GROWTH}",
    )
    return Table("The calendar of a full day and its week", headings, rows, missed)


def clients_table(few: Clients, many: Clients) -> Table:
    """Courses booked in a second by so many clients. The time that one booking takes may grow by half at most."""
    rows, missed = [], []
    for clients in few.apart:
        growth = few.apart[clients] / many.apart[clients]
        grown = growth <= MOST_GROWTH
        rows.append(
            (
                str(clients),
                f"{few.apart[clients]:.1f} / {many.apart[clients]:.1f}",
                f"{few.contested[clients]:.1f} / {many.contested[clients]:.1f}",
                f"{growth:.2f}",
                MET if grown else MISSED,
            )
        )
        missed += [] if grown else [f"bookings by {clients} clients: growth"]
    headings = ("clients", "apart, few / many sessions", "contested", "growth", f"at most {MOST_GROWTH}")
    return Table("Courses booked in a second", headings, rows, missed)


def _ms(seconds: list[float]) -> str:
    return f"{median(seconds) * 1000:.1f}"
