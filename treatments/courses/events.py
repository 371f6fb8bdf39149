"""What courses announce."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CourseConfirmed:
    """A plan was confirmed and can be booked."""

    course_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class CourseFinished:
    """The last session of a course was performed at `at`."""

    course_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class CourseCancelled:
    """The course was given up."""

    course_id: int
    at: dt.datetime
