"""For tests with processes or threads of their own: which database they work on, and waiting for what they do."""

import os
import time
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from django.db import connection

# Who adds to a table may wait an instant for who adds to it, too: nobody has to end for that.
WAITING = """
SELECT count(*) FROM pg_stat_activity
WHERE wait_event_type = 'Lock' AND wait_event <> 'extend' AND datname = current_database()
"""


def database_url() -> str:
    """The database of the test, for who has as much patience with it as the tests have."""
    url, said = urlsplit(os.environ["DATABASE_URL"]), connection.settings_dict
    query = dict(parse_qsl(url.query)) | {"options": said["OPTIONS"]["options"]}
    return url._replace(path=f"/{said['NAME']}", query=urlencode(query, quote_via=quote)).geturl()


def until(happened, seconds=120):
    """Wait for it, and return what it says."""
    end = time.monotonic() + seconds
    while not (found := happened()):
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)
    return found


def somebody_waits() -> bool:
    """Does somebody who is connected to the database of the test wait for a lock that another one holds?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_stat_clear_snapshot()"
        )  # within a transaction it would be the same ever after
        cursor.execute(WAITING)
        return cursor.fetchone()[0] > 0


def wait_or_end(ended) -> bool:
    """Give another time until they have ended or wait for a lock; say whether they wait."""
    until(lambda: ended() or somebody_waits())
    return not ended()
