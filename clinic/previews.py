"""What a change would leave behind, shown before it is made. The calendar stands above, so it registers its answer."""

from collections.abc import Callable
from dataclasses import dataclass

from clinic.models import Room, User
from clinic.requests import StaffRequest

Change = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Left:
    """What would be left: a part of a page with its context, and `seen`, which says what exactly was looked at."""

    template: str
    context: dict
    seen: str


Answer = Callable[[StaffRequest, User | Room | None, Change], Left | None]
_answers: list[Answer] = []


def register(answer: Answer) -> None:
    """Ask `answer` what a change of hours, or of whom nurses need, would leave; it takes back what it tries."""
    _answers[:] = [answer]


def left_by(request: StaffRequest, owner: User | Room | None, change: Change) -> Left | None:
    """What `change` would leave outside the hours of `owner`, or of anybody; nothing, where there is no calendar."""
    for answer in _answers:
        return answer(request, owner, change)
    return None
