"""What is broken when, and for how long."""

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Self

from kombu import Connection
from kombu.exceptions import OperationalError as BrokerError

from clinic.chaos import mailserver as mail
from clinic.chaos.fleet import BOTH, CHILD, PARENT, Fleet, Member
from clinic.chaos.servers import Broker, Database, MailServer
from clinic.chaos.size import Size
from treatments.reminders.tasks import tick

MAIL, FLUSHED, CRASHED, AWAY = (
    "mail server",
    "Valkey flushed",
    "PostgreSQL stopped at once",
    "Valkey killed, away",
)
AT_ONCE = 4  # so many times a tick is delivered, three times as often as there are ticks
APART = 0.3  # seconds between two killings, at least
LATE = 60  # seconds after the end of the run, when it is given up to kill who is not there

# Of parents one in five or so: the next takes seconds to start, and where nobody works nothing can go wrong.
KINDS_OF_KILL = (CHILD, CHILD, CHILD, PARENT, CHILD, CHILD, CHILD, CHILD, BOTH, CHILD)
ALWAYS = {mail.LATER: 0.03, mail.LATER_STILL: 0.02, mail.SLOW: 0.25, mail.KILL: 0.01, mail.KILL_BEFORE: 0.01}
# Where nobody is stopped and little time there is, more letters are under way at any moment.
SLOWER = {**ALWAYS, mail.SLOW: 0.6}
SICK = {mail.BUSY: 0.2, mail.LATER: 0.3, mail.CLOSE_IN_DATA: 0.1, mail.HANG: 0.05}
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


def always(size: Size) -> Mapping[str, float]:
    """What ails the mail server when it is well."""
    return ALWAYS if size.stopping else SLOWER


def faults(house: House, size: Size) -> list[Fault]:
    """All of them, in the order in which they begin; between them it works."""
    fleet, broker, database, well = (
        house.fleet,
        house.broker,
        house.database,
        partial(house.mail.ails, always(size)),
    )

    def ails(what: str, begin: float, lasts: float, shares: Mapping[str, float]) -> Fault:
        return Fault(f"{MAIL}: {what}", begin, lasts, partial(house.mail.ails, shares), well)

    def rests(what: str, begin: float, lasts: float, members: Sequence[Member]) -> Fault:
        return Fault(what, begin, lasts, partial(fleet.rest, members), partial(fleet.wake, members))

    found = [
        ails("421, 450, hangs, closes in DATA", 0.06, 0.05, SICK),
        Fault(FLUSHED, 0.15, 0, broker.flush, nothing),
        ails("takes, and does not say so", 0.22, 0.06, TREACHEROUS),
        Fault(CRASHED, 0.33, 0.005, database.stop, database.start),
        Fault(AWAY, 0.40, 0.04, broker.kill, broker.start),
        ails("421 to all", 0.52, 0.04, {mail.BUSY: 1}),
        Fault(CRASHED, 0.62, 0.015, database.stop, database.start),
        Fault(FLUSHED, 0.71, 0, broker.flush, nothing),
        ails("takes, and does not say so", 0.82, 0.06, TREACHEROUS),
        Fault(AWAY, 0.93, 0.02, broker.kill, broker.start),
    ]
    stops = [
        rests("one beat stopped", 0.17, 0.08, fleet.beats[:1]),
        rests("both beats stopped", 0.46, 0.06, fleet.beats),
        rests("all workers stopped", 0.73, 0.02, fleet.workers),
    ]
    return sorted([*found, *(stops if size.stopping else [])], key=lambda one: one.begin)


def nothing() -> None:
    """There is nothing to mend."""


class Misfortune:
    """Breaks what is in the table, and kills processes meanwhile, evenly until the end. Mends all if it is left."""

    def __init__(self, house: House, size: Size, *, chance: random.Random) -> None:
        self.house, self.size, self.chance = house, size, chance
        self.begin, self.over = time.time(), threading.Event()
        self.spells: list[Spell] = []
        deeds: list[Callable[[], None]] = [self._kill, self._tick_at_once]
        deeds += [partial(self._suffer, fault) for fault in faults(house, size)]
        self.threads = [threading.Thread(target=deed, daemon=True) for deed in deeds]

    def __enter__(self) -> Self:
        self.house.mail.ails(always(self.size))
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.over.set()
        self.join()

    def join(self) -> None:
        """Returns when everything is whole again."""
        for thread in self.threads:
            thread.join()
        self.house.mail.ails({})

    def _reaches(self, part: float) -> bool:
        """Wait for this part of the run; False if it was broken off."""
        return not self.over.wait(max(self.begin + part * self.size.seconds - time.time(), 0))

    def _suffer(self, fault: Fault) -> None:
        if self._reaches(fault.begin):
            began = time.time()
            fault.break_it()
            self.over.wait(fault.lasts * self.size.seconds)
            fault.mend_it()
            self.spells.append(Spell(fault.what, began, time.time()))

    def _tick_at_once(self) -> None:
        """The broker delivers one tick to all who listen, unless there is nobody who would tick."""
        every, part = self.size.pace.tick / 3 / self.size.seconds, 0.0
        while (part := part + every) < 1 and self._reaches(part):
            if all(beat.resting for beat in self.house.fleet.beats):
                continue
            with contextlib.suppress(BrokerError, OSError), Connection(self.house.broker.url) as broker:
                for _ in range(AT_ONCE):
                    tick.apply_async(connection=broker, retry=False, expires=self.size.pace.tick)  # type: ignore[call-arg]  # the stubs lack it

    def _kill(self) -> None:
        """Evenly over what is left of the time: for a while nobody may be there to be killed.

        On a machine so busy that processes start slowly that lasts, and the last are killed afterwards.
        """
        end, left = self.begin + self.size.seconds, self.size.kills
        kinds = itertools.cycle(KINDS_OF_KILL if self.size.stopping else (CHILD,))
        while (
            left and (rest := end - time.time()) > -LATE and not self.over.wait(max(rest / (left + 1), APART))
        ):
            left -= self.house.fleet.kill(next(kinds), self.house.mail.port, self.chance)
