"""Garbage is looked for where it is made; `conftest.py` exports this as a plugin.

What was imported stays for as long as the tests run, and looking through it again and again took a third of the time
that collecting the tests takes, and as much of that of the migrations.
"""

import gc

import pytest

# How many new objects make a search, and how many searches one of the older ones. Python's own: 700, 10, 10.
SELDOM = (50_000, 20, 100)


@pytest.hookimpl(tryfirst=True)
def pytest_collection():
    gc.disable()


def pytest_collection_finish():
    gc.freeze()
    gc.set_threshold(*SELDOM)
    gc.enable()
