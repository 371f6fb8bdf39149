"""What happens elsewhere in the house and makes messages due, or needless. Called inside the change's transaction."""

from patients.events import InterviewAsked, PatientChanged
from patients.models import InterviewLink
from treatments.courses.events import CourseCancelled, CourseConfirmed, CourseFinished
from treatments.courses.models import Course
from treatments.reminders import actions
from treatments.schedule.events import CourseBooked, OfferLost, OfferMade, SessionCancelled, SessionMoved
from treatments.schedule.models import Offer, Session


def course_finished(event: CourseFinished) -> None:
    course = Course.objects.select_related("protocol").get(pk=event.course_id)
    actions.promise_maintenance(course, at=event.at)


def course_changed(event: CourseConfirmed | CourseCancelled) -> None:
    patient_id = Course.objects.values_list("patient", flat=True).get(pk=event.course_id)
    actions.reconsider(patient_id, at=event.at)


def course_booked(event: CourseBooked) -> None:
    """Who is booked needs less, and never more."""
    actions.reconsider(event.patient_id, at=event.at, only_due=True)


def session_changed(event: SessionMoved | SessionCancelled) -> None:
    patient_id = Session.objects.values_list("course__patient", flat=True).get(pk=event.session_id)
    actions.reconsider(patient_id, at=event.at)


def patient_changed(event: PatientChanged) -> None:
    actions.reconsider(event.patient_id, at=event.at)


def interview_asked(event: InterviewAsked) -> None:
    actions.promise_interview(InterviewLink.objects.get(pk=event.link_id), at=event.at)


def offer_made(event: OfferMade) -> None:
    actions.promise_offer(_offer(event.offer_id), at=event.at)


def offer_lost(event: OfferLost) -> None:
    actions.promise_loss(_offer(event.offer_id), at=event.at)


def _offer(pk: int) -> Offer:
    return Offer.objects.select_related("hold", "waiting__course").get(pk=pk)
