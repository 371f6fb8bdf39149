"""Calendar files to hand to a patient."""

import datetime as dt

from django.http import HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.requests import StaffRequest
from clinic.roles import BOOKING
from treatments.schedule import ics
from treatments.schedule.access import open_course, open_session
from treatments.schedule.feeds.files import course_file, session_file


@require_safe
@role_required(*BOOKING)
def session(request: StaffRequest, pk: int) -> HttpResponse:
    """One session, for the patient's calendar."""
    at = timezone.now()
    return handed_out(session_file(open_session(request, pk), at=at), at)


@require_safe
@role_required(*BOOKING)
def course(request: StaffRequest, pk: int) -> HttpResponse:
    """All sessions of a course, for the patient's calendar."""
    at = timezone.now()
    return handed_out(course_file(open_course(request, pk), at=at), at)


def handed_out(file: ics.CalendarFile, at: dt.datetime) -> HttpResponse:
    """The file as a download, with nobody's name in its name."""
    name = f"appointments-{timezone.localdate(at).isoformat()}.ics"
    disposition = content_disposition_header(as_attachment=True, filename=name) or ""
    kind = f"{ics.CONTENT_TYPE}; method={file.method}"
    return HttpResponse(ics.content(file), content_type=kind, headers={"Content-Disposition": disposition})
