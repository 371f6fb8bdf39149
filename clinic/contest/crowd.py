"""The crowd: processes that send their forms at the same moment."""

import multiprocessing
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from django.db import connection

from clinic.contest import ready
from clinic.contest.attempts import Answer, Attempt


@dataclass(frozen=True, slots=True)
class Crowd:
    """Processes that are ready, each at the end of a pipe."""

    pipes: Sequence[Connection]

    def at_once(self, attempts: Sequence[Attempt]) -> list[Answer]:
        """Send these forms, one from each process, all at the same moment."""
        return [answer for [answer] in self.in_turn([[attempt] for attempt in attempts])]

    def in_turn(self, attempts: Sequence[Sequence[Attempt]]) -> list[list[Answer]]:
        """Each process sends its forms one after the other, all beginning at the same moment."""
        for pipe, theirs in zip(self.pipes, attempts, strict=True):
            pipe.send(theirs)
        return [pipe.recv() for pipe in self.pipes]


@contextmanager
def gathered(people: Sequence[int], *, locks: bool = True) -> Iterator[Crowd]:
    """A process for each of these users of the database that is connected; without `locks` nobody waits for others."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([ready.__name__])
    barrier, ends = context.Barrier(len(people)), [context.Pipe() for _ in people]
    database = {name: connection.settings_dict[name] for name in ("NAME", "OPTIONS")}
    processes = [
        context.Process(target=ready.person, args=(far, barrier, database, pk, locks), daemon=True)
        for (_near, far), pk in zip(ends, people, strict=True)
    ]
    for process in processes:
        process.start()
    try:
        for near, _far in ends:
            near.recv()
        yield Crowd([near for near, _far in ends])
    finally:
        for process in processes:
            process.terminate()
            process.join()
