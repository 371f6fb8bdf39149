"""How the pages open a course or a session: the fetch is the access check, and the read is logged first."""

from collections.abc import Iterable

from django.http import Http404
from django.shortcuts import get_object_or_404

from clinic.accesslog import record_list, record_read
from clinic.models import User
from clinic.roles import BOOKING
from treatments.courses.models import Course
from treatments.schedule.calendar.seeking import Sought, next_missing
from treatments.schedule.models import Offer, Session, Waiting
from treatments.schedule.querysets import course_to_book, courses_to_book


def open_course(request, pk: int) -> Course:
    """A confirmed course, or 404."""
    course = course_to_book(request.user, pk)
    if course is None:
        raise Http404
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


def named(request, sessions: Iterable[Session]) -> None:
    """Log that a page names the patients of these sessions in a list, to whoever books: others read no names."""
    if request.user.has_role(*BOOKING):
        record_list(request, (session.course.patient_id for session in sessions))


def sought_by(user: User, *, course: int | None, session: int | None) -> Sought | None:
    """A booked session that is to move, or the next missing one of a course; None where nothing is sought, or 404.

    A calendar that highlights free time shows nothing of the record: reading is logged by the page that names them.
    """
    if session:
        row = get_object_or_404(Session.objects.visible_to(user).booked().for_page(), pk=session)
        return Sought(row.course, row.number, row)
    return next_missing(get_object_or_404(courses_to_book(user), pk=course)) if course else None
