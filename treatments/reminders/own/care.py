"""What to mind before a session and after it, as the page behind a personal link says it.

All rules are here, as leaving one out could do harm; but nothing says what is treated, how or with what: a rule whose
name tells is said in other words, and documents go by the code that the clinic's list of sources has, not by title.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinic
from contraindications.citations import parse
from treatments.reminders.care import CareBook, label_of, words_of
from treatments.reminders.rules_care import Care, CareRule
from treatments.schedule.models import Session
from treatments.visits.models import Visit

NEUTRAL = {
    "scalp_care": _("Daily care of the place that was treated"),
    "head_massage": _("Massage of the place that was treated"),
    "massage": _("Massage of the place that was treated"),
}


@dataclass(frozen=True, slots=True)
class Minded:
    """One thing to mind. `until`: after the session, when it is allowed again; `own`: the clinic gives that number."""

    label: str | Promise
    cites: list[str]
    until: dt.datetime | None = None
    own: bool = False
    over: bool = False


def before(session: Session) -> list[Minded]:
    """What to mind before it. Two SQL queries; those for the course come on top."""
    rules = CareBook.load().before_session(session.course)
    return [Minded(NEUTRAL.get(rule.code) or words_of(rule), _cites([rule])) for rule in rules]


def after(session: Session, clinic: Clinic, *, at: dt.datetime) -> list[Minded]:
    """What is not allowed yet, the first to be allowed first; nothing where no visit was recorded. Four SQL queries."""
    rows = Visit.objects.select_related("session__course__area__parent", "session__course__technique")
    visit = rows.filter(session=session).first()
    found = CareBook.load().after_session(visit, clinic) if visit else []
    return [Minded(_label(one), _cites(one.rules), one.until, one.own, one.until <= at) for one in found]


def _label(care: Care) -> str | Promise:
    return NEUTRAL.get(care.rules[0].code) or label_of(care)


def _cites(rules: Iterable[CareRule]) -> list[str]:
    """Each place in a document once, as "S3 70"."""
    cited = [parse(text) for rule in rules for text in rule.citations]
    return list(dict.fromkeys(str(one) for one in cited if one.documented))
