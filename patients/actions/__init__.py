"""Changes to patients and their interviews: atomic, signed, announced."""

from patients.actions.interviews import (
    InterviewMoved,
    Seen,
    discard_draft,
    save_draft,
    seen,
    submit_interview,
)
from patients.actions.people import AlreadyRegistered, edit_patient, register_patient

__all__ = [
    "AlreadyRegistered",
    "InterviewMoved",
    "Seen",
    "discard_draft",
    "edit_patient",
    "register_patient",
    "save_draft",
    "seen",
    "submit_interview",
]
