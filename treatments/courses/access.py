"""The one way to a course's plan."""

from django.shortcuts import get_object_or_404

from clinic.accesslog import record_read
from clinic.requests import StaffRequest
from treatments.courses.models import Course


def open_course(request: StaffRequest, pk: int) -> Course:
    """The course with what its page shows, or 404; the read of the patient's record is logged first."""
    course = get_object_or_404(Course.objects.visible_to(request.user).for_page(), pk=pk)
    record_read(request, course.patient_id)
    return course
