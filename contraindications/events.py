"""What contraindications announce; who listens is not their business."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleSetPublished:
    """Another rule set is in force."""

    rule_set_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class DecisionMade:
    """A person decided on findings of a screening."""

    screening_id: int
    patient_id: int
    at: dt.datetime
