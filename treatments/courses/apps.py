from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "treatments.courses"

    def ready(self) -> None:
        from clinic import events
        from contraindications import worklist
        from patients import panels
        from patients.events import FactsChanged
        from treatments.courses import actions
        from treatments.courses.panels import PANEL, held

        events.listen(FactsChanged, actions.screen_courses_of)
        panels.register(PANEL)
        worklist.register("courses", held)
