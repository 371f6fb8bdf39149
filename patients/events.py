"""What patients announce; who listens is not their business."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FactsChanged:
    """A new interview version stands, or the patient's own report was signed: what they told us is different now."""

    patient_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class PatientChanged:
    """Name, contact data or the wish for reminders were edited."""

    patient_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class RecordClosed:
    """The record is to be closed in favour of another; a listener that still needs it raises."""

    patient_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class RecordEnded:
    """The patient has died, or the record was closed in favour of another: nothing more is booked or kept for them."""

    patient_id: int
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class InterviewAsked:
    """The patient is asked by e-mail to answer the interview by themself."""

    link_id: int
    at: dt.datetime
