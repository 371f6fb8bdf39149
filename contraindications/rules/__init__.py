"""The pure core of screening: plain values in, plain values out. No Django, no clock, no I/O.

docs/rules.md says in a clinician's words what is decided here.
"""

from .basis import Change, bases, changes
from .decisions import finding_digests, is_absolute, may_be_released, silent_sources
from .rows import may_contain
from .ruleset import SHIPPED_SETTINGS, RuleSet, RuleSetError, ruleset_digest
from .screening import age_on, composition, screen, state_on, unanswered_on
from .turning import turning_days, unsaid
from .values import Answer, Composition, Finding, Ingredient, Patient, Plan, Result
from .words import VERDICT_WORDS, VERDICTS, canonical_json

__all__ = [
    "SHIPPED_SETTINGS",
    "VERDICTS",
    "VERDICT_WORDS",
    "Answer",
    "Change",
    "Composition",
    "Finding",
    "Ingredient",
    "Patient",
    "Plan",
    "Result",
    "RuleSet",
    "RuleSetError",
    "age_on",
    "bases",
    "canonical_json",
    "changes",
    "composition",
    "finding_digests",
    "is_absolute",
    "may_be_released",
    "may_contain",
    "ruleset_digest",
    "screen",
    "silent_sources",
    "state_on",
    "turning_days",
    "unanswered_on",
    "unsaid",
]
