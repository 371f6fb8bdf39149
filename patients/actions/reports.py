"""What patients answer by themselves: kept as they go, signed once."""

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from clinic.events import announce
from clinic.models import Clinic
from patients import interviews, rules
from patients.actions.interviews import checked_allergies, checked_answers
from patients.actions.links import AlreadyReceived, locked_link
from patients.events import FactsChanged
from patients.models import InterviewLink, Patient, Report


class Unfinished(Exception):
    """Not every question is answered, so there is nothing to sign."""


class AnsweredSince(Exception):
    """The answers are not those any more that the person looked through: another tab or device changed them."""


def draft_of(patient: Patient, *, at: dt.datetime) -> Report | None:
    """What the patient has answered so far; after as many days as a link works it is begun afresh."""
    since = at - dt.timedelta(days=Clinic.current().interview_link_days)
    return Report.objects.draft_of(patient, since=since)


def missing(patient: Patient, draft: Report | None) -> list[str]:
    """The codes of the questions without an answer, "allergies" for that one. "Not sure" is an answer."""
    answers = draft.answers if draft else {}
    codes = [fact.code for fact in interviews.questions(patient) if fact.code not in answers]
    return codes if draft and draft.allergies is not None else [*codes, "allergies"]


@transaction.atomic
def save_answers(
    link_id: int,
    *,
    asked: Collection[str],
    answers: Mapping[str, rules.Answer],
    allergies: Mapping[str, Any] | None,
    asks_allergies: bool,
    at: dt.datetime,
) -> Report:
    """Keep the answers to the questions `asked`; what is not among `answers` is not answered any more.

    Raises LinkDead, AlreadyReceived, ValidationError when an answer cannot be.
    """
    link = _open(link_id, at=at)
    report = _fresh(link, at)
    day, before = timezone.localdate(at), (report.answers, report.allergies)
    others = {code: answer for code, answer in report.answers.items() if code not in asked}
    report.answers = others | checked_answers(link.patient, answers, report.answers, day)
    if asks_allergies:
        report.allergies = checked_allergies(allergies, report.allergies, day)
    report.link, report.saved_at = link, at
    report.version += before != (report.answers, report.allergies)
    report.save()
    return report


@transaction.atomic
def submit_report(link_id: int, *, signature: str, at: dt.datetime, seen: int | None = None) -> Report:
    """Sign what was answered, once. `seen`: the version of the draft that the person looked through.

    Raises LinkDead, AlreadyReceived, Unfinished, AnsweredSince.
    """
    link = _open(link_id, at=at)
    report = draft_of(link.patient, at=at)
    if report is None or missing(link.patient, report):
        raise Unfinished
    if seen is not None and seen != report.version:
        raise AnsweredSince
    report.link, report.signature, report.submitted_at = link, signature, at
    report.save(update_fields=["link", "signature", "submitted_at"])
    announce(FactsChanged(patient_id=link.patient_id, at=at))
    return report


def _open(link_id: int, *, at: dt.datetime) -> InterviewLink:
    """The working link, locked after its patient. Raises LinkDead, AlreadyReceived."""
    owner = InterviewLink.objects.values("patient")
    Patient.objects.select_for_update(of=("self",), no_key=True).filter(
        pk__in=owner.filter(pk=link_id)
    ).first()
    received = Report.objects.filter(submitted_at__isnull=False, link=link_id).exists()
    if received:
        raise AlreadyReceived
    link = locked_link(link_id, at=at)
    if Report.objects.pending(link.patient):
        raise AlreadyReceived
    return link


def _fresh(link: InterviewLink, at: dt.datetime) -> Report:
    """The draft, or a new one in place of one that was left alone too long."""
    draft = draft_of(link.patient, at=at)
    if draft is None:
        Report.objects.filter(patient=link.patient, submitted_at=None).delete()
    return draft or Report(patient=link.patient, link=link, started_at=at, version=0)
