from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "treatments.visits"

    def ready(self) -> None:
        from clinic import events
        from treatments.schedule import steps
        from treatments.schedule.events import SessionMissed
        from treatments.visits import listeners
        from treatments.visits.steps import next_steps

        steps.register("visits", next_steps)
        events.listen(SessionMissed, listeners.session_missed)
