from django.apps import AppConfig


class VisitsConfig(AppConfig):
    name = "treatments.visits"

    def ready(self) -> None:
        from treatments.schedule import steps
        from treatments.visits.steps import next_steps

        steps.register("visits", next_steps)
