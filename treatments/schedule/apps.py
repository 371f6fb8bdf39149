from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "treatments.schedule"

    def ready(self) -> None:
        from clinic import counters, events, previews
        from contraindications.deciding import worklist
        from contraindications.rulebook import caseload
        from patients import panels
        from patients.events import RecordClosed, RecordEnded
        from treatments.courses import booked
        from treatments.courses.events import CourseCancelled, CoursesScreened
        from treatments.schedule import actions, ending, held, listeners, standing
        from treatments.schedule.actions import offering, waiting
        from treatments.schedule.away import leaving
        from treatments.schedule.caseload import SESSIONS
        from treatments.schedule.events import CourseBooked, TimeFreed
        from treatments.schedule.models import Session
        from treatments.schedule.panels import PANEL, booked_of

        events.listen(CourseCancelled, actions.cancel_sessions_of)
        events.listen(CourseCancelled, waiting.course_cancelled)
        events.listen(CourseBooked, waiting.course_booked)
        events.listen(RecordClosed, listeners.record_closed)
        events.listen(RecordEnded, offering.record_ended)
        events.listen(TimeFreed, listeners.time_freed)
        events.listen(CoursesScreened, standing.courses_screened)
        panels.register(PANEL)
        panels.register(ending.ABOVE)
        panels.register(ending.CLOSING)
        booked.register(booked_of)
        worklist.register("sessions", held.for_a_doctor)
        worklist.register_held("sessions", held.otherwise)
        caseload.register(SESSIONS)
        previews.register(leaving.left_by)
        counters.register("schedule:given_up", lambda at: Session.objects.given_up(at).values("pk"))
