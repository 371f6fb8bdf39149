"""Who the patients are and what they told us."""

from patients.models.interviews import Interview
from patients.models.people import Channel, HealthFact, Patient, Sex, Substance
from patients.models.reports import InterviewLink, LinkKind, Report

__all__ = [
    "Channel",
    "HealthFact",
    "Interview",
    "InterviewLink",
    "LinkKind",
    "Patient",
    "Report",
    "Sex",
    "Substance",
]
