from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "treatments.courses"

    def ready(self) -> None:
        from contraindications import worklist
        from patients import panels
        from treatments.courses.panels import PANEL, held

        panels.register(PANEL)
        worklist.register("courses", held)
