"""The processes that send: workers and beats as the Procfile starts them, killed at will and started again."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from clinic.chaos import lines
from clinic.supervisor import die_with_parent

AT_WORK_AFTER = 2  # seconds: it has taken something in hand
CELERY = [sys.executable, "-W", "ignore", "-m", "celery", "--quiet", "--app", "clinic"]
WORKER = [
    *CELERY,
    "worker",
    "--concurrency",
    "2",
    "--loglevel",
    "WARNING",
    "--without-gossip",
    "--without-mingle",
]
CHILD, PARENT, BOTH = "child", "parent", "both"
BEAT = [*CELERY, "beat", "--loglevel", "WARNING", "--pidfile="]


@dataclass(frozen=True, slots=True)
class Kill:
    """A process that was killed, what it was, and when. `sending`: it had a line to the mail server open."""

    what: str
    pid: int
    at: float
    sending: bool = False


@dataclass(slots=True)
class Member:
    """One of the processes, whichever stands in for it at the moment."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    folder: Path
    resting: bool = False
    process: subprocess.Popen | None = None
    groups: list[int] = field(default_factory=list)  # of all that ever stood in
    staffed: float = 0.0  # since when it has children, 0 while it has none

    def start(self) -> None:
        with (self.folder / f"{self.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                self.command,
                env=dict(self.environment),
                cwd=settings.BASE_DIR,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,
            )
        self.groups.append(self.process.pid)
        self.staffed = 0.0

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @property
    def at_work(self) -> bool:
        """It has been there for long enough to have something in hand."""
        return bool(self.staffed and self.children()) and time.time() - self.staffed > AT_WORK_AFTER

    def children(self) -> list[int]:
        """The processes that do its work."""
        if self.process is None:
            return []
        with contextlib.suppress(OSError):
            listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
            return [pid for pid in map(int, listed.split()) if _lives(pid)]
        return []


class Fleet:
    """All of them, and somebody who starts again what has ended."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], *, workers: int = 1, beats: int = 1
    ) -> None:
        self.folder, self.kills = folder, list[Kill]()
        self.seen, self.ends = set[int](), list[Kill]()
        self.put_to_rest, self.killing = set[int](), threading.Lock()
        self.ended_alone = 0  # processes of workers that nobody killed
        self.workers = [
            self._member(f"worker{n}", [*WORKER, "--hostname", f"worker{n}@chaos"], environment)
            for n in range(workers)
        ]
        self.beats = [
            self._member(f"beat{n}", [*BEAT, "--schedule", str(folder / f"beat{n}")], environment)
            for n in range(beats)
        ]
        self.tending = threading.Event()
        self.tender = threading.Thread(target=self._tend, daemon=True)

    def _member(self, name: str, command: list[str], environment: Mapping[str, str]) -> Member:
        return Member(name, command, environment, self.folder)

    @property
    def members(self) -> list[Member]:
        return [*self.workers, *self.beats]

    @property
    def whole(self) -> bool:
        """Everybody is at work."""
        return all(member.runs for member in self.members) and all(one.children() for one in self.workers)

    def start(self) -> None:
        for member in self.members:
            member.start()
        self.tender.start()

    def _tend(self) -> None:
        while not self.tending.wait(0.2):
            self._note_starts_and_ends()
            for member in self.members:
                if not (member.runs or member.resting or self.tending.is_set()):
                    self.ended_alone += member in self.workers and not self._was_killed(member.groups[-1])
                    member.start()

    def _was_killed(self, pid: int) -> bool:
        with self.killing:
            return pid in self.put_to_rest or any(kill.pid == pid for kill in self.kills)

    def _note_starts_and_ends(self) -> None:
        """Since when workers have children; and who is gone, by whatever hand.

        A parent that goes down takes its children with it, and there is the time limit.
        """
        for member in self.workers:
            children = member.children()
            self.seen.update(children)
            member.staffed = member.staffed or (time.time() if children else 0.0)
        gone = {pid for pid in self.seen if not _lives(pid)}
        self.seen -= gone
        self.ends += [Kill("ended", pid, time.time()) for pid in gone]

    def kill(self, what: str, port: int, chance: random.Random) -> bool:
        """Kill -9: a worker's "child", its "parent", or "both". Says whether there was one to be killed.

        Children that have a line to the mail server at `port` open come first. The last parent at work is spared, and a
        child is killed instead.
        """
        working = [member for member in self.workers if member.at_work]
        children = [pid for member in working for pid in member.children()]
        if not children:
            return False
        sending = lines.connected(children, port)
        if what == CHILD or len(working) == 1:
            doomed = [(CHILD, chance.choice(sending or children))]
        else:
            member = chance.choice(working)
            doomed = [(PARENT, member.groups[-1])]
            doomed += [(CHILD, pid) for pid in member.children()] if what == BOTH else []
        for kind, pid in doomed:
            self._kill(Kill(kind, pid, time.time(), pid in sending))
        return True

    def _kill(self, kill: Kill) -> None:
        with contextlib.suppress(ProcessLookupError), self.killing:
            os.kill(kill.pid, signal.SIGKILL)
            self.kills.append(kill)

    def rest(self, members: Sequence[Member]) -> None:
        """These stop, and nobody starts them again until `wake`."""
        for member in members:
            member.resting = True
            self.put_to_rest.add(member.groups[-1])
            _end(member.groups[-1:])

    def wake(self, members: Sequence[Member]) -> None:
        for member in members:
            member.resting = False

    def stop(self) -> None:
        """End all that was ever started, also what a killed parent left."""
        self.tending.set()
        if self.tender.is_alive():
            self.tender.join()
        _end([group for member in self.members for group in member.groups])
        for member in self.members:
            if member.process is not None:
                member.process.wait()


def _lives(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def _end(groups: list[int]) -> None:
    for group in groups:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
