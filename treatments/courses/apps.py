from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "treatments.courses"

    def ready(self) -> None:
        from patients import panels
        from treatments.courses.panels import PANEL

        panels.register(PANEL)
