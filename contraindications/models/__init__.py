"""What the documents say, as published rule sets; what was screened; what people decided."""

from contraindications.models.lists import ListItem, RuleSet, Source
from contraindications.models.verdicts import Decision, Screening, Verdict

__all__ = ["Decision", "ListItem", "RuleSet", "Screening", "Source", "Verdict"]
