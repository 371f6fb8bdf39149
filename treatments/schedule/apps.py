from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "treatments.schedule"

    def ready(self) -> None:
        from clinic import events
<<<<<<< HEAD
        from contraindications import caseload
        from patients import panels
        from treatments.courses.events import CourseCancelled, CoursesScreened
        from treatments.schedule import actions, standing
        from treatments.schedule.caseload import SESSIONS
=======
        from contraindications import worklist
        from patients import panels
        from treatments.courses.events import CourseCancelled, CoursesScreened
        from treatments.schedule import actions, held, standing
>>>>>>> 7362550 (Say that a session is held, and catch up in batches with new lists and the day)
        from treatments.schedule.panels import PANEL

        events.listen(CourseCancelled, actions.cancel_sessions_of)
        events.listen(CoursesScreened, standing.courses_screened)
        panels.register(PANEL)
<<<<<<< HEAD
        caseload.register(SESSIONS)
=======
        worklist.register("sessions", held.for_a_doctor)
        worklist.register_held("sessions", held.otherwise)
>>>>>>> 7362550 (Say that a session is held, and catch up in batches with new lists and the day)
