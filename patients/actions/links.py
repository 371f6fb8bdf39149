"""Personal links to the interview: made by the desk, opened by the date of birth, dead after use."""

import datetime as dt
import logging

from django.db import transaction

from clinic.events import announce
from clinic.models import Clinic, User
from patients import rules_links, tokens
from patients.actions.interviews import NobodyToAsk
from patients.events import InterviewAsked
from patients.models import InterviewLink, LinkKind, Patient, Report

logger = logging.getLogger(__name__)


class NoAddress(Exception):
    """There is no e-mail address and no phone number to send a link to."""


class LinkDead(Exception):
    """The link was used, taken back, closed after wrong dates of birth, or has run out."""


class WrongBirthDate(Exception):
    """Not the date of birth of the patient; `left` more tries."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left


class AlreadyReceived(Exception):
    """The patient has answered; a practitioner has not read it yet, or this link was used for it."""


# The desk


@transaction.atomic
def send_link(patient: Patient, *, by: User, at: dt.datetime) -> InterviewLink:
    """Ask the patient by a message; pressed twice, it is one request.

    Raises NoAddress, NobodyToAsk, AlreadyReceived while a report of theirs waits to be read.
    """
    patient = _lock(patient.pk)
    if not (patient.email or patient.phone):
        raise NoAddress
    waits = patient.interview_links.filter(kind=LinkKind.EMAIL, sent_at=None, revoked_at=None)
    if same := waits.filter(expires_at__gt=at, created_at__gt=at - rules_links.SAME_WISH).first():
        return same
    link = _make(patient, LinkKind.EMAIL, by=by, at=at)
    announce(InterviewAsked(link_id=link.pk, at=at))
    return link


@transaction.atomic
def show_code(patient: Patient, *, by: User, at: dt.datetime) -> tuple[InterviewLink, str]:
    """A link to show on the desk's screen, and its token, which is not to be had again.

    Raises NobodyToAsk, AlreadyReceived.
    """
    patient = _lock(patient.pk)
    token = tokens.new()
    hashes = [tokens.hashed(token)]
    return _make(patient, LinkKind.QR, by=by, at=at, sent_at=at, token_hashes=hashes), token


@transaction.atomic
def hand_over_tablet(patient: Patient, *, by: User, at: dt.datetime) -> InterviewLink:
    """A link that is open already, for the device in the patient's hands. Raises NobodyToAsk, AlreadyReceived."""
    patient = _lock(patient.pk)
    ends = at + rules_links.TABLET_WORKS_FOR
    return _make(patient, LinkKind.TABLET, by=by, at=at, sent_at=at, opened_at=at, expires_at=ends)


@transaction.atomic
def revoke_link(link: InterviewLink, *, by: User, at: dt.datetime) -> None:
    """Take a link back. Raises LinkDead when there was nothing to take back any more."""
    _lock(link.patient_id)
    mine = locked_link(link.pk, at=at)
    mine.revoked_at, mine.revoked_by = at, by
    mine.save(update_fields=["revoked_at", "revoked_by"])


def _make(patient: Patient, kind: LinkKind, *, by: User | None, at: dt.datetime, **fields) -> InterviewLink:
    if patient.has_ended:
        raise NobodyToAsk
    if Report.objects.pending(patient):
        raise AlreadyReceived
    days = dt.timedelta(days=Clinic.current().interview_link_days)
    values = {"expires_at": at + days, **fields}
    return InterviewLink.objects.create(patient=patient, kind=kind, created_at=at, created_by=by, **values)


# The mail


@transaction.atomic
def mint(link_id: int, *, at: dt.datetime) -> str:
    """A token for the mail that is being written; those of mails that may have been lost stay good. Raises LinkDead."""
    link = locked_link(link_id, at=at)
    token = tokens.new()
    link.token_hashes = [*link.token_hashes, tokens.hashed(token)]
    link.save(update_fields=["token_hashes"])
    return token


@transaction.atomic
def link_for_letter(patient_id: int, *, since: dt.datetime, at: dt.datetime) -> str:
    """A token for a letter that asks the patient again, promised at `since`: each attempt has one, all of one link.

    Nobody of the desk asked, so the link is by nobody. Raises LinkDead while a report of theirs waits to be read, and
    for a record that has ended.
    """
    patient = _lock(patient_id)
    mine = working(at).filter(patient=patient, kind=LinkKind.EMAIL, created_by=None, created_at__gte=since)
    try:
        link = mine.first() or _make(patient, LinkKind.EMAIL, by=None, at=at, sent_at=at)
    except (AlreadyReceived, NobodyToAsk) as error:
        raise LinkDead from error
    return mint(link.pk, at=at)


def mark_sent(link_id: int, *, at: dt.datetime) -> None:
    """The mail with the link has gone out."""
    InterviewLink.objects.filter(pk=link_id, sent_at=None).update(sent_at=at)


# The patient


def check_birth_date(link_id: int, born: dt.date, *, at: dt.datetime) -> None:
    """Is this the patient? Raises WrongBirthDate, after too many of them LinkDead, and counts each one once."""
    left = _try(link_id, born, at=at)
    if left is None:
        return
    logger.warning("interview link %s: wrong date of birth, %s tries left", link_id, left)
    raise WrongBirthDate(left)


@transaction.atomic
def _try(link_id: int, born: dt.date, *, at: dt.datetime) -> int | None:
    """None for the right date, else how many tries are left. The count is kept, so nothing is raised from inside."""
    link = locked_link(link_id, at=at)
    if link.patient.birth_date == born:
        InterviewLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=at)
        return None
    link.tries += 1
    link.save(update_fields=["tries"])
    return max(Clinic.current().interview_link_tries - link.tries, 0)


def working(at: dt.datetime):
    """The links that open something at `at`, by the clinic's own number of tries."""
    return InterviewLink.objects.working(at, most_tries=Clinic.current().interview_link_tries)


def locked_link(link_id: int, *, at: dt.datetime) -> InterviewLink:
    """The working link with its patient, locked. Raises LinkDead."""
    link = working(at).select_for_update(of=("self",)).select_related("patient").filter(pk=link_id).first()
    if link is None:
        raise LinkDead
    return link


def _lock(patient_id: int) -> Patient:
    """One at a time writes what belongs to a patient; the patient is locked before their links."""
    return Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient_id)
