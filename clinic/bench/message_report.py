"""What was measured of messages, beside its targets."""

from statistics import median

from clinic.bench.messages import DUE, Messages
from clinic.bench.report import MET, MISSED, Row, Table

LEAST_SHARE = 0.5  # of the letters a second of a bare loop
MOST_TIMES_TICK = 3.0  # beside the bare query for what is due
MOST_GROWN = 1.1  # memory, from early to late


def messages_tables(measured: Messages) -> list[Table]:
    """Letters a second, memory, the tick."""
    return [_letters(measured), _memory(measured), _tick(measured)]


def _letters(one: Messages) -> Table:
    met = one.share >= LEAST_SHARE
    rows: list[Row] = [
        (
            "bare smtplib loop that makes each",
            _a_second(one, one.bare),
            _busy(one, one.bare_cpu),
            f"{one.share:.2f}",
            MET if met else MISSED,
        ),
        (
            "bare smtplib loop, bytes that lie ready",
            _a_second(one, one.ready),
            _busy(one, one.ready_cpu),
            f"{one.share_of_ready:.2f}",
            "no target",
        ),
        (
            "one worker",
            _a_second(one, one.worker),
            _busy(one, one.worker_cpu),
            "",
            "",
        ),
    ]
    headings = ("e-mails", "a second", "busy, ms each", "worker / this", f"at least {LEAST_SHARE}")
    missed = [] if met else ["messages: e-mails a second"]
    return Table(f"{one.letters:,} e-mails over one connection", headings, rows, missed)


def _a_second(one: Messages, seconds: list[float]) -> str:
    return f"{one.letters / median(seconds):,.0f}"


def _busy(one: Messages, seconds: list[float]) -> str:
    return f"{median(seconds) / one.letters * 1000:.2f}"


def _memory(one: Messages) -> Table:
    met = one.memory_last <= MOST_GROWN * one.memory_first
    rows: list[Row] = [
        (
            f"{one.flat:,}",
            f"{one.flat / one.flat_seconds:,.0f}",
            f"{one.memory_first >> 20} / {one.memory_last >> 20}",
            MET if met else MISSED,
        )
    ]
    headings = ("messages in one turn", "a second, to nowhere", "MB early / late", "flat")
    return Table("Memory of a worker", headings, rows, [] if met else ["messages: memory"])


def _tick(one: Messages) -> Table:
    met = one.times_query <= MOST_TIMES_TICK
    taken = (f"{median(some) * 1000:.2f}" for some in (one.queries, one.statements, one.ticks))
    verdict = (f"{one.times_statements:.2f}", f"{one.times_query:.2f}", MET if met else MISSED)
    headings = (
        "messages to come",
        "due",
        "bare query for what is due, ms",
        "word left and query, ms",
        "tick, ms",
        "tick / word and query",
        "tick / query",
        f"at most {MOST_TIMES_TICK:.0f} times",
    )
    rows: list[Row] = [(f"{one.to_come:,}", str(DUE), *taken, *verdict)]
    return Table("The tick", headings, rows, [] if met else ["messages: tick"])
