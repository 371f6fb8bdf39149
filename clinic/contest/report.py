"""What came of the contests, as tables and as a page of documentation."""

from collections.abc import Sequence

from clinic.bench.report import MET, MISSED, Row, Table
from clinic.contest.fighting import Fought, Run

IN_TIME = 1.0  # seconds: within these a loser is told
PARTS = (0.5, 0.9, 0.99)
ABOVE = """# Booking under contest

Written by `manage.py contest --write` ({minutes:.0f} minutes here); `make contest` prints the same tables. Measured on
{machine}; seconds do not hold on other machines, counts do.

Eight processes send forms through the pages of the clinic at the same moment, on real PostgreSQL, again and again, each
time for times that nobody wanted before: courses of three sessions by eight patients with one practitioner, in one
room, for one patient, with two devices, and crossed so that any two meet in some session only; one course by eight
people; one form eight times; eight sessions moved to one time, one session to eight places; one cancelled twice while
others book and move to where it was. In each contest so many can win; all others must be told in words.

Afterwards the tables are asked in SQL that no code of the booking has a part in: whether reservations overlap, whether
sessions are in two places at once (worked out from the sessions alone), whether more devices were in use than there
are, whether a course is booked by half, whether a session reserves anything else than its own time.

The same crowd then comes again where the protection is taken away, in parts and altogether; it still looks before it
books. Without locks and constraint the overlaps must show: a test that cannot fail proves nothing.
"""


def contests_table(fought: Fought) -> Table:
    """Each kind of contest with who won."""
    rows = [
        (
            kind,
            f"{count:,}",
            f"{fought.winners[kind] / count:.2f}".rstrip("0").rstrip("."),
            f"{fought.undecided[kind]}",
        )
        for kind, count in fought.contests.items()
    ]
    missed = ["contests with another number of winners"] if fought.undecided.total() else []
    headings = ("eight at once for", "contests", "winners each", "otherwise (0)")
    return Table(f"{fought.attempts:,} attempts", headings, rows, missed)


def times_table(fought: Fought) -> Table:
    """How long winners and losers waited."""
    worst = max(fought.lost)
    met = worst < IN_TIME
    rows = [
        _times("who won", fought.won, ""),
        _times("who was told that others were faster", fought.lost, MET if met else MISSED),
    ]
    headings = (
        "seconds until the answer",
        "attempts",
        *(f"{part:.0%}" for part in PARTS),
        "worst",
        "under 1 s",
    )
    return Table("How long they waited", headings, rows, [] if met else ["a loser waited for a second"])


def _times(name: str, seconds: Sequence[float], target: str) -> Row:
    ordered = sorted(seconds)
    shown = [f"{ordered[int(part * len(ordered))]:.2f}" for part in PARTS]
    return name, f"{len(ordered):,}", *shown, f"{ordered[-1]:.2f}", target


def protection_table(runs: Sequence[Run]) -> Table:
    """What was wrong afterwards, by what protected the calendar; without any protection something must be."""
    kinds = list(runs[0].fought.wrong)
    rows, missed = [], []
    for run in runs:
        fought, right = run.fought, run.as_it_must_be
        wrong = [f"{fought.wrong[kind]:,}" for kind in kinds]
        errors = f"{fought.statuses[500]:,}"
        others = f"{fought.failed - fought.statuses[500]:,}"
        rows.append(
            (run.protection.name, f"{fought.attempts:,}", *wrong, errors, others, MET if right else MISSED)
        )
        missed += [] if right else [run.protection.name]
    headings = ("protected by", "attempts", *kinds, "status 500", "other answers", "as it must be")
    return Table("What was wrong afterwards", headings, rows, missed)


def page(tables: Sequence[Table], *, machine: str, minutes: float) -> str:
    """The whole page as Markdown."""
    lines = [
        ABOVE.format(machine=machine, minutes=minutes),
        *(line for table in tables for line in table.lines()),
    ]
    return "\n".join(lines).rstrip() + "\n"
