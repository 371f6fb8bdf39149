"""What was done and what came of it, as tables and as a page of documentation."""

from collections import Counter
from collections.abc import Sequence

from clinic.bench.report import MET, MISSED, Table
from clinic.chaos.pace import PACE, TICK
from clinic.chaos.running import Run

MOST_TICKS = 2
ABOVE = """# Messages under fire

Written by `manage.py chaos --write` ({minutes:.0f} minutes here). `make chaos` prints the same tables; both end with an
error where a line below is missed. Measured on {machine}; seconds do not hold on other machines, that there are no
faults does.

Two workers of two processes each, two beats, Valkey, PostgreSQL and a mail server run as in production, on loopback and
in a folder of their own. The desk asks patients for their interview, books courses, cancels and moves sessions, through
the same actions as the pages of the clinic; days are drawn in, so that what is due on days to come is due during the
run. Everything turns {pace} times as fast as in earnest (`MESSAGE_PACE`: ticks, time limits, leases and pauses alike);
a tick is {tick:.0f} seconds. Sessions are cancelled and moved within a second of the next letter about them, and every
promise is written twice, as by two processes of which none knows of the other.

Beside the ticks of beat others are delivered four times at once. Meanwhile all of this is broken, and mended at the
end:

{faults}

Afterwards it is asked in SQL that no code of the messages has a part in, beside the log of the mail server, which wrote
down every letter that it took before it said so, and beside what the desk wrote down: each change, and the moment from
which it stood. A letter may come twice only where nobody could know: the mail server took it and did not say so, the
process that handed it over was killed, or the database was gone when it was to be written down. Then it must carry
the same Message-ID and its row must say so. A change cannot call back a letter that is being handed over at that
moment: those are counted apart, with the longest that one was overtaken; longer than one conversation with the mail
server may stand still is a fault.

The same comes again, shorter, without the lease (a claim holds for no time, and nobody sees that a letter is on its
way), and without the unique key. Then letters must come twice: a test that cannot fail proves nothing.

Recovery counts from when everything is whole and everybody works again. A letter that was refused rests before it is
tried again, and one in the hands of a worker that was killed waits until the lease ends (two ticks): its two ticks
count from the end of that. How long it took with all pauses and leases stands beside.

## What is real, and what is not

- Real: the processes and their `kill -9`, Celery and its broker, SMTP over TCP, every statement in the database,
  PostgreSQL stopped in the middle of them (`pg_ctl stop -m immediate`) and recovering from its log.
- Simulated: time, {pace} times as fast; days, drawn in; the mail server, which takes letters and keeps them.
- Not tried: power failures (what was committed is lost by no process here, so the cluster runs without `fsync`), disks
  that are full, more than one host, clocks that differ, text messages and providers' own gateways (they have tests of
  their own).

![Letters taken in each tick, and what was broken meanwhile](reliability.svg)
"""


def faults_table(run: Run) -> Table:
    """What was broken, how often and for how long."""
    kills = Counter(kill.what for kill in run.kills)
    rows = [(f"worker killed -9: {what}", f"{count}", "") for what, count in sorted(kills.items())]
    names = list(
        dict.fromkeys(spell.what for spell in sorted(run.evidence.spells, key=lambda one: one.began))
    )
    for name in names:
        spells = [spell.ended - spell.began for spell in run.evidence.spells if spell.what == name]
        rows.append((name, f"{len(spells)}", f"{sum(spells):.0f}"))
    ailed = Counter(taken["fault"] for taken in run.evidence.taken if taken["fault"])
    rows += [(f"letter taken, mail server {what}", f"{count}", "") for what, count in sorted(ailed.items())]
    killed, least = sum(kills.values()), run.killings
    title = f"What was broken in {run.seconds:.0f} seconds: {killed} processes killed (at least {least})"
    missed = [] if killed >= least else [f"{killed} of at least {least} processes killed"]
    return Table(title, ("what", "times", "seconds"), rows, missed)


def counts_table(run: Run) -> Table:
    rows = [(name, f"{count:,}") for name, count in run.verdict.counts.items()]
    meanwhile = sum(one["at"] < run.began + run.seconds for one in run.evidence.taken)
    rows.append(("letters taken while things broke", f"{meanwhile:,}"))
    changes = Counter(done.what for done in run.evidence.done)
    rows += [
        (f"done at the desk: {what}", f"{changes[what]:,}")
        for what in sorted(changes)
        if what not in ("draw in", "look")
    ]
    rows.append(("overtaken by a change, at most seconds", f"{run.verdict.overtaken_by:.2f}"))
    return Table("What there was to send, and what was sent", ("what", "how many"), rows)


def verdict_table(runs: Sequence[Run]) -> Table:
    """What was wrong afterwards, with everything that protects and without."""
    headings = [
        "wrong afterwards",
        *(f"without the {run.without}" if run.without else "as it is" for run in runs),
    ]
    rows = [[kind, *(f"{run.verdict.wrong[kind]:,}" for run in runs)] for kind in runs[0].verdict.wrong]
    rows.append(["as it must be", *(MET if run.as_it_must_be else MISSED for run in runs)])
    missed = [name for name, run in zip(headings[1:], runs, strict=True) if not run.as_it_must_be]
    return Table("What was wrong afterwards", headings, rows, missed)


def recovery_table(run: Run) -> Table:
    """How soon all was sent when everything was whole again."""
    recovery = run.recovery
    met = recovery.ticks <= MOST_TICKS
    row = (
        f"{recovery.waiting:,}",
        f"{recovery.ticks:.1f}",
        MET if met else MISSED,
        f"{recovery.seconds:.0f}",
    )
    headings = (
        "waited",
        "the last taken, ticks after it could be tried",
        f"at most {MOST_TICKS}",
        "seconds until nothing waited, pauses and leases too",
    )
    return Table("After everything was whole again", headings, [row], [] if met else ["recovery"])


def page(tables: Sequence[Table], run: Run, *, machine: str, minutes: float) -> str:
    """The whole page as Markdown."""
    faults = "\n".join(f"- {spell.what}" for spell in {one.what: one for one in run.evidence.spells}.values())
    faults = f"- worker processes killed -9, parents and children, {len(run.kills)} of them\n{faults}"
    above = ABOVE.format(machine=machine, minutes=minutes, faults=faults, pace=PACE, tick=TICK)
    return "\n".join([above, *(line for table in tables for line in table.lines())]).rstrip() + "\n"
