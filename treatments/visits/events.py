"""What visits announce."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SessionPerformed:
    """A session was performed and recorded."""

    session_id: int
    at: dt.datetime
