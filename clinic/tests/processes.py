"""For tests with processes of their own: which database they work on, and waiting for what they do."""

import os
import time
from urllib.parse import urlsplit

from django.db import connection


def database_url() -> str:
    """The database of the test."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()


def until(happened, seconds=40):
    """Wait for it, and return what it says."""
    end = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found
