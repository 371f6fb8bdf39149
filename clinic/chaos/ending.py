"""That a run ends by itself and in time, and that nothing of it stays, whoever breaks it off."""

import contextlib
import fcntl
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

from django.core.management.base import CommandError

from clinic import localservices

GRACE = 20  # seconds to end everything in good order, then it is killed
KEPT = ("pgdata", "run")  # the cluster, with a clinic that need not be built again


@contextlib.contextmanager
def own_folder(*, keep: bool) -> Iterator[Path]:
    """Where all of it lives. Afterwards nothing is there but the cluster; with `keep` all that was written down.

    Raises CommandError while another run is on.
    """
    folder = localservices.find_site().state / "chaos"
    folder.mkdir(mode=0o755, exist_ok=True)
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        clear(folder)  # one that was killed could not do so
        yield folder
        if not keep:
            clear(folder)
    except BlockingIOError as error:
        raise CommandError(f"Another run is on in {folder}.") from error
    except (Exception, KeyboardInterrupt):
        clear(folder)
        raise
    finally:
        os.close(lock)


def clear(folder: Path) -> None:
    """End every server that lives there, and remove all but the cluster."""
    for inner in folder.iterdir():
        for pid in localservices.inhabitants(inner):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT if inner.name == "pgdata" else signal.SIGKILL)
        localservices.wait_until_empty(inner, GRACE)
        if inner.name not in KEPT:
            shutil.rmtree(inner) if inner.is_dir() else inner.unlink()


@contextlib.contextmanager
def in_time(seconds: int, folder: Path) -> Iterator[None]:
    """Break off what runs, by CommandError, after so many seconds or when a signal says so.

    If it does not end in good order then, what lives in the folder is killed, and this process.
    """

    numbers = (signal.SIGALRM, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    guards = [threading.Timer(seconds + GRACE, _end_all, [folder])]

    def break_off(number: int, _frame: object) -> None:
        for one in numbers:
            signal.signal(one, signal.SIG_IGN)  # once is enough: what ends everything must not be broken off
        guards.append(threading.Timer(GRACE, _end_all, [folder]))
        guards[-1].start()
        late = number == signal.SIGALRM
        raise CommandError(f"Not done after {seconds / 60:.0f} minutes." if late else "Broken off.")

    before = {number: signal.signal(number, break_off) for number in numbers}
    guards[0].start()
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        for guard in guards:
            guard.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)


def _end_all(folder: Path) -> None:
    """Workers and mail server end with this process."""
    try:
        clear(folder)
    finally:
        os._exit(1)
