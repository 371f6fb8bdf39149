"""What the patient told us, in the short form that stays in sight while planning."""

import datetime as dt
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.interviews import Allergies, Counting, Standing, counting, questions
from patients.models import Patient

MOST = 8  # more would hide the plan; the patient's page has them all


@dataclass(frozen=True, slots=True)
class Told:
    """One thing worth seeing at a glance."""

    said: str
    grave: bool = False


def told(patient: Patient, *, day: dt.date) -> list[Told]:
    """Allergies first, then what is so now or has ended, and how old the answers are. Four SQL queries.

    Of a report that nobody has confirmed, what counts is among them and says so.
    """
    counts = counting(patient)
    tags = [*_allergies(counts.allergies(day=day)), *_facts(counts.answers(questions(patient), day=day))]
    rest = [Told(_("and %(n)s more") % {"n": len(tags) - MOST})] if len(tags) > MOST else []
    return [*tags[:MOST], *rest, *_when(counts)]


def _allergies(known: Allergies | None) -> list[Told]:
    names = [*known.substances, *known.texts] if known else []
    reported = known.reported if known else frozenset()
    return [
        Told(_marked(_("allergy: %(what)s") % {"what": name}, name in reported), grave=True) for name in names
    ]


def _facts(answers: list[Standing]) -> list[Told]:
    return [
        Told(_marked(_fact_said(one), one.reported)) for one in answers if one.state in ("current", "ended")
    ]


def _marked(said: str, reported: bool) -> str:
    return _("%(what)s (reported by the patient, not confirmed)") % {"what": said} if reported else said


def _when(counts: Counting) -> list[Told]:
    """How old it is, and whether there is more that nobody has confirmed."""
    interview, report = counts.interview, counts.report
    said = [Told(_("no interview yet"), grave=True)]
    if interview and interview.submitted_at:
        when = date_format(interview.submitted_at, "DATE_FORMAT")
        said = [Told(_("interview of %(when)s") % {"when": when})]
    return [*said, Told(_("patient's own answers not confirmed"), grave=True)] if report else said


def _fact_said(one: Standing) -> str:
    label = one.fact.label
    if one.state == "current":
        return label
    if one.until is None:
        return _("%(what)s, ended") % {"what": label}
    return _("%(what)s, ended %(when)s") % {"what": label, "when": date_format(one.until, "DATE_FORMAT")}
