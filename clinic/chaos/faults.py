"""What is broken when, and for how long."""

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError

from clinic.chaos import mailserver as mail
from clinic.chaos.fleet import Fleet, Member
from clinic.chaos.pace import TICK
from clinic.chaos.servers import Broker, Database, MailServer, wait_until
from treatments.reminders.tasks import tick

MAIL, FLUSHED, CRASHED, AWAY = (
    "mail server",
    "Valkey flushed",
    "PostgreSQL stopped at once",
    "Valkey killed, away",
)
EVERY, AT_ONCE = TICK / 3, 4  # seconds between ticks that are delivered so many times
KILL_WITHIN = 60  # seconds: somebody runs again by then who can be killed

KINDS_OF_KILL = ("child", "child", "child", "parent", "child", "child", "child", "both")
ALWAYS = {mail.LATER: 0.03, mail.LATER_STILL: 0.02, mail.SLOW: 0.3, mail.KILL: 0.02}
SICK = {mail.BUSY: 0.3, mail.LATER: 0.3, mail.CLOSE_IN_DATA: 0.1, mail.HANG: 0.05}
TREACHEROUS = {mail.CLOSE_AFTER: 0.15, mail.HANG_AFTER: 0.1, mail.KILL: 0.1, mail.SLOW: 0.3}


@dataclass(frozen=True, slots=True)
class Spell:
    """Something was broken from one moment to another."""

    what: str
    began: float
    ended: float


@dataclass(slots=True)
class House:
    """All that can break."""

    database: Database
    broker: Broker
    mail: MailServer
    fleet: Fleet


@dataclass(frozen=True, slots=True)
class Fault:
    """What is broken, from which part of the run (0 to 1) and for which part of it, and how it is mended."""

    what: str
    begin: float
    lasts: float
    break_it: Callable[[], object]
    mend_it: Callable[[], object]


def faults(house: House) -> list[Fault]:
    """All of them, in the order in which they begin."""
    fleet, broker, database, well = (
        house.fleet,
        house.broker,
        house.database,
        partial(house.mail.ails, ALWAYS),
    )

    def ails(what: str, begin: float, lasts: float, shares: Mapping[str, float]) -> Fault:
        return Fault(f"{MAIL}: {what}", begin, lasts, partial(house.mail.ails, shares), well)

    def rests(what: str, begin: float, lasts: float, members: Sequence[Member]) -> Fault:
        return Fault(what, begin, lasts, partial(fleet.rest, members), partial(fleet.wake, members))

    return [
        ails("421, 450, hangs, closes in DATA", 0.06, 0.12, SICK),
        Fault(FLUSHED, 0.12, 0, broker.flush, nothing),
        rests("one beat stopped", 0.20, 0.08, fleet.beats[:1]),
        ails("takes, and does not say so", 0.24, 0.14, TREACHEROUS),
        Fault(CRASHED, 0.31, 0.01, database.stop, database.start),
        Fault(AWAY, 0.40, 0.06, broker.kill, broker.start),
        rests("both beats stopped", 0.50, 0.08, fleet.beats),
        Fault(CRASHED, 0.56, 0.02, database.stop, database.start),
        ails("421 to all", 0.62, 0.08, {mail.BUSY: 1}),
        rests("all workers stopped", 0.72, 0.05, fleet.workers),
        Fault(FLUSHED, 0.80, 0, broker.flush, nothing),
        ails("takes, and does not say so", 0.82, 0.10, TREACHEROUS),
        Fault(AWAY, 0.93, 0.02, broker.kill, broker.start),
    ]


Timed = tuple[float, Callable[[], object]]  # at which part of the run, and what


def nothing() -> None:
    """There is nothing to mend."""


class Misfortune:
    """Breaks what is in the table, and kills processes meanwhile, evenly until the end."""

    def __init__(self, house: House, *, seconds: float, kills: int, chance: random.Random) -> None:
        self.house, self.seconds, self.chance = house, seconds, chance
        self.begin = time.time()
        self.spells: list[Spell] = []
        timed: list[Timed] = [(fault.begin, partial(self._suffer, fault)) for fault in faults(house)]
        kinds = itertools.cycle(KINDS_OF_KILL)
        killings: list[Timed] = [
            ((n + 1) / (kills + 1), partial(self._kill, next(kinds))) for n in range(kills)
        ]
        times = int(seconds / EVERY)
        repeated: list[Timed] = [((n + 1) / (times + 1), self._tick_at_once) for n in range(times)]
        self.todo = sorted([*timed, *killings, *repeated], key=lambda one: one[0])

    def befall(self) -> None:
        """All of it by the clock; returns when everything is whole again."""
        house, timers = self.house, []
        house.mail.ails(ALWAYS)
        for moment, deed in self.todo:
            time.sleep(max(self.begin + moment * self.seconds - time.time(), 0))
            thread = threading.Thread(target=deed, daemon=True)
            thread.start()
            timers.append(thread)
        for thread in timers:
            thread.join()
        house.mail.ails({})

    def _suffer(self, fault: Fault) -> None:
        began = time.time()
        fault.break_it()
        time.sleep(fault.lasts * self.seconds)
        fault.mend_it()
        self.spells.append(Spell(fault.what, began, time.time()))

    def _tick_at_once(self) -> None:
        """The broker delivers one tick to all who listen."""
        with contextlib.suppress(BrokerError, OSError), Connection(self.house.broker.url) as broker:
            for _ in range(AT_ONCE):
                tick.apply_async(connection=broker, retry=False)  # type: ignore[call-arg]  # the stubs lack it

    def _kill(self, what: str) -> None:
        wait_until(lambda: self.house.fleet.kill(what, self.chance), KILL_WITHIN)
