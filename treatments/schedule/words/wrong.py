"""The words for what is wrong with a chosen time."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from treatments.courses.models import Course
from treatments.schedule.rules import Fault


def fault_said(fault: Fault, course: Course) -> str:
    """What is wrong with a chosen time."""
    return {
        Fault.NUMBERS: _("not the session that is missing"),
        Fault.ORDER: _("the sessions are not in order"),
        Fault.PAST: _("this time is past"),
        Fault.FAR: _("this time is too far ahead"),
        Fault.GRID: _("not a time of the calendar"),
        Fault.INTERVAL: _("not %(min)s to %(max)s days from its neighbours: for a doctor, with a reason")
        % {"min": course.interval_min, "max": course.interval_max},
        Fault.HOURS: _("outside the working hours"),
        Fault.DOCTOR: _("a nurse, while the doctor is not at work"),
        Fault.ROOM: _("the room is closed"),
    }[fault]


def faults_said(faults: Iterable[tuple[int, Fault]], course: Course) -> list[str]:
    """Every fault as a sentence."""
    return [
        _("Session %(number)s: %(fault)s.") % {"number": number, "fault": fault_said(fault, course)}
        for number, fault in faults
    ]
