"""What was measured beside its targets, as tables that a terminal and a page of documentation can both show."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from clinic.bench.pages import Page
from clinic.bench.proposals import Proposals
from clinic.bench.replays import Replays
from clinic.bench.rescreening import Change, Run
from clinic.bench.verdicts import MOST, Verdicts

MOST_TIMES = 2.0  # a page of the large database beside the same page of the small one
PLAN_UPDATE = 0.150  # seconds
SHARE = 0.25  # of the speed of the bare screen() loop
A_CHANGE = 0.200  # seconds
FLAT = 30_000_000  # bytes more after ten times as many sessions
MOST_TIMES_SQL = 2.0  # the page of proposals beside the bare query for the same free time
A_CHOICE = 0.200  # seconds
MOST_GROWTH = 1.5  # from twelve thousand sessions to a million
MET, MISSED = "met", "MISSED"

Row = Sequence[str]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under headings; `missed` says which targets were not met."""

    title: str
    headings: Row
    rows: Sequence[Row]
    missed: Sequence[str] = ()

    def lines(self) -> list[str]:
        """As Markdown, in columns that line up."""
        widths = [max(map(len, column)) for column in zip(self.headings, *self.rows, strict=True)]
        rule = ["-" * width for width in widths]
        said = [_line(row, widths) for row in (self.headings, rule, *self.rows)]
        return [f"## {self.title}", "", *said, ""]


def _line(row: Row, widths: Sequence[int]) -> str:
    return f"| {' | '.join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))} |"


def verdicts_table(measured: Iterable[Verdicts]) -> Table:
    """Ratios first: they hold on another machine, verdicts per second do not."""
    rows, missed = [], []
    for one in measured:
        met = one.times_json <= MOST
        rows.append(
            (
                f"{one.kind} ({one.cases})",
                f"{one.times_json:.1f}",
                f"at most {MOST}: {MET if met else MISSED}",
                f"{one.times_json_with_reading:.1f}",
                f"{one.a_second:,.0f}",
            )
        )
        missed += [] if met else [f"screen(), {one.kind}"]
    headings = ("cases", "screen() / JSON", "target", "with reading the case / JSON", "verdicts a second")
    return Table(
        "Verdicts on one core, beside json.loads + json.dumps of the same case", headings, rows, missed
    )


def replay_table(replayed: Replays) -> Table:
    """No target: what reading, screening, spelling and hashing a stored screening costs beside screening it."""
    row = (
        f"{replayed.screenings:,} stored screenings",
        f"{1 / replayed.replayed:,.0f}",
        f"{1 / replayed.bare:,.0f}",
        f"{replayed.share:.2f}",
    )
    headings = ("replay", "a second", "bare screen() a second", "replay / bare")
    return Table("Working stored screenings out again", headings, [row])


def pages_table(small: dict[str, Page], large: dict[str, Page], *, title: str) -> Table:
    """Each page with little and with much behind it."""
    rows, missed = [], []
    for name, before in small.items():
        after = large[name]
        times = after.seconds / before.seconds
        same, quick = before.queries == after.queries, times <= MOST_TIMES
        rows.append(
            (
                name,
                f"{before.queries} / {after.queries}",
                MET if same else MISSED,
                f"{before.seconds * 1000:.0f} / {after.seconds * 1000:.0f}",
                f"{times:.2f}",
                MET if quick else MISSED,
            )
        )
        missed += [] if same else [f"{name}: queries"]
        missed += [] if quick else [f"{name}: time"]
    headings = ("page", "queries", "equal", "ms", "times", f"at most {MOST_TIMES:.0f} times")
    return Table(title, headings, rows, missed)


def plan_table(pages: Iterable[Page]) -> Table:
    """The one target in milliseconds: what somebody waits for while choosing."""
    rows, missed = [], []
    for page in pages:
        met = page.seconds < PLAN_UPDATE
        rows.append((page.name, f"{page.seconds * 1000:.0f}", MET if met else MISSED))
        missed += [] if met else [f"{page.name}: under {PLAN_UPDATE * 1000:.0f} ms"]
    headings = ("page", "ms", f"under {PLAN_UPDATE * 1000:.0f} ms")
    return Table("The plan update, large database", headings, rows, missed)


def full_day_table(page: Page) -> Table:
    """No target: how the day view grows with what it shows."""
    row = (page.name, str(page.queries), f"{page.seconds * 1000:.0f}")
    return Table("A full day", ("page", "queries", "ms"), [row])


def runs_table(runs: Iterable[Run]) -> Table:
    """The run after new lists. The target is for the usual case; the worst is shown beside."""
    rows, missed = [], []
    for number, run in enumerate(runs):
        more = run.memory_last - run.memory_first
        quick, flat = run.share >= SHARE or number > 0, more <= FLAT
        rows.append(
            (
                f"{run.kind} ({run.turned:,} of {run.sessions:,} turned)",
                f"{run.sessions / run.seconds:,.0f}",
                f"{run.sessions / run.bare_seconds:,.0f}",
                f"{run.share:.2f}",
                (MET if quick else MISSED) if number == 0 else "worst case",
                f"{run.memory_first / 1e6:.0f} / {run.memory_last / 1e6:.0f}",
                MET if flat else MISSED,
            )
        )
        missed += [] if quick else [f"re-screening, {run.kind}"]
        missed += [] if flat else [f"memory, {run.kind}"]
    headings = (
        "new lists",
        "sessions a second",
        "bare screen()",
        "share",
        f"at least {SHARE}",
        "MB at 1,000 / 10,000",
        "flat",
    )
    return Table("Sessions to come held against new lists", headings, rows, missed)


def changes_table(changes: Sequence[Change]) -> Table:
    """One change of an allergy, in the transaction of the interview."""
    same = len({one.queries for one in changes}) == 1
    rows, missed = [], [] if same else ["a change of an allergy: queries"]
    for one in changes:
        met = one.seconds < A_CHANGE
        rows.append(
            (str(one.sessions), f"{one.seconds * 1000:.0f}", MET if met else MISSED, str(one.queries))
        )
        missed += [] if met else [f"a change of an allergy, {one.sessions} sessions"]
    headings = ("sessions to come", "ms", "under 200 ms", f"queries ({'equal' if same else 'NOT EQUAL'})")
    return Table("One change of an allergy", headings, rows, missed)


def proposals_table(few: Proposals, many: Proposals) -> Table:
    """Proposals for a course beside the SQL that they rest on, and how both grow."""
    growth = median(many.pages) / median(few.pages)
    rows, missed = [], []
    for name, one in (("few sessions", few), ("many sessions", many)):
        met = one.times <= MOST_TIMES_SQL
        measured = (
            f"{median(taken) * 1000:.0f}" for taken in (one.bare, one.at_first, one.chosen, one.pages)
        )
        rows.append((name, f"{one.spans:,}", *measured, f"{one.times:.2f}", MET if met else MISSED))
        missed += [] if met else [f"proposals, {name}: beside SQL"]
    grown = growth <= MOST_GROWTH
    rows.append(("growth", "", "", "", "", "", f"{growth:.2f}", MET if grown else MISSED))
    missed += [] if grown else ["proposals: growth"]
    headings = (
        "proposals",
        "spans of free time",
        "bare SQL, ms",
        "for as long as asked at first, ms",
        "asked and chosen, ms",
        "page, ms",
        "page / bare SQL",
        "target",
    )
    title = f"Proposals for {many.sessions} sessions, {many.people} practitioners, {many.rooms} rooms"
    return Table(title, headings, rows, missed)


def crowded_table(measured: Proposals) -> Table:
    """The choice alone where most of the free time is taken: what takes longest."""
    rows, missed = [], []
    for name, taken in (("anybody", measured.crowded), ("the same each time", measured.crowded_same)):
        met = median(taken) <= A_CHOICE
        rows.append((name, f"{median(taken) * 1000:.0f}", MET if met else MISSED))
        missed += [] if met else [f"proposals, {name}: crowded"]
    headings = ("wished", "choice, ms", f"under {A_CHOICE * 1000:.0f} ms")
    return Table("The choice of proposals where 60 % of the free time is taken", headings, rows, missed)
