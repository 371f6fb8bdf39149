"""Events that a lower app announces and a higher one listens to, inside the same transaction.

Imports run down the house only, yet performing a session (visits) must write the reminder (reminders) in the same
transaction. The lower app names what happened with a frozen dataclass; the higher app registers in its AppConfig.
A listener that raises undoes the change: that is the point.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

_listeners: dict[type, list[Callable[[Any], Any]]] = defaultdict(list)


@dataclass(frozen=True, slots=True)
class SettingsChanged:
    """The clinic admin saved other values of these settings (fields of `Clinic`).

    Whoever follows them answers with a sentence about what that changed, or with nothing.
    """

    names: frozenset[str]
    at: dt.datetime


def listen(kind: type, listener: Callable[[Any], Any]) -> None:
    """Call `listener(event)` for every event of `kind`. Registering the same listener twice counts once."""
    if listener not in _listeners[kind]:
        _listeners[kind].append(listener)


def announce(event: Any) -> list[Any]:
    """Tell everybody who listens to this kind of event, now, in the caller's transaction. Returns what they answer.

    Raises TransactionManagementError outside a transaction: what follows from a change belongs to the change.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            "announce() belongs inside the transaction of the change"
        )
    answers = [listener(event) for listener in _listeners[type(event)]]
    return [answer for answer in answers if answer is not None]
