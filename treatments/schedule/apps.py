from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "treatments.schedule"

    def ready(self) -> None:
        from clinic import events
        from patients import panels
        from treatments.courses.events import CourseCancelled
        from treatments.schedule import actions
        from treatments.schedule.panels import PANEL

        events.listen(CourseCancelled, actions.cancel_sessions_of)
        panels.register(PANEL)
