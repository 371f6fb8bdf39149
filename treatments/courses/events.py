"""What courses announce."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clinic.models import User
from contraindications import rules
from contraindications.models import RuleSet
from treatments.courses.dossiers import Dossier
from treatments.courses.models import Cause


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


@dataclass(frozen=True, slots=True)
class CoursesScreened:
    """Courses, locked, were held against the rule set in force. `outcomes` is {course: outcome of its screening}.

    `cause` is why; `first`, where it is another, why that of a session counts of which nothing was said before.
    """

    dossiers: Sequence[Dossier]
    outcomes: Mapping[int, str]
    rule_set: RuleSet
    compiled: rules.RuleSet
    cause: Cause
    by: User | None
    at: dt.datetime
    first: Cause | None = None
