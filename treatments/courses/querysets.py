"""Questions about courses."""

from django.db import models


class CourseQuerySet(models.QuerySet):
    """Courses."""

    def visible_to(self, user):
        """Clinical staff see the plan of every course, nobody else any."""
        return self if user.is_clinical else self.none()

    def for_page(self):
        """A course with all that its page shows beside the cocktail, in one query."""
        return self.select_related(
            "patient",
            "goal",
            "area",
            "technique",
            "injection_method",
            "protocol",
            "screening__rule_set",
            "confirmed_by",
        ).defer("screening__rule_set__content")

    def for_list(self):
        """Courses with what a line about each shows, newest first, in one query."""
        return self.select_related("goal", "area", "technique", "screening", "created_by").order_by(
            "-created_at"
        )

    def open(self):
        """Plans and courses under way: neither finished nor given up."""
        return self.filter(state__in=["planned", "confirmed"])

    def held(self):
        """Plans and courses under way whose newest screening leaves the word to a doctor, oldest first."""
        return self.open().filter(screening__verdict="hold").order_by("screening__at")
