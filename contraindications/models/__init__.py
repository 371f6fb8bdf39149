"""What the documents say, as published rule sets; what was screened; what people asked and decided."""

from contraindications.models.drafts import Draft, DraftChange, Flip, Preview
from contraindications.models.lists import ListItem, RuleSet, Source
from contraindications.models.questions import Question
from contraindications.models.reasons import DecisionKind, DecisionReason
from contraindications.models.verdicts import Decision, Screening, Verdict

__all__ = [
    "Decision",
    "DecisionKind",
    "DecisionReason",
    "Draft",
    "DraftChange",
    "Flip",
    "ListItem",
    "Preview",
    "Question",
    "RuleSet",
    "Screening",
    "Source",
    "Verdict",
]
