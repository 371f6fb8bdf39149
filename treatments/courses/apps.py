from django.apps import AppConfig


class CoursesConfig(AppConfig):
    name = "treatments.courses"

    def ready(self) -> None:
        from clinic import events
        from contraindications.deciding import worklist
        from contraindications.events import DecisionMade, RuleSetPublished
        from contraindications.rulebook import caseload
        from patients import panels
        from patients.events import FactsChanged
        from treatments.catalogue.events import CompositionChanged
        from treatments.courses import listeners
        from treatments.courses.caseload import PLANS, WORKED_CASES
        from treatments.courses.panels import PANEL, held

        events.listen(FactsChanged, listeners.facts_changed)
        events.listen(DecisionMade, listeners.decision_made)
        events.listen(RuleSetPublished, listeners.rules_published)
        events.listen(CompositionChanged, listeners.composition_changed)
        panels.register(PANEL)
        worklist.register("courses", held)
        caseload.register(WORKED_CASES)
        caseload.register(PLANS)
