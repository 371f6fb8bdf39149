"""Facts about courses: the plan, and the rule set and day that it was last held against."""

from treatments.courses.models.checks import Cause, Check
from treatments.courses.models.course import Course, CourseState, InjectionDepth

__all__ = ["Cause", "Check", "Course", "CourseState", "InjectionDepth"]
