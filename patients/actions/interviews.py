"""Interviews: drafted by one page at a time, submitted as versions that never change."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.events import announce
from clinic.models import User
from patients import interviews, rules
from patients.events import FactsChanged
from patients.models import HealthFact, Interview, Patient, Substance


@dataclass(frozen=True, slots=True)
class Seen:
    """What an interview page was opened on: number of the version that stood, state of the draft; 0 for none.

    `draft` None: the page did not show the draft, which is left alone.
    """

    standing: int
    draft: int | None


class NobodyToAsk(Exception):
    """The patient has died, or another record goes on in place of this one. Its text says so."""

    def __str__(self) -> str:
        return _("This record has ended: nobody is asked by it any more.")


class InterviewMoved(Exception):
    """Somebody else saved or submitted this patient's interview since the page was opened."""

    def __init__(self, draft: Interview | None, standing: Interview | None) -> None:
        super().__init__("the interview moved on")
        self.draft = draft
        self.standing = standing

    @property
    def seen(self) -> Seen:
        return seen(self.draft, self.standing)


def seen(draft: Interview | None, standing: Interview | None) -> Seen:
    """What a page that shows these two is opened on."""
    return Seen(standing.number or 0 if standing else 0, draft.version if draft else 0)


@transaction.atomic
def save_draft(
    patient: Patient,
    *,
    answers: Mapping[str, rules.Answer],
    allergies: Mapping[str, Any] | None,
    by: User,
    at: dt.datetime,
    on: Seen | None = None,
) -> Interview:
    """Keep what was answered so far; it says nothing to anybody until it is submitted.

    Raises NobodyToAsk; InterviewMoved when `on` is no longer what stands, ValidationError when an answer cannot be.
    """
    draft, standing = _locked(patient, on)
    day = timezone.localdate(at)
    draft = draft or Interview(patient=patient, based_on=standing, started_at=at, started_by=by, version=0)
    draft.answers = checked_answers(patient, answers, draft.answers, day)
    draft.allergies = checked_allergies(allergies, draft.allergies, day)
    draft.version += 1
    draft.saved_at, draft.saved_by = at, by
    draft.save()
    return draft


@transaction.atomic
def submit_interview(
    patient: Patient,
    *,
    answers: Mapping[str, rules.Answer],
    allergies: Mapping[str, Any] | None,
    by: User,
    at: dt.datetime,
    on: Seen | None = None,
) -> Interview:
    """Make the next version of what this patient told us; what was not asked this time stands as it stood.

    `answers` is {fact code: {"state", "until" if known}}, `allergies` None (not asked) or {"substances", "texts"}.
    The same interview submitted twice is one version; a draft that `on` does not speak of stays a draft.
    Raises NobodyToAsk; InterviewMoved when `on` is no longer what stands, ValidationError when an answer cannot be.
    """
    try:
        draft, standing = _locked(patient, on)
    except InterviewMoved as moved:
        if moved.standing and _says_already(moved.standing, answers, allergies, by, on):
            return moved.standing
        raise
    return _submit(patient, draft, standing, answers=answers, allergies=allergies, by=by, at=at)


@transaction.atomic
def discard_draft(patient: Patient, *, by: User, on: Seen) -> None:
    """Throw the draft away to ask everything afresh. Raises NobodyToAsk, InterviewMoved if it was saved meanwhile."""
    draft, _standing = _locked(patient, on)
    if draft:
        draft.delete()


def _submit(patient, draft, standing, *, answers, allergies, by, at) -> Interview:
    day = timezone.localdate(at)
    draft = draft or Interview(patient=patient, started_at=at, started_by=by)
    given = checked_answers(patient, answers, draft.answers, day)
    draft.answers = {**(standing.answers if standing else {}), **given}
    told = checked_allergies(allergies, draft.allergies, day)
    draft.allergies = told if told is not None else standing and standing.allergies
    draft.based_on = standing
    draft.number = (standing.number if standing else 0) + 1
    draft.saved_at, draft.saved_by = at, by
    draft.submitted_at, draft.submitted_by = at, by
    draft.save()
    announce(FactsChanged(patient_id=patient.pk, at=at))
    return draft


def _locked(patient: Patient, on: Seen | None) -> tuple[Interview | None, Interview | None]:
    """(draft, standing version), with the patient locked so that one person at a time writes. Raises NobodyToAsk."""
    if Patient.objects.lock(patient).has_ended:
        raise NobodyToAsk
    draft = None if on and on.draft is None else Interview.objects.draft_of(patient)
    standing = Interview.objects.standing(patient)
    stands = seen(draft, standing)
    if on is not None and (on.standing, on.draft or 0) != (stands.standing, stands.draft):
        raise InterviewMoved(draft, standing)
    return draft, standing


def _says_already(standing: Interview, answers, allergies, by: User, on: Seen | None) -> bool:
    """Is the version that stands what this person just submitted: the same form, sent twice?"""
    if on is None or standing.submitted_by_id != by.pk or standing.number != on.standing + 1:
        return False
    same = all(rules.said(standing.answers.get(code)) == rules.said(given) for code, given in answers.items())
    told = _told(allergies)
    return same and (told is None or told == {k: (standing.allergies or {}).get(k) for k in told})


def checked_answers(patient: Patient, given: Mapping[str, rules.Answer], draft: dict, day: dt.date) -> dict:
    """`given`, checked and stamped. Raises ValidationError, one entry per fact."""
    facts = {fact.code: fact for fact in HealthFact.objects.filter(code__in=given)}
    wrong = {code: wrong for code, a in given.items() if (wrong := _wrong(facts.get(code), a, patient, day))}
    if wrong:
        raise ValidationError(wrong)
    return rules.stamped(given, draft, day)


def _wrong(fact: HealthFact | None, answer: rules.Answer, patient: Patient, day: dt.date) -> str | None:
    if fact is None:
        return "unknown_fact"
    return rules.problem(answer, states=fact.states, born=patient.birth_date, day=day)


def checked_allergies(given: Mapping[str, Any] | None, draft: dict | None, day: dt.date) -> dict | None:
    """`given` with its day. Raises ValidationError for unknown codes."""
    told = _told(given)
    if told is None:
        return None
    unchanged = draft is not None and all(draft[k] == told[k] for k in told)
    return {**told, "on": draft["on"] if draft and unchanged else day.isoformat()}


def _told(given: Mapping[str, Any] | None) -> dict[str, list[str]] | None:
    """`given` with free texts that name a substance turned into it. Raises ValidationError for unknown codes."""
    if given is None:
        return None
    codes, texts = rules.matched(given["texts"], given["substances"], interviews.substance_names())
    if Substance.objects.filter(code__in=codes).count() != len(codes):
        raise ValidationError({"allergies": "unknown_substance"})
    return {"substances": codes, "texts": texts}
