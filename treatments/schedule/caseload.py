"""Whom a draft of the lists is previewed against: every booked session to come, as of its own day."""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from contraindications.rulebook.caseload import Case, Caseload
from treatments.courses import dossiers
from treatments.courses.caseload import case_of
from treatments.courses.models import Course
from treatments.schedule.models import Session


def _sessions_after(day: dt.date, key: int, size: int) -> list[Case]:
    named = ("course__goal", "course__area")
    rows = list(Session.objects.to_come(day).filter(pk__gt=key).select_related(*named).order_by("pk")[:size])
    courses = Course.objects.filter(pk__among={row.course_id for row in rows})
    found = {dossier.course: dossier for dossier in dossiers.load(courses)}
    return [
        case_of(row.course, found[row.course_id], row.pk, timezone.localdate(row.starts_at)) for row in rows
    ]


def _count(day: dt.date) -> int:
    return Session.objects.to_come(day).count()


SESSIONS = Caseload("sessions", _("Sessions to come"), _count, _sessions_after)
