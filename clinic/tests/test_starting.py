"""What starts the project: set-up, the embedded servers, the supervisor."""

import io
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.urls import resolve

from clinic import bootstrap, localservices, servers, supervisor
from clinic.logs import SECRETS
from clinic.management.commands import prepare

BASE = settings.BASE_DIR
LOCKS = ["requirements.txt", "requirements-dev.txt", "package-lock.json"]


# What is written down


@pytest.mark.parametrize("lock", LOCKS)
def test_locks_say_what_and_not_where_from(lock):
    """Hashes and no addresses; npm names those who ask for donations, and no others."""
    lines = (BASE / lock).read_text().splitlines()
    assert [line for line in lines if re.search(r"index-url|find-links|resolved|registry", line)] == []
    addresses = [line for line in lines if "://" in line]
    assert [line for line in addresses if not re.search(r"opencollective|/sponsors/", line)] == []


@pytest.mark.parametrize("lock", LOCKS[:2])
def test_every_package_is_pinned_with_hashes(lock):
    blocks = re.split(r"\n(?=\S)", re.sub(r"(?m)^\s*#.*\n", "", (BASE / lock).read_text()).strip())
    assert [block for block in blocks if "==" not in block or "--hash=sha256:" not in block] == []


def test_developers_use_the_same_versions():
    used, dev = (set(re.findall(r"(?m)^(\S+==\S+)", (BASE / lock).read_text())) for lock in LOCKS[:2])
    assert used <= dev


def test_every_dependency_is_locked():
    project = tomllib.loads((BASE / "pyproject.toml").read_text())["project"]
    wanted = {LOCKS[0]: project["dependencies"], LOCKS[1]: project["optional-dependencies"]["dev"]}
    for lock, dependencies in wanted.items():
        locked = set(re.findall(r"(?m)^([\w.-]+)(?:\[\S+\])?==", (BASE / lock).read_text()))
        assert {re.match(r"[\w-]+", name)[0].lower() for name in dependencies} - locked == set()


def test_ci_runs_make_test_and_insists_on_the_browser():
    lines = (BASE / ".ci/run").read_text().splitlines()[1:]
    assert lines == ["set -euo pipefail", "export CLINIC_BROWSER_REQUIRED=1", "make test"]


def test_example_names_every_setting_of_the_environment():
    read = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (BASE / "clinic/settings.py").read_text()))
    written = set(re.findall(r"(?m)^#?([A-Z_]+)=", (BASE / ".env.example").read_text()))
    assert read - written == set()


def test_example_names_each_setting_once():
    written = re.findall(r"(?m)^#?([A-Z_]+)=", (BASE / ".env.example").read_text())
    assert [name for name in set(written) if written.count(name) > 1] == []


@pytest.mark.parametrize("file", ["docs/deploy.md", ".env.example", "README.md"])
def test_addresses_to_report_to_are_there(file):
    for address in re.findall(r"/hooks/[\w<>/]*", (BASE / file).read_text()):
        assert resolve(address).app_name == "hooks"


def test_docs_name_every_path_with_a_secret_in_it():
    said = (BASE / "docs/deploy.md").read_text()
    secret = set(SECRETS.pattern.strip("(").partition(")")[0].split("|")) - {"/password/reset/key/"}
    assert {path for path in secret if f"`{path}...`" not in said} == set()


def test_compose_runs_what_the_procfile_runs():
    services = yaml.safe_load((BASE / "compose.yaml").read_text())["services"]
    for name, command in supervisor.procfile(8000).items():
        there = services[name]["command"].replace("0.0.0.0", "127.0.0.1").replace("/tmp/", "var/")  # noqa: S104, S108
        assert there.split() == command


def test_nothing_here_hides_a_module_of_python():
    # localservices.py and bootstrap.py also run as scripts, with this folder first on the path.
    ours = {path.stem for path in (BASE / "clinic").glob("*.py")}
    assert ours & (sys.stdlib_module_names - set(sys.builtin_module_names)) == set()


# Set-up


def test_one_package_of_a_lock_is_found_with_its_hashes():
    lock = (
        "# by uv\nasgi==1 \\\n    --hash=a\nuv==2 \\\n    --hash=b \\\n    --hash=c\n    # via x\nvine==3\n"
    )
    assert bootstrap.pinned("uv", lock) == "uv==2 \\\n    --hash=b \\\n    --hash=c\n    # via x\n"


def test_the_installer_is_in_both_locks():
    for lock in LOCKS[:2]:
        assert "--hash=sha256:" in bootstrap.pinned("uv", (BASE / lock).read_text())


def test_vendor_files_follow_the_packages(tmp_path, monkeypatch):
    monkeypatch.setattr(bootstrap, "PROJECT", tmp_path)
    monkeypatch.setattr(bootstrap, "NODE_MODULES", tmp_path / "node_modules")
    for file in bootstrap.VENDOR:
        (tmp_path / "node_modules" / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "node_modules" / file).write_text("new")
    vendor = tmp_path / "static/vendor"
    vendor.mkdir(parents=True)
    (vendor / "left-over.js").write_text("")
    (vendor / "bootstrap.min.css").write_text("old")
    bootstrap.copy_vendor_files()
    assert {path.name: path.read_text() for path in vendor.iterdir()} == {
        Path(file).name: "new" for file in bootstrap.VENDOR
    }


def test_a_missing_browser_is_said_loudly(monkeypatch, capsys):
    monkeypatch.setattr(bootstrap, "find_chromium", lambda: None)
    monkeypatch.setattr(bootstrap, "apt_install", lambda *packages: False)
    monkeypatch.delenv("CLINIC_BROWSER_REQUIRED", raising=False)
    bootstrap.install_chromium()
    assert "SKIPPED" in capsys.readouterr().out


def test_a_missing_browser_is_an_error_where_it_has_to_be_there(monkeypatch):
    monkeypatch.setattr(bootstrap, "find_chromium", lambda: None)
    monkeypatch.setattr(bootstrap, "apt_install", lambda *packages: False)
    monkeypatch.setenv("CLINIC_BROWSER_REQUIRED", "1")
    with pytest.raises(SystemExit, match="no Chromium"):
        bootstrap.install_chromium()


# The supervisor


@pytest.fixture
def taken_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def supervise(**environment):
    command = [sys.executable, "-m", "clinic.supervisor"]
    env = {**os.environ, **environment}
    return subprocess.run(
        command, cwd=BASE, env=env, capture_output=True, text=True, timeout=240, check=False
    )


def test_a_taken_port_is_said_in_one_sentence(taken_port):
    done = supervise(PORT=str(taken_port))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"Port {taken_port} is taken: end the program that uses it, or choose another: PORT=8001 make run"
    ]


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", ""])
def test_a_port_that_is_none_is_said_in_one_sentence(port):
    done = supervise(PORT=port)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "has to be a number" in done.stderr


def is_alive(pid: int) -> bool:
    """Whether a process runs (one that ended and waits to be collected does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_what_the_supervisor_starts_ends_when_it_is_killed():
    script = (
        "import time; from clinic import supervisor;"
        "print(supervisor.start(['sleep', '600']).pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=BASE, stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    assert is_alive(child)
    parent.kill()
    parent.communicate()
    assert supervisor.wait_for(lambda: not is_alive(child), seconds=60)


def test_all_end_even_who_is_deaf_to_it(monkeypatch, tmp_path):
    monkeypatch.setattr(supervisor, "PATIENCE", 0.5)
    process = supervisor.start(
        ["sh", "-c", f"trap '' TERM; touch {tmp_path}/deaf; while :; do sleep 1; done"]
    )
    assert supervisor.wait_for((tmp_path / "deaf").exists, seconds=60)
    supervisor.end_all([process])
    assert process.returncode == -signal.SIGKILL


@pytest.fixture
def hurried(monkeypatch):
    """A supervisor that keeps up `sleep`, starts what ended at once, and has no servers of its own."""
    monkeypatch.setattr(supervisor, "PAUSE", 0)
    monkeypatch.setattr(localservices, "find_own_site", lambda: None)
    kept = supervisor.Kept("sleeper", ["sleep", "600"])
    yield kept
    supervisor.end_all([kept.process])


class Turns:
    """A wish to stop that comes after so many turns of the watch; before each something happens."""

    def __init__(self, *happens):
        self.happens = list(happens)

    def __bool__(self):
        if not self.happens:
            return True
        self.happens.pop(0)()
        return False


def kill(kept):
    kept.process.kill()
    kept.process.wait()


def test_what_ends_after_the_clinic_is_open_is_started_again(hurried, monkeypatch, capsys):
    monkeypatch.setattr(supervisor, "answers", lambda port: True)
    first = hurried.process.pid
    assert supervisor.watch([hurried], 1, Turns(lambda: None, lambda: kill(hurried))) == 0
    assert hurried.process.pid != first
    assert is_alive(hurried.process.pid)
    assert "sleeper ended by itself (-9); it is started again." in capsys.readouterr().out


def test_what_ends_before_the_clinic_is_open_ends_all(hurried, monkeypatch, capsys):
    monkeypatch.setattr(supervisor, "answers", lambda port: False)
    assert supervisor.watch([hurried], 1, Turns(lambda: None, lambda: kill(hurried), pytest.fail)) == 1
    assert capsys.readouterr().out == "sleeper ended by itself (-9); everything is stopped.\n"


def test_what_ends_over_and_over_is_not_started_over_and_over(hurried, monkeypatch):
    monkeypatch.setattr(supervisor, "PAUSE", 600)
    kill(hurried)
    hurried.keep_up()
    assert hurried.ended


# What happens before it opens


@pytest.fixture
def prepared(db, monkeypatch):
    """What `manage.py prepare` calls, one after the other."""
    called = []
    monkeypatch.setattr(prepare.servers, "require", lambda: None)
    monkeypatch.setattr(prepare, "call_command", lambda name, **options: called.append((name, options)))

    def run():
        call_command("prepare", stdout=io.StringIO())
        return [name for name, options in called], called[-1][1]

    return run


def test_an_empty_clinic_gets_the_demo(prepared):
    names, last = prepared()
    assert names == ["migrate", "load_catalogue", "collectstatic", "seed_demo", "seed_demo"]
    assert last == {"logins": True}


def test_a_clinic_with_people_in_it_gets_no_demo(prepared, doctor):
    names, last = prepared()
    assert names == ["migrate", "load_catalogue", "collectstatic", "seed_demo"]
    assert last == {"logins": True}


# Servers that do not answer

NOWHERE = {"DATABASE_URL": "postgresql://u:hush@127.0.0.1:1/x", "REDIS_URL": "redis://127.0.0.1:1/0"}


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["manage.py", "migrate"], id="manage"),
        pytest.param(
            ["-m", "gunicorn", "clinic.wsgi", "-c", "python:clinic.webserver", "-b", "127.0.0.1:0"], id="web"
        ),
        pytest.param(["-m", "celery", "--quiet", "--app", "clinic", "worker"], id="worker"),
    ],
)
def test_an_unreachable_database_is_said_in_one_sentence(command):
    env = {**os.environ, **NOWHERE, "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=BASE,
        env=env,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 1
    assert "PostgreSQL does not answer. Is DATABASE_URL right?" in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush" not in done.stderr


def test_an_unreachable_broker_is_said_in_one_sentence(settings):
    settings.CELERY_BROKER_URL = NOWHERE["REDIS_URL"]
    assert servers.broker_complaint().startswith("Redis does not answer. Is REDIS_URL right?")


# The embedded servers, in a checkout of their own


@pytest.fixture
def home():
    """An empty checkout, reachable by the account that root's servers run as."""
    with tempfile.TemporaryDirectory(prefix="clinic-test-", dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        services(folder, "down")


SCRIPT = [sys.executable, str(BASE / "clinic/localservices.py")]


def of(home):
    """The environment in which the checkout at `home` brings its own servers."""
    return {k: v for k, v in os.environ.items() if k not in localservices.URLS} | {"CLINIC_HOME": str(home)}


def services(home, *arguments):
    """What localservices.py says, started from somewhere else."""
    return subprocess.run(
        [*SCRIPT, *arguments],
        cwd="/",
        env=of(home),
        stdout=subprocess.PIPE,
        text=True,
        timeout=240,
        check=True,
    ).stdout


def up(home):
    return dict(line.split("=", 1) for line in services(home, "up").splitlines())


def pids(home):
    return [int(pid) for pid in re.findall(r"process (\d+)", services(home, "status"))]


@pytest.mark.slow
def test_servers_start_once_survive_a_kill_and_end(home):
    assert up(home) == {
        "DATABASE_URL": f"postgresql://postgres@/clinic?host={home}/var/run",
        "REDIS_URL": f"redis+socket://{home}/var/run/redis.sock",
    }
    first = pids(home)
    assert len(first) == 2
    up(home)
    assert pids(home) == first
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    assert supervisor.wait_for(lambda: not any(map(is_alive, first)), seconds=60)
    up(home)
    assert len(pids(home)) == 2
    services(home, "down")
    assert pids(home) == []


@pytest.mark.slow
def test_the_supervisor_starts_a_killed_server_again(home, monkeypatch):
    up(home)
    for name in localservices.URLS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CLINIC_HOME", str(home))
    monkeypatch.setattr(localservices, "PROJECT", home)
    monkeypatch.setattr(supervisor, "PAUSE", 0)
    monkeypatch.chdir(BASE)
    monkeypatch.setenv("PATH", f"{supervisor.BIN}:{os.environ['PATH']}")
    servers, (postgres, valkey) = supervisor.Servers(), pids(home)
    for pid in (valkey, postgres):
        os.kill(pid, signal.SIGKILL)
        assert supervisor.wait_for(lambda pid=pid: not is_alive(pid), seconds=60)
        servers.keep_up()
        assert len(pids(home)) == 2


@pytest.mark.slow
def test_a_pid_file_that_names_a_stranger_is_not_believed(home):
    up(home)
    services(home, "down")
    (home / "var/pgdata/postmaster.pid").write_text(f"{os.getpid()}\n")
    (home / "var/redis/redis.pid").write_text(f"{os.getpid()}\n")
    assert pids(home) == []
    up(home)
    assert os.getpid() not in pids(home)


@pytest.mark.slow
def test_many_who_start_them_at_once_get_the_same(home):
    starts = [
        subprocess.Popen([*SCRIPT, "up"], env=of(home), stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    said = {start.communicate(timeout=240)[0] for start in starts}
    assert [start.returncode for start in starts] == [0] * 4
    assert len(said) == 1


@pytest.mark.slow
def test_run_ends_the_servers_afterwards(home):
    services(home, "run", "--", "true")
    assert pids(home) == []


@pytest.mark.slow
def test_run_passes_the_end_on_to_its_command(home):
    command = [*SCRIPT, "run", "--", "sh", "-c", "echo up; exec sleep 600"]
    outer = subprocess.Popen(command, env=of(home), stdout=subprocess.PIPE, text=True)
    assert outer.stdout.readline() == "up\n"
    outer.terminate()
    outer.communicate(timeout=240)
    assert outer.returncode != 0
    assert pids(home) == []


@pytest.mark.slow
def test_run_leaves_the_servers_to_another_who_uses_them(home):
    # The inner run stands for a second terminal: it asks for the servers itself, and ends first.
    inner = shlex.join(["env", "-u", "DATABASE_URL", "-u", "REDIS_URL", *SCRIPT, "run", "--", "true"])
    said = services(home, "run", "--", "sh", "-c", f"{inner} && {shlex.join([*SCRIPT, 'status'])}")
    assert said.count("up, process") == 2
    assert pids(home) == []


def test_what_the_environment_names_is_not_started(home, monkeypatch):
    monkeypatch.setattr(localservices, "PROJECT", home)
    for name, url in NOWHERE.items():
        monkeypatch.setenv(name, url)
    assert localservices.ensure() == NOWHERE
    assert list(home.iterdir()) == []
