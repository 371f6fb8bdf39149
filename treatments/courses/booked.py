"""What the calendar knows of a course, for the course's page. The calendar stands above, so it registers its answer."""

from collections.abc import Callable
from dataclasses import dataclass

from treatments.courses.models import Course


@dataclass(frozen=True, slots=True)
class Booked:
    """Sessions of a course: not booked yet, still to come, and of those how many are held up."""

    missing: int
    to_come: int
    held: int


_answers: list[Callable[[Course], Booked]] = []


def register(answer: Callable[[Course], Booked]) -> None:
    """Ask `answer` how a course is booked."""
    _answers[:] = [answer]


def booked(course: Course) -> Booked:
    """How `course` is booked, as the calendar answers it; nothing is, where there is no calendar."""
    for answer in _answers:
        return answer(course)
    return Booked(missing=course.sessions_planned, to_come=0, held=0)
