"""How the pages open a course or a session: the fetch is the access check, and the read is logged first."""

from django.shortcuts import get_object_or_404

from clinic.accesslog import record_read
from treatments.courses.models import Course
from treatments.schedule.models import Offer, Session, Waiting
from treatments.schedule.querysets import courses_to_book


def open_course(request, pk: int) -> Course:
    """A confirmed course, or 404."""
    course = get_object_or_404(courses_to_book(request.user), pk=pk)
    record_read(request, course.patient_id)
    return course


def open_session(request, pk: int) -> Session:
    """A session, or 404."""
    session = get_object_or_404(Session.objects.visible_to(request.user).for_page(), pk=pk)
    record_read(request, session.course.patient_id)
    return session


def open_waiting(request, pk: int) -> Waiting:
    """An entry of the waiting list, or 404."""
    entry = get_object_or_404(Waiting.objects.visible_to(request.user).for_page(), pk=pk)
    record_read(request, entry.course.patient_id)
    return entry


def open_offer(request, pk: int) -> Offer:
    """An offer from the waiting list, or 404."""
    offer = get_object_or_404(Offer.objects.visible_to(request.user).for_page(), pk=pk)
    record_read(request, offer.patient.pk)
    return offer
