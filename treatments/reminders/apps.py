from django.apps import AppConfig


class RemindersConfig(AppConfig):
    name = "treatments.reminders"

    def ready(self) -> None:
        from anymail.signals import tracking

        from clinic import counters
        from clinic.events import SettingsChanged, listen
        from patients import panels
        from patients.events import InterviewAsked, PatientChanged
        from treatments.courses.events import CourseCancelled, CourseConfirmed, CourseFinished
        from treatments.reminders import checks, listeners, undelivered  # noqa: F401, checks register themselves
        from treatments.reminders.hooks.listening import mail_reported
        from treatments.reminders.models import Deed
        from treatments.reminders.panel import PANEL
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
        from treatments.visits.events import SessionPerformed

        listen(CourseFinished, listeners.course_finished)
        listen(CourseConfirmed, listeners.course_changed)
        listen(CourseBooked, listeners.course_booked)
        listen(CourseCancelled, listeners.course_changed)
        listen(SessionMoved, listeners.session_moved)
        listen(SessionCancelled, listeners.session_cancelled)
        listen(SessionConfirmed, listeners.session_confirmed)
        listen(SessionMissed, listeners.session_missed)
        listen(SessionPerformed, listeners.session_performed)
        listen(PatientChanged, listeners.patient_changed)
        listen(SettingsChanged, listeners.settings_changed)
        listen(InterviewAsked, listeners.interview_asked)
        listen(OfferMade, listeners.offer_made)
        listen(OfferTaken, listeners.offer_taken)
        listen(OfferLost, listeners.offer_lost)
        panels.register(PANEL)
        panels.register(undelivered.PANEL)
        counters.register("reminders:changed", lambda _at: Deed.objects.waiting())
        tracking.connect(mail_reported, dispatch_uid="reminders")
