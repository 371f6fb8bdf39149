"""The servers that are broken: a PostgreSQL cluster, a Valkey and a mail server that nobody else uses."""

import contextlib
import dataclasses
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import psycopg2
import redis
from django.conf import settings

from clinic import localservices

# What was committed outlives the server's processes without it; that the power fails is not tried here.
OUTLIVES_ITS_PROCESSES = "fsync = off\n"


class Database(Protocol):
    """Where the messages are."""

    url: str

    def stop(self) -> None:
        """All that are connected are thrown out at once, in the middle of what they do."""

    def start(self) -> None:
        """It may be asked again."""


class Cluster:
    """A PostgreSQL of its own, that stops as if the power had failed."""

    def __init__(self, folder: Path) -> None:
        base = localservices.find_site()
        state = folder.resolve()
        self.site = dataclasses.replace(
            base, state=state, sockets=localservices.socket_folder(state, base.account)
        )
        localservices.own(self.site.pgdata, base.account)
        if not (self.site.pgdata / "PG_VERSION").exists():
            localservices.make_cluster(self.site)
            with (self.site.pgdata / "postgresql.conf").open("a") as settings_of_it:
                settings_of_it.write(OUTLIVES_ITS_PROCESSES)
        self.url, self.closed = localservices.start_postgres(self.site), False
        self.down = threading.Lock()  # it is not stopped again while it starts
        self.starting = threading.Lock()  # nor closed for good

    def url_of(self, name: str) -> str:
        """Another database of the cluster."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def start(self) -> None:
        with self.starting:
            if not self.closed:
                localservices.start_postgres(self.site)
        self.down.release()

    def close(self) -> None:
        """It is not needed any more, and nobody may start it again."""
        with self.starting:
            self.closed = True
            localservices.stop_postgres(self.site)

    def stop(self) -> None:
        self.down.acquire()
        control, data = self.site.postgres / "bin/pg_ctl", self.site.pgdata
        localservices.ask(self.site, control, "-D", data, "-w", "-m", "immediate", "stop")


class Borrowed:
    """A database on a server that others use too: only its own connections are broken."""

    def __init__(self, url: str) -> None:
        self.url = url

    def stop(self) -> None:
        with contextlib.closing(psycopg2.connect(self.url)) as connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

    def start(self) -> None:
        """It never went away."""


class Broker:
    """A Valkey of its own."""

    def __init__(self, folder: Path) -> None:
        near = len(os.fsencode(folder)) <= localservices.LONGEST_SOCKET_FOLDER
        self.far = None if near else Path(tempfile.mkdtemp())
        self.socket = (self.far or folder) / "valkey.sock"
        self.folder, self.closed, self.starting = folder, False, threading.Lock()
        self.url = f"redis+socket://{self.socket}"
        self.start()

    def start(self) -> None:
        with self.starting:
            if not self.closed:
                self._start()

    def _start(self) -> None:
        files: list[str | Path] = ["--port", "0", "--unixsocket", self.socket, "--dir", self.folder]
        options = ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]
        command = [localservices.valkey_binary(), *files, *options]
        with (self.folder / "valkey.log").open("a") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, cwd=self.folder
            )
        wait_until(lambda: localservices.answers_ping(self.socket), 20)

    def kill(self) -> None:
        """As if the power had failed."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """It is not needed any more, and nobody may start it again."""
        with self.starting:
            self.closed = True
            self.kill()
        if self.far:
            shutil.rmtree(self.far)

    def flush(self) -> None:
        """All that was queued is gone; of one that is away nothing was left anyhow."""
        with (
            contextlib.suppress(redis.ConnectionError),
            redis.Redis(unix_socket_path=str(self.socket)) as client,
        ):
            client.flushall()


class MailServer:
    """The process of the misbehaving mail server. `patience`: seconds that those wait who send."""

    def __init__(self, folder: Path, patience: float) -> None:
        self.log = folder / "letters.jsonl"
        self.log.touch()
        command = [sys.executable, "-m", "clinic.chaos.mailserver", str(self.log), str(patience)]
        with (folder / "mailserver.log").open("a") as errors:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                cwd=settings.BASE_DIR,
                env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)},
                start_new_session=True,
            )
        self.port, texts = (int(self.process.stdout.readline()) for _ in range(2))  # type: ignore[union-attr]
        self.url, self.gateway = f"smtp://127.0.0.1:{self.port}", f"http://127.0.0.1:{texts}"

    def ails(self, shares: Mapping[str, float]) -> None:
        """From now on so many of the letters meet with this; {}: it is well."""
        pipe = self.process.stdin
        if pipe is not None:
            pipe.write(json.dumps(dict(shares)) + "\n")
            pipe.flush()

    def taken(self) -> list[dict]:
        """Every letter and text that it took, in order; `heard`: whoever sent it was there to hear so."""
        lines = self._lines()
        unheard = {line["unheard"] for line in lines if "unheard" in line}
        return [{**line, "heard": line["at"] not in unheard} for line in lines if "message_id" in line]

    def killed(self) -> list[tuple[int, float]]:
        """Whom it killed while they were handing over a letter, and when."""
        return [(line["killed"], line["at"]) for line in self._lines() if "killed" in line]

    def _lines(self) -> list[dict]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def stop(self) -> None:
        self.process.kill()
        self.process.communicate()  # closes the pipes, too


def wait_until(happened: Callable[[], object], seconds: float) -> bool:
    """Wait for it; say whether it happened."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
