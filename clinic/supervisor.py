"""Runs the processes of the Procfile under one command: all of them, or none.

    python -m clinic.supervisor

Ctrl-C ends them, and then the embedded servers. When one of them ends, all end. When this process is killed, the
kernel ends them. Standard library only: it has to outlive whatever goes wrong in the application.
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
from collections.abc import Callable, Collection
from pathlib import Path
from string import Template

from clinic import localservices

PROJECT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
HOST = "127.0.0.1"
PATIENCE = 15  # seconds that a process may take to end what it is doing
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
    """Prepare the database, run the Procfile until something ends it, and return the exit code."""
    processes: dict[str, subprocess.Popen] = {}
    try:
        processes["prepare"] = start(["python", "manage.py", "prepare"])
        while processes["prepare"].poll() is None and not wish:
            time.sleep(0.05)
        if wish or processes.pop("prepare").returncode:
            return 0 if wish else 1
        processes |= {name: start(command) for name, command in procfile(port).items()}
        return watch(processes, port, wish)
    finally:
        end_all(processes.values())


def watch(processes: dict[str, subprocess.Popen], port: int, wish: "StopWish") -> int:
    """Wait until a stop is wished or a process ends by itself; say when the clinic is open."""
    is_open = False
    while not wish:
        for name, process in processes.items():
            if process.poll() is not None:
                say(f"{name} ended by itself ({process.returncode}); everything is stopped.")
                return 1
        if not is_open and answers(port):
            is_open = True
            say(f"The clinic is open: http://{HOST}:{port}  (Ctrl-C closes it, the data stays in var/)")
        time.sleep(0.1)
    say("Closing ...")
    return 0


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


def start(command: list[str]) -> subprocess.Popen:
    """Start a command in a group of its own, so that Ctrl-C reaches only this process."""
    return subprocess.Popen(command, start_new_session=True, preexec_fn=die_with_parent)


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
