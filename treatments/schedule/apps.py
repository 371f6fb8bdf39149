from django.apps import AppConfig


class ScheduleConfig(AppConfig):
    name = "treatments.schedule"

    def ready(self) -> None:
        from clinic import events
        from treatments.courses.events import CourseCancelled
        from treatments.schedule import actions

        events.listen(CourseCancelled, actions.cancel_sessions_of)
