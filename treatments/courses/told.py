"""What the patient told us, in the short form that stays in sight while planning."""

import datetime as dt
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from patients.interviews import Standing, questions, standing_allergies, standing_answers
from patients.models import Interview, Patient

MOST = 8  # more would hide the plan; the patient's page has them all


@dataclass(frozen=True, slots=True)
class Told:
    """One thing worth seeing at a glance."""

    said: str
    grave: bool = False


def told(patient: Patient, *, day: dt.date) -> list[Told]:
    """Allergies first, then what is so now or has ended, and how old the answers are. Three SQL queries."""
    interview = Interview.objects.standing(patient)
    if interview is None:
        return [Told(_("no interview yet"), grave=True)]
    allergies = standing_allergies(interview, day=day)
    names = [*allergies.substances, *allergies.texts] if allergies else []
    facts = [
        one
        for one in standing_answers(questions(patient), interview, day=day)
        if one.state in ("current", "ended")
    ]
    tags = [Told(_("allergy: %(what)s") % {"what": name}, grave=True) for name in names]
    tags += [Told(_fact_said(one)) for one in facts]
    rest = [Told(_("and %(n)s more") % {"n": len(tags) - MOST})] if len(tags) > MOST else []
    when = date_format(interview.submitted_at, "DATE_FORMAT")
    return [*tags[:MOST], *rest, Told(_("interview of %(when)s") % {"when": when})]


def _fact_said(one: Standing) -> str:
    label = one.fact.label
    if one.state == "current":
        return label
    if one.until is None:
        return _("%(what)s, ended") % {"what": label}
    return _("%(what)s, ended %(when)s") % {"what": label, "when": date_format(one.until, "DATE_FORMAT")}
