"""A practitioner settles what a patient reported by themself: confirms it, answer by answer, or sets it aside."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.events import announce
from clinic.models import User
from patients import rules
from patients.actions.interviews import InterviewMoved, checked_allergies, checked_answers
from patients.events import FactsChanged
from patients.models import Interview, Patient, Report


class AlreadySettled(Exception):
    """Somebody has confirmed this report or set it aside before; nothing was written."""

    def __init__(self, report: Report):
        super().__init__(f"report {report.pk} is settled")
        self.report = report


@transaction.atomic
def confirm_report(
    report: Report,
    *,
    answers: Mapping[str, rules.Answer],
    allergies: Mapping[str, Any] | None,
    standing: int,
    by: User,
    at: dt.datetime,
) -> Interview:
    """Make the next version of what the patient told us, on a report that they signed.

    `answers` hold what the practitioner took or corrected: every answer that differs from what stands is among them;
    the others are taken as reported. So with `allergies`, None where they are as they stood. `standing` is the number
    of the version that the page showed, 0 for none. The same form twice is one version.
    Raises AlreadySettled, InterviewMoved, ValidationError when an answer is missing or cannot be.
    """
    row = _unsettled(report)
    stands = Interview.objects.standing(row.patient)
    if row.settled_at:
        return _only_theirs(row, answers, by)
    if standing != (stands.number if stands else 0):
        raise InterviewMoved(None, stands)
    _refuse_what_nobody_decided(row, stands, answers, allergies)
    confirmed = _version(row, stands, answers, allergies, by=by, at=at)
    _settle(row, by=by, at=at)
    return confirmed


@transaction.atomic
def set_aside(report: Report, *, reason: str, by: User, at: dt.datetime) -> Report:
    """Let a report not count, for a reason: it was filled in by somebody else. Raises AlreadySettled, ValueError."""
    if not reason.strip():
        raise ValueError("a report is set aside for a reason")
    row = _unsettled(report)
    if row.settled_at:
        if (row.settled_by_id, row.set_aside) == (by.pk, reason.strip()):
            return row
        raise AlreadySettled(row)
    row.set_aside = reason.strip()
    _settle(row, by=by, at=at)
    return row


def _unsettled(report: Report) -> Report:
    """The report as it stands now, locked after its patient."""
    Patient.objects.lock(report.patient)
    rows = Report.objects.select_related("patient", "settled_by", "interview")
    return rows.select_for_update(of=("self",)).get(pk=report.pk)


def _only_theirs(row: Report, answers: Mapping[str, rules.Answer], by: User) -> Interview:
    """The version that this person has just made of it: the same form, sent twice. Raises AlreadySettled."""
    made = getattr(row, "interview", None)
    same = made and all(rules.said(made.answers.get(code)) == rules.said(a) for code, a in answers.items())
    if not made or not same or row.settled_by_id != by.pk:
        raise AlreadySettled(row)
    return made


def _refuse_what_nobody_decided(row, stands, answers, allergies) -> None:
    before = stands.answers if stands else {}
    changed = [code for code in rules.changed(before, row.answers) if code in row.answers]
    open_ones = {code: _("Take it or correct it.") for code in changed if code not in answers}
    if allergies is None and rules.told(row.allergies) != rules.told(stands and stands.allergies):
        open_ones["allergies"] = _("Take it or correct it.")
    if open_ones:
        raise ValidationError(open_ones)


def _version(row, stands, answers, allergies, *, by: User, at: dt.datetime) -> Interview:
    day = timezone.localdate(at)
    before = stands.answers if stands else {}
    said_now = {**row.answers, **checked_answers(row.patient, answers, {}, day)}
    told = (
        _as_they_stood(row, stands) if allergies is None else checked_allergies(allergies, row.allergies, day)
    )
    return Interview.objects.create(
        patient=row.patient,
        number=(stands.number if stands else 0) + 1,
        answers=rules.confirmed(before, row.answers, said_now, day),
        allergies=told,
        based_on=stands,
        report=row,
        started_at=at,
        started_by=by,
        saved_at=at,
        saved_by=by,
        submitted_at=at,
        submitted_by=by,
    )


def _as_they_stood(row: Report, stands: Interview | None) -> dict | None:
    """Allergies of which the report says what stood before, with the later of the two days."""
    told = [one.allergies for one in (row, stands) if one and one.allergies]
    return max(told, key=lambda one: one["on"], default=None)


def _settle(row: Report, *, by: User, at: dt.datetime) -> None:
    row.settled_at, row.settled_by = at, by
    row.save(update_fields=["settled_at", "settled_by", "set_aside"])
    announce(FactsChanged(patient_id=row.patient_id, at=at))
