"""Runs the processes of the Procfile under one command: all of them, or none.

    python -m clinic.supervisor

Ctrl-C ends them, and then the embedded servers. When one of them ends before the clinic is open, all end; afterwards it
is started again, and so are the embedded servers. When this process is killed, the kernel ends them. Standard library
only: it has to outlive whatever goes wrong in the application.
"""

import contextlib
import ctypes
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from string import Template
from typing import Any

from clinic import localservices

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
PATIENCE = 15  # seconds that a process may take to end what it is doing
PAUSE = 5  # seconds between two starts of the same
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None)


def main() -> int:
    port = chosen_port()
    os.chdir(PROJECT)
    os.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    os.environ.setdefault("PYTHONWARNINGS", "ignore:You're running the worker with superuser privileges")
    wish = StopWish()
    follow_make()
    try:
        return run_clinic(port, wish)
    finally:
        if not localservices.down_unless_used():
            say("PostgreSQL and Valkey stay up: another command of this checkout uses them.")


def run_clinic(port: int, wish: "StopWish") -> int:
    """Prepare the database, run the Procfile until a stop is wished, and return the exit code."""
    kept: list[Kept] = []
    try:
        kept.append(prepare := Kept("prepare", ["python", "manage.py", "prepare"]))
        while not prepare.ended and not wish:
            time.sleep(0.05)
        if wish or prepare.process.returncode:
            return 0 if wish else 1
        kept[:] = [Kept(name, command) for name, command in procfile(port).items()]
        return watch(kept, port, wish)
    finally:
        end_all([one.process for one in kept])


def watch(kept: Sequence["Kept"], port: int, wish: "StopWish") -> int:
    """Wait until a stop is wished; say when the clinic is open, and start again what has ended since."""
    is_open, servers = False, Servers()
    while not wish:
        if not is_open and (ended := [one for one in kept if one.ended]):
            say(f"{ended[0].name} ended by itself ({ended[0].process.returncode}); everything is stopped.")
            return 1
        servers.keep_up()
        for one in kept:
            one.keep_up()
        if not is_open and answers(port):
            is_open = True
            say(f"The clinic is open: http://{HOST}:{port}  (Ctrl-C closes it, the data stays in var/)")
        time.sleep(0.1)
    say("Closing ...")
    return 0


class Kept:
    """A process that is to be there for as long as the clinic is open."""

    def __init__(self, name: str, command: Sequence[str]) -> None:
        self.name, self.command = name, command
        self.process, self.began = start(command), time.monotonic()

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def keep_up(self) -> None:
        """Start it again if it has ended, but not over and over."""
        if self.ended and time.monotonic() - self.began > PAUSE:
            say(f"{self.name} ended by itself ({self.process.returncode}); it is started again.")
            signal_group(self.process, signal.SIGKILL)  # children that outlived it hold its port
            self.process, self.began = start(self.command), time.monotonic()


class Servers:
    """The embedded servers, as far as the environment names no others."""

    def __init__(self) -> None:
        self.site, self.looked = localservices.find_own_site(), time.monotonic()

    def keep_up(self) -> None:
        """Every few seconds look whether they are up, and start those that are not."""
        if self.site is None or time.monotonic() - self.looked < PAUSE:
            return
        if not localservices.all_up(self.site):
            say("An embedded server ended by itself; it is started again.")
            start(["python", "clinic/localservices.py", "up"], stdout=subprocess.DEVNULL).wait()
        self.looked = time.monotonic()


class StopWish:
    """True once somebody asked this process to end: Ctrl-C, `kill`, or a closed terminal."""

    def __init__(self) -> None:
        self.wished = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.note)

    def note(self, *_: object) -> None:
        self.wished = True

    def __bool__(self) -> bool:
        return self.wished


# The port


def chosen_port() -> int:
    """The port to listen on, from `PORT`; ends with one sentence when it cannot be had."""
    text = os.environ.get("PORT", "8000")
    if not text.isdecimal() or not 0 < int(text) < 65536:
        sys.exit(f"PORT is {text!r}: it has to be a number from 1 to 65535.")
    # A clinic that was killed a moment ago needs a moment to let go of its port.
    if not wait_for(lambda: is_free(int(text)), seconds=3):
        sys.exit(f"Port {text} is taken: end the program that uses it, or choose another: PORT=8001 make run")
    return int(text)


def is_free(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except PermissionError:
            sys.exit(f"Port {port} needs root's rights: choose one above 1023, PORT=8001 make run")
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
        return True
    return False


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask until the condition holds or the time is over; say whether it holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


# Processes


def procfile(port: int) -> dict[str, list[str]]:
    """The commands of the Procfile by name, with $PORT filled in."""
    lines = (PROJECT / "Procfile").read_text().splitlines()
    named = (line.split(":", 1) for line in lines if line and not line.startswith("#"))
    return {name: shlex.split(Template(command).substitute(PORT=port)) for name, command in named}


def start(command: Sequence[str], **options: Any) -> subprocess.Popen:
    """Start a command in a group of its own, so that Ctrl-C reaches only this process."""
    return subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent, **options)


def die_with_parent() -> None:
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def follow_make() -> None:
    """End when the make that started this is killed."""
    if "MAKELEVEL" in os.environ:
        die_with_parent()


def end_all(processes: Collection[subprocess.Popen]) -> None:
    """Ask all to end, wait, and kill what is left of their groups."""
    for process in processes:
        signal_group(process, signal.SIGTERM)
    wait_for(lambda: all(process.poll() is not None for process in processes), PATIENCE)
    for process in processes:
        signal_group(process, signal.SIGKILL)
        process.wait()


def signal_group(process: subprocess.Popen, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def say(words: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main())
