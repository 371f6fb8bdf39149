"""The next step with a session. Upper apps say what it is; the calendar shows it. Imports run down the house."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from clinic.models import User
from treatments.schedule.models import Session


@dataclass(frozen=True, slots=True)
class Step:
    """What this person does next with a session, and on which page."""

    said: str
    url: str


Source = Callable[[User, Sequence[Session]], Mapping[int, Step]]
_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """`source(user, sessions)` brings {session id: step}, with as many SQL queries for many sessions as for one."""
    _sources[name] = source


def next_steps(user: User, sessions: Sequence[Session]) -> dict[int, Step]:
    """The next step of each session that has one for this person."""
    return {pk: step for source in _sources.values() for pk, step in source(user, sessions).items()}
