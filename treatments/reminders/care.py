"""The care rules of the catalogue, as they concern a course or a session that took place.

Letters name only what tells nothing about the treatment; the page behind the link shows all of it with its sources.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from clinic.languages import spoken
from clinic.models import Clinic
from treatments.catalogue.models import CareRule as Row
from treatments.courses.models import Course
from treatments.reminders import words
from treatments.reminders.rules_care import Care, CareRule, aftercare
from treatments.visits.models import Visit


@dataclass(frozen=True, slots=True)
class CareBook:
    """All care rules in use."""

    before: tuple[CareRule, ...]
    after: tuple[CareRule, ...]

    @classmethod
    def load(cls) -> "CareBook":
        """Two SQL queries."""
        rows = list(Row.objects.in_use().prefetch_related("areas"))
        return cls(_of(rows, Row.Phase.BEFORE), _of(rows, Row.Phase.AFTER))

    def before_session(self, course: Course) -> list[CareRule]:
        """What a patient of this course minds before a session. Its area and technique are loaded."""
        return [rule for rule in self.before if _covers(rule, course)]

    def after_session(self, visit: Visit, clinic: Clinic) -> list[Care]:
        """What is not allowed yet after the session, each until when. Its course, area and technique are loaded."""
        covering = [rule for rule in self.after if _covers(rule, visit.session.course)]
        return aftercare(covering, visit.performed_at, clinic.few_days_hours, timezone.get_default_timezone())


def label_of(care: Care) -> str:
    """What patients read of a behaviour, in the language that is active."""
    return str(words.BEHAVIOURS[care.behaviour]) if care.behaviour else words_of(care.rules[0])


def words_of(rule: CareRule) -> str:
    """What patients read of a rule, in the language that is active."""
    return rule.said_in(spoken())


def still_held(care: Iterable[Care], at: dt.datetime) -> list[Care]:
    """Those that are not over at `at`."""
    return [one for one in care if one.until > at]


def _of(rows: Iterable[Row], phase: str) -> tuple[CareRule, ...]:
    return tuple(
        CareRule(
            row.code,
            row.label,
            frozenset(area.code for area in row.areas.all()),
            frozenset(row.families),
            row.hours,
            tuple(row.citations),
            row.same_day,
            row.translations,
        )
        for row in rows
        if row.phase == phase
    )


def _covers(rule: CareRule, course: Course) -> bool:
    area = course.area
    return rule.covers({area.code, *([area.parent.code] if area.parent else [])}, course.technique.family)
