"""Sessions in the database, as Django keeps them; looked up by every request, so spelled once in a process."""

from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from clinic.prepared import Prepared, asked

RUNNING = Prepared(
    lambda: Session.objects.filter(session_key=asked("key"), expire_date__gt=asked("now")).values_list(
        "session_data"
    )
)


class SessionStore(db.SessionStore):
    """Django's own, but for the statement that finds a session."""

    def load(self) -> dict[str, Any]:
        """What the session holds; one that ended, or never was, holds nothing and gets another key. One SQL query."""
        found = RUNNING.column(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
        return self.decode(found[0]) if found else {}
