"""What was done and what came of it, as tables and as a page of documentation."""

from collections import Counter
from collections.abc import Sequence

from clinic.bench.report import MET, MISSED, Table
from clinic.chaos.fleet import CHILD, PARENT
from clinic.chaos.mailserver import TEXT
from clinic.chaos.running import Run

MOST_TICKS = 2
CHANGES = {
    "ask": "patients asked for their interview",
    "book": "courses booked",
    "finish": "courses finished",
    "cancel": "sessions cancelled",
    "move": "sessions moved",
    "revoke": "links taken back",
    "opt out": "patients who want no messages",
    "to texts": "patients who want texts",
}
ABOVE = """# Messages under fire

Written by `manage.py chaos --write` ({minutes} minutes). `make chaos` prints the same tables and changes no file;
both end with an error where a line below is missed. Either ends by itself within ten minutes, and leaves no process
and no file behind but an empty clinic in `var/chaos`, which the next run need not build again. `manage.py chaos
--short` is one small run, and the tests have a smaller one (`clinic/tests/test_chaos.py`).

{workers} workers of two processes each, two beats, Valkey, PostgreSQL, a mail server and a gateway of text messages
run as in production, on loopback and in a folder of their own. The desk asks patients for their interview, books and
finishes courses, cancels and moves sessions, takes links back; patients want no messages any more, or texts: through
the same actions as the pages of the clinic, and within a second of the next letter that it makes untrue. Every
promise is written twice, as by two processes of which none knows of the other.

Meanwhile {killed} processes are killed -9: parents of workers and their children, those first that have a line to the
mail server open, and some by the mail server itself, with their letter in its hands. Valkey is flushed, killed and
away, PostgreSQL stopped in the middle of what it does, one beat stopped, both, and all workers; the mail server
answers 421, 450, 451 and 550, hangs, closes, is slow, and takes letters without saying so. Beside the ticks of beat
others are delivered four times at once. Between these spells everything works for a while: most letters go meanwhile,
not afterwards.

Whatever ends is started again, as `compose.yaml` does: also a worker that ends by itself, which happens where Celery
stumbles over a broker that goes away in an unlucky moment. These are counted.

Afterwards it is asked in SQL that no code of the messages has a part in, beside the log of the mail server, which
wrote down every letter that it took before it said so, and beside what the desk wrote down: each change, and the
moment from which it stood.

- **Lost** is what still waits, what is said to be sent and was not taken, what was given up (but for addresses that
  nobody has, and texts that may have arrived: nobody wants these twice, staff sees them), and what was never
  promised.
- **Twice** may come only what nobody could know of: the mail server took it and did not say so in time, the
  process that handed it over was killed, or the database was gone when it was to be written down. Then it carries the
  same Message-ID and its row says that it may have come twice.
- **After a change** means begun longer after it than a conversation with the mail server may stand still: what is
  being handed over at that moment cannot be called back, and is counted apart.

The same comes again, shorter, without the lease (a claim holds for no time, and nobody sees that a letter is on its
way), and without the unique key. Then letters must come twice: a test that cannot fail proves nothing.

**Recovery** counts from when everything is mended and everybody works again, for each message from when it may be
tried. A letter that was put off rests (after the first time a minute, then twice as long each time, up to an hour),
and one in the hands of somebody who was killed waits until their lease ends (two ticks): both would rest as long if
nothing else had been broken. How long it took with all of these stands beside.

## What is real, and what is not

- Real: the processes and their `kill -9`, Celery and its broker, SMTP over TCP, every statement in the database,
  PostgreSQL stopped at once (`pg_ctl stop -m immediate`) and recovering from its log.
- Simulated: time, {pace} times as fast (`MESSAGE_PACE`: ticks, time limits, leases and pauses alike; a tick is {tick}
  seconds, a lease {lease}). Processes start no faster than in earnest, so that they are away for longer than they
  would be. Days are drawn in: what is due on days to come is due during the run. The mail server and the gateway keep
  what they take.
- Not shown: power failures (what was committed is lost by no process here, so the cluster runs without `fsync`),
  disks that are full, networks that lose or delay, more than one host, clocks that differ, mail servers that lose
  what they took, and what becomes of a letter after that.
- Measured on {machine}, with nothing else to do. Seconds do not hold on other machines; that nothing is wrong does.

![Letters taken in each tick, and what was broken meanwhile](reliability.svg)
"""


def faults_table(run: Run) -> Table:
    """What was broken, how often and for how long."""
    kills = run.evidence.kills
    rows = [
        ("worker killed -9: parent", f"{sum(one.what == PARENT for one in kills)}", ""),
        ("worker killed -9: child", f"{sum(one.what == CHILD for one in kills)}", ""),
        (
            "of these with a letter or a line to the mail server in hand",
            f"{sum(one.sending for one in kills)}",
            "",
        ),
    ]
    rows.append(("worker ended by itself, and was started again", f"{run.evidence.ended_alone}", ""))
    spells = sorted(run.evidence.spells, key=lambda one: one.began)
    for name in dict.fromkeys(spell.what for spell in spells):
        lasted = [spell.ended - spell.began for spell in spells if spell.what == name]
        rows.append((name, f"{len(lasted)}", f"{sum(lasted):.0f}"))
    ailed = Counter(taken["fault"] for taken in run.evidence.taken if taken["fault"] not in ("", TEXT))
    rows += [(f"letter taken, mail server {what}", f"{count}", "") for what, count in sorted(ailed.items())]
    killed, least = len(kills), run.size.kills
    title = f"What was broken in {run.size.seconds:.0f} seconds: {killed} processes killed (at least {least})"
    missed = [] if killed >= least else [f"{killed} of at least {least} processes killed"]
    return Table(title, ("what", "times", "seconds"), rows, missed)


def counts_table(run: Run) -> Table:
    rows = [(name, f"{count:,}") for name, count in run.verdict.counts.items()]
    taken = len(run.evidence.taken)
    share = run.meanwhile / taken if taken else 0.0
    rows.append(
        (f"of {taken:,} letters and texts taken while things broke", f"{run.meanwhile:,} ({share:.0%})")
    )
    changes = Counter(done.what for done in run.evidence.done)
    rows += [(f"changed: {said}", f"{changes[what]:,}") for what, said in CHANGES.items()]
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
        "the last settled, ticks after it could be tried",
        f"at most {MOST_TICKS}",
        "seconds until nothing waited, pauses and leases too",
    )
    return Table("After everything was whole again", headings, [row], [] if met else ["recovery"])


def page(tables: Sequence[Table], run: Run, *, machine: str, minutes: float) -> str:
    """The whole page as Markdown."""
    size = run.size
    told = {"machine": machine, "minutes": f"{minutes:.0f}", "pace": f"{size.pace.times}"}
    told |= {"tick": f"{size.pace.tick:.0f}", "lease": f"{size.pace.lease:.0f}", "workers": f"{size.workers}"}
    told |= {"killed": f"{len(run.evidence.kills)}"}
    return (
        "\n".join([ABOVE.format(**told), *(line for table in tables for line in table.lines())]).rstrip()
        + "\n"
    )
