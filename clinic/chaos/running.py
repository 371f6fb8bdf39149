"""A run: everything is started, chased, left to recover, and judged."""

import os
import random
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import environ
from django.contrib.contenttypes.models import ContentType
from django.db import connection

from clinic.chaos import scene
from clinic.chaos.deeds import Desk
from clinic.chaos.faults import House, Misfortune
from clinic.chaos.fleet import CHILD, Fleet, Kill
from clinic.chaos.judging import Evidence, Verdict, judge
from clinic.chaos.mailserver import SLOW
from clinic.chaos.servers import Broker, Database, MailServer, wait_until
from clinic.chaos.size import Size
from treatments.reminders.models import Heartbeat

TO_START = 90  # seconds that processes may take until they work
LEISURELY = {SLOW: 0.6}
# From when the last may be tried; then what still waits is lost. How many ticks it took is said, and is another matter.
TO_DRAIN, LONGEST = 60, 240  # seconds; the longest from when all was mended
# What protects from sending twice, and how it is taken away in the database of a run. Without a lease a claim holds for
# no time, and nobody sees that a letter is on its way.
PROTECTIONS = {
    "lease": """
        CREATE FUNCTION chaos_no_lease() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.lease_until IS NOT NULL THEN NEW.lease_until := clock_timestamp(); END IF;
            IF NEW.state = 'sending' THEN NEW.state := 'due'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER chaos_no_lease BEFORE UPDATE ON reminders_message
            FOR EACH ROW EXECUTE FUNCTION chaos_no_lease();
    """,
    "key": "ALTER TABLE reminders_message DROP CONSTRAINT message_once",
}
SHOWS = {"lease": "sent twice with nobody interrupted", "key": "promised twice"}  # what must come of that
WAITING = """
SELECT id, extract(epoch FROM greatest(try_at, lease_until))::float
FROM reminders_message WHERE state IN ('due', 'sending') AND due_at < clock_timestamp()
"""


@dataclass(frozen=True, slots=True)
class Recovery:
    """After everything was whole again: what waited, and how long the last of it took, in ticks."""

    waiting: int
    ticks: float  # from when it might be tried: a pause or a lease that runs is waited for first
    seconds: float  # until nothing waited any more


@dataclass(frozen=True, slots=True)
class Run:
    """What was done and what came of it. `without`: the protection that was taken away, "" for none."""

    without: str
    size: Size
    began: float
    evidence: Evidence
    verdict: Verdict
    recovery: Recovery

    @property
    def meanwhile(self) -> int:
        """Letters and texts that were taken while things broke."""
        return sum(taken["at"] < self.began + self.size.seconds for taken in self.evidence.taken)

    @property
    def as_it_must_be(self) -> bool:
        """Nothing wrong; and where a protection is taken away, what it protects from."""
        return self.verdict.wrong[SHOWS[self.without]] > 0 if self.without else self.verdict.clean


@contextmanager
def connected_to(url: str) -> Iterator[None]:
    """Everything that asks the database asks this one."""
    names, said = ("NAME", "HOST", "PORT", "USER", "PASSWORD"), environ.Env.db_url_config(url)
    own = {name: connection.settings_dict[name] for name in (*names, "OPTIONS")}
    options = {**own["OPTIONS"], "host": "", **said.get("OPTIONS", {})}
    _point_to({**{name: said.get(name, "") for name in names}, "OPTIONS": options})
    try:
        yield
    finally:
        _point_to(own)


def _point_to(values: Mapping[str, Any]) -> None:
    connection.close()
    connection.settings_dict.update(values)
    ContentType.objects.clear_cache()


def run(stage: scene.Stage, size: Size, folder: Path, database: Database, *, without: str = "") -> Run:
    """Chase the messages of this stage, in the database that is connected and that `database` is."""
    _take_away(without)
    chance = random.Random(len(without))  # noqa: S311 (no secret)
    with ExitStack() as stack:
        house = _open(stack, size, folder, database)
        house.fleet.start()
        if not wait_until(lambda: Heartbeat.objects.exists() and house.fleet.whole, TO_START):
            raise RuntimeError(f"nobody ticks; see {folder}")
        began = time.time()
        misfortune = stack.enter_context(Misfortune(house, size, chance=chance))
        desk = stack.enter_context(Desk(stage, until=began + size.seconds, chance=chance))
        misfortune.join()
        if without == "lease":  # what is not protected is seen where several are at the same
            house.mail.ails(LEISURELY)
        desk.join()
        connection.close()  # it was broken with all the others
        wait_until(lambda: house.fleet.whole, TO_START)
        recovery = _recover(size)
    killed = [Kill(CHILD, pid, at, sending=True) for pid, at in house.mail.killed()]
    kills = sorted([*house.fleet.kills, *killed], key=lambda one: one.at)
    fleet = house.fleet
    evidence = Evidence(
        house.mail.taken(), desk.done, kills, fleet.ends, misfortune.spells, fleet.ended_alone
    )
    return Run(without, size, began, evidence, judge(evidence, size.pace), recovery)


def _take_away(protection: str) -> None:
    if protection:
        with connection.cursor() as cursor:
            cursor.execute(PROTECTIONS[protection])


def _open(stack: ExitStack, size: Size, folder: Path, database: Database) -> House:
    """Start the servers; all of it ends with the stack."""
    broker = Broker(folder)
    stack.callback(broker.close)
    mail = MailServer(folder, size.pace.answer)
    stack.callback(mail.stop)
    said = {"DATABASE_URL": database.url, "REDIS_URL": broker.url, "EMAIL_URL": mail.url}
    account = {"SMS_ACCOUNT": "chaos", "SMS_TOKEN": "chaos", "SMS_FROM": "Chaos"}
    texts = {"SMS_GATEWAY": "twilio", "SMS_API": mail.gateway, **account}
    pace = {"MESSAGE_PACE": str(size.pace.times), "CLINIC_EMAIL": f"desk@{scene.MAIL}"}
    environment = {**os.environ, **said, **texts, **pace}
    fleet = Fleet(folder, environment, workers=size.workers, beats=size.beats)
    stack.callback(fleet.stop)
    return House(database, broker, mail, fleet)


def _recover(size: Size) -> Recovery:
    """Wait until nothing waits, and see how long it took from when each might be tried."""
    began = last = time.time()
    ready = {pk: max(moment, began) for pk, moment in _asked(WAITING)}
    gone = dict[int, float]()
    while time.time() < last + TO_DRAIN:
        waiting = dict(_asked(WAITING))
        now, last = time.time(), min(max([last, *waiting.values()]), began + LONGEST)
        gone = {pk: gone.get(pk, now) for pk in ready if pk not in waiting}
        if not waiting:
            break
        time.sleep(0.05)
    late = [gone.get(pk, time.time()) - moment for pk, moment in ready.items()]
    return Recovery(len(ready), max(late, default=0) / size.pace.tick, time.time() - began)


def _asked(sql: str) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchall()
