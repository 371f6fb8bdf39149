"""Changes to patients and their interviews: atomic, signed, announced."""

from patients.actions.closing import NotADuplicate, StillBooked, close_as_duplicate, note_death
from patients.actions.confirming import AlreadySettled, confirm_report, set_aside
from patients.actions.interviews import (
    InterviewMoved,
    NobodyToAsk,
    Seen,
    discard_draft,
    save_draft,
    seen,
    submit_interview,
)
from patients.actions.links import (
    AlreadyReceived,
    LinkDead,
    NoAddress,
    WrongBirthDate,
    check_birth_date,
    hand_over_tablet,
    link_for_letter,
    mark_sent,
    mint,
    revoke_link,
    send_link,
    show_code,
)
from patients.actions.people import AlreadyRegistered, edit_patient, register_patient, write_to
from patients.actions.reports import AnsweredSince, Unfinished, save_answers, submit_report

__all__ = [
    "AlreadyReceived",
    "AlreadyRegistered",
    "AlreadySettled",
    "AnsweredSince",
    "InterviewMoved",
    "LinkDead",
    "NoAddress",
    "NobodyToAsk",
    "NotADuplicate",
    "Seen",
    "StillBooked",
    "Unfinished",
    "WrongBirthDate",
    "check_birth_date",
    "close_as_duplicate",
    "confirm_report",
    "discard_draft",
    "edit_patient",
    "hand_over_tablet",
    "link_for_letter",
    "mark_sent",
    "mint",
    "note_death",
    "register_patient",
    "revoke_link",
    "save_answers",
    "save_draft",
    "seen",
    "send_link",
    "set_aside",
    "show_code",
    "submit_interview",
    "submit_report",
    "write_to",
]
