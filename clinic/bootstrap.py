"""Set up this checkout with nothing but the system's Python: `python3 clinic/bootstrap.py [--dev]`.

Makes `.venv`, installs the hash-locked Python packages, the front-end packages, copies what the pages need
into `static/vendor`, and compiles the translations. `--dev` adds what the tests need, Chromium included. What is
already there is not done again.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
VENV = PROJECT / ".venv"
PYTHON = VENV / "bin" / "python"
NODE_MODULES = PROJECT / "node_modules"
OLDEST = (3, 11)
STARTED = time.monotonic()

# What the pages load, by path under node_modules. Source maps come along: the static file storage follows them.
# htmx is not here: it is part of the django-htmx package.
VENDOR = [
    "bootstrap/dist/css/bootstrap.min.css",
    "bootstrap/dist/css/bootstrap.min.css.map",
    "bootstrap/dist/js/bootstrap.bundle.min.js",
    "bootstrap/dist/js/bootstrap.bundle.min.js.map",
    "@event-calendar/build/dist/event-calendar.min.css",
    "@event-calendar/build/dist/event-calendar.min.js",
    "@event-calendar/build/dist/event-calendar.min.js.map",
    "chart.js/dist/chart.umd.min.js",
    "chart.js/dist/chart.umd.min.js.map",
]

NO_BROWSER = """\
************************************************************************
*  NO CHROMIUM: the browser tests are SKIPPED, everything else runs.   *
*  Install it (apt-get install chromium) or put one on the PATH.       *
************************************************************************"""


def say(words):
    print(f"[{time.monotonic() - STARTED:6.1f} s] {words}", flush=True)


@contextlib.contextmanager
def step(title):
    """Say what is being done, and afterwards how long it took."""
    say(f"{title} ...")
    began = time.monotonic()
    yield
    say(f"    done in {time.monotonic() - began:.1f} s")


def works(*command, **options):
    """Whether one command can be run and succeeds."""
    try:
        return subprocess.run(command, cwd=PROJECT, check=False, **options).returncode == 0
    except OSError:
        return False


def run(*command, **options):
    """Run one command; when it fails, end with a sentence that names it."""
    if not works(*command, **options):
        sys.exit(f"Set-up stopped, as this failed: {' '.join(map(str, command))}")


def apt_install(*packages):
    """Install Debian packages where that is allowed; say whether they are there now."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return False
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    return works("apt-get", "update", "-q", **quiet) and works(*install, **quiet)


# What a step was done for is kept in a small file beside what it made; the same content means nothing to do.


def digest_of(*names):
    content = b"".join((PROJECT / name).read_bytes() for name in names)
    return hashlib.sha256(content + sys.version.encode()).hexdigest()


def is_done(stamp, wanted):
    return stamp.exists() and stamp.read_text() == wanted


def make_environment():
    """Make `.venv`; again when it is half made, made by another Python, or the checkout has moved."""
    stamp, wanted = VENV / ".made", f"{sys.version} {VENV.resolve()}"
    if PYTHON.exists() and is_done(stamp, wanted):
        return
    with step(f"Virtual environment for Python {sys.version.split()[0]}"):
        complete = works(sys.executable, "-c", "import ensurepip, venv", stderr=subprocess.DEVNULL)
        if not complete and not apt_install("python3-venv"):
            sys.exit("This Python cannot make virtual environments: apt-get install python3-venv")
        run(sys.executable, "-m", "venv", "--clear", VENV)
        stamp.write_text(wanted)


def pinned(package, lock):
    """The lines of one package, hashes included, from a lock file."""
    head, *rest = lock.partition(f"\n{package}==")[1:]
    block = f"{head}{rest[0]}".strip().splitlines()
    end = next((n for n, line in enumerate(block[1:], 1) if not line.startswith(" ")), len(block))
    return "\n".join(block[:end]) + "\n"


def install_with_uv(requirements):
    """Install with uv, itself installed from the same lock; say whether that worked."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as only_uv:
        only_uv.write(pinned("uv", (PROJECT / requirements).read_text()))
        only_uv.flush()
        if not works(PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", only_uv.name):
            return False
    uv = [VENV / "bin" / "uv", "pip", "install", "-q", "--system-certs", "--require-hashes"]
    return works(*uv, "-r", requirements, "-p", PYTHON)


def install_python_packages(requirements, also):
    """Install one lock file; `also` names those that it contains, done with it."""
    stamp, wanted = VENV / f".{requirements}", digest_of(requirements)
    if is_done(stamp, wanted):
        return
    with step(f"Python packages ({requirements})"):
        if not install_with_uv(requirements):
            say("    uv could not do it; pip takes about a minute")
            run(PYTHON, "-m", "pip", "install", "-q", "--require-hashes", "-r", requirements)
        stamp.write_text(wanted)
        for other in also:
            (VENV / f".{other}").write_text(digest_of(other))


def install_front_end_packages():
    stamp, wanted = NODE_MODULES / ".made", digest_of("package-lock.json")
    if is_done(stamp, wanted):
        return
    with step("Front-end packages (package-lock.json)"):
        path = f"{VENV / 'bin'}{os.pathsep}{os.environ['PATH']}"
        # NODE_USE_SYSTEM_CA: trust what the machine trusts, as pip and uv do here.
        npm = [
            VENV / "bin" / "npm",
            "ci",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            "--no-update-notifier",
        ]
        run(*npm, env={**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}, stdout=subprocess.DEVNULL)
        stamp.write_text(wanted)


def copy_vendor_files():
    """Bring `static/vendor` in line with the installed packages."""
    target = PROJECT / "static" / "vendor"
    target.mkdir(parents=True, exist_ok=True)
    names = {Path(file).name for file in VENDOR}
    for old in target.iterdir():
        if old.name not in names:
            old.unlink()
    for file in VENDOR:
        source, copy = NODE_MODULES / file, target / Path(file).name
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            shutil.copyfile(source, copy)


def compile_translations():
    """What patients read, in their languages. Nothing to do where only the dependencies are there yet."""
    script = PROJECT / "clinic" / "translations.py"
    if script.exists():
        run(PYTHON, script)


def find_chromium():
    """The path of a Chromium that the browser tests can drive, or None."""
    return next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)


def install_chromium():
    """Install Chromium where that is possible; otherwise say loudly what is left out, or fail if it is a must."""
    if find_chromium():
        return
    with step("Chromium for the browser tests"):
        apt_install("chromium")
    if find_chromium():
        return
    print(NO_BROWSER, flush=True)
    if os.environ.get("CLINIC_BROWSER_REQUIRED"):
        sys.exit("CLINIC_BROWSER_REQUIRED is set and there is no Chromium.")


def wait_for_other_set_ups():
    """Two set-ups of one checkout wait for each other. The lock ends with this process."""
    fcntl.flock(os.open(PROJECT, os.O_RDONLY), fcntl.LOCK_EX)


def set_up(dev):
    """Bring everything in place that is not; `dev` adds what the tests need."""
    wait_for_other_set_ups()
    make_environment()
    if dev:
        install_python_packages("requirements-dev.txt", also=["requirements.txt"])
    else:
        install_python_packages("requirements.txt", also=[])
    install_front_end_packages()
    copy_vendor_files()
    compile_translations()
    if dev:
        install_chromium()
    say("Set-up is complete")


def main(arguments):
    if sys.version_info < OLDEST:
        sys.exit(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    if arguments == ["--say-what-was-skipped"]:
        if not find_chromium():
            print(NO_BROWSER)
        return
    try:
        set_up(dev="--dev" in arguments)
    except KeyboardInterrupt:
        sys.exit("Set-up was interrupted; the next one goes on from here.")


if __name__ == "__main__":
    main(sys.argv[1:])
