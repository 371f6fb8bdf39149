"""What happens elsewhere in the house and makes messages due, or needless. Called inside the change's transaction."""

from clinic.events import SettingsChanged
from patients.events import InterviewAsked, PatientChanged
from patients.models import InterviewLink
from treatments.courses.events import CourseCancelled, CourseConfirmed, CourseFinished
from treatments.courses.models import Course
from treatments.reminders import actions
from treatments.reminders.models import DeedKind, MessageKind
from treatments.reminders.words import replanned
from treatments.schedule.events import (
    CourseBooked,
    OfferLost,
    OfferMade,
    OfferTaken,
    SessionCancelled,
    SessionConfirmed,
    SessionMissed,
    SessionMoved,
)
from treatments.schedule.models import Offer, Session
from treatments.visits.events import SessionPerformed
from treatments.visits.models import Visit


def course_finished(event: CourseFinished) -> None:
    course = Course.objects.select_related("protocol").get(pk=event.course_id)
    actions.promise_maintenance(course, at=event.at)


def course_changed(event: CourseConfirmed | CourseCancelled) -> None:
    patient_id = Course.objects.values_list("patient", flat=True).get(pk=event.course_id)
    actions.reconsider(patient_id, at=event.at, of=[MessageKind.MAINTENANCE])


def course_booked(event: CourseBooked) -> None:
    actions.sessions_booked(event.course_id, event.patient_id, event.sessions, at=event.at)


def session_moved(event: SessionMoved) -> None:
    actions.session_moved(event.course_id, event.patient_id, event.now, at=event.at)
    if event.by_patient:
        actions.patient_moved(event.course_id, event.session_id)
        actions.note_move(event.session_id, event.now.version, event.patient_id, at=event.at)


def session_cancelled(event: SessionCancelled) -> None:
    session = _session(event.session_id)
    actions.session_cancelled(session, at=event.at)
    if session.cancelled_by_patient:
        actions.note_deed(DeedKind.CANCELLED, session.course.patient_id, session=session, at=event.at)


def session_confirmed(event: SessionConfirmed) -> None:
    session = _session(event.session_id)
    actions.note_deed(DeedKind.CONFIRMED, session.course.patient_id, session=session, at=event.at)


def session_missed(event: SessionMissed) -> None:
    actions.session_over(_session(event.session_id), at=event.at)


def session_performed(event: SessionPerformed) -> None:
    visit = Visit.objects.select_related("session__course").get(session=event.session_id)
    actions.session_over(visit.session, at=event.at)
    actions.promise_aftercare(visit, at=event.at)


def patient_changed(event: PatientChanged) -> None:
    actions.follow_channel(event.patient_id, at=event.at)
    actions.reconsider(event.patient_id, at=event.at)


def settings_changed(event: SettingsChanged) -> str | None:
    """What was planned anew, in a sentence; nothing where the settings are others."""
    return None if actions.PLANNED_BY.isdisjoint(event.names) else replanned(actions.replan(at=event.at))


def interview_asked(event: InterviewAsked) -> None:
    actions.promise_interview(
        InterviewLink.objects.select_related("patient").get(pk=event.link_id), at=event.at
    )


def offer_made(event: OfferMade) -> None:
    actions.promise_offer(_offer(event.offer_id), at=event.at)


def offer_taken(event: OfferTaken) -> None:
    session = _session(event.session_id)
    actions.patient_moved(session.course_id, session.pk)
    actions.note_deed(DeedKind.TOOK, session.course.patient_id, session=session, at=event.at)


def offer_lost(event: OfferLost) -> None:
    actions.promise_loss(_offer(event.offer_id), at=event.at)


def _session(pk: int) -> Session:
    return Session.objects.select_related("course").get(pk=pk)


def _offer(pk: int) -> Offer:
    return Offer.objects.select_related("hold", "waiting__course__patient").get(pk=pk)
