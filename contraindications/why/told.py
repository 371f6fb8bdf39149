"""What the patient had told us, answer by answer: as said, as counted on the day, since when, and who confirmed it."""

import datetime as dt

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from contraindications import rules, wording
from contraindications.display import Reader
from contraindications.models import Screening
from contraindications.rules.words import ALLERGIES
from contraindications.screening import NEVER, Evaluation
from contraindications.why.parts import Part, Table

ORDER = ("current", "ended", "unsure", "no")  # what was reported before what was denied


def told_part(
    screening: Screening, evaluation: Evaluation, reader: Reader, allergies: list[str] | None
) -> Part:
    """All facts that the screening used; `allergies` in today's labels, None where nobody asked."""
    answers = sorted(
        evaluation.patient_facts.answers.items(),
        key=lambda said: (ORDER.index(said[1].state), reader.fact(said[0])),
    )
    reported = _only_reported(screening, evaluation)
    rows = [_row(code, answer, evaluation, reader, code in reported) for code, answer in answers]
    return Part(
        heading=_("What the patient had told us"),
        text=(*_from(screening), _settings(evaluation.compiled)),
        table=Table(
            head=(_("Asked"), _("Answer"), _("Counted as"), _("Answered"), _("Confirmed")),
            rows=(_allergies(evaluation, allergies, ALLERGIES in reported), *rows),
            widths=(6, 5, 4, 4, 4),
        ),
    )


def _from(screening: Screening) -> tuple[str, ...]:
    """Which interview and which report of the patient's own it was."""
    said = []
    if screening.interview:
        words = _("Interview version %(number)s of %(day)s.")
        said.append(words % {"number": screening.interview.number, "day": _day_of(screening.interview)})
    if screening.report:
        words = _(
            "The patient reported by themself on %(day)s. What nobody has confirmed counts for stopping, "
            "never for clearing."
        )
        said.append(words % {"day": _day_of(screening.report)})
    return tuple(said)


def _day_of(told) -> str:
    return date_format(told.submitted_at, "j F Y")


def _settings(compiled: rules.RuleSet) -> str:
    return _(
        "Recent: ended within %(look_back)d days, or on a day not known. Answers count for %(validity)d days. "
        "Minimum age %(age)d."
    ) % {
        "look_back": compiled.look_back_days,
        "validity": compiled.validity_days,
        "age": compiled.minimum_age,
    }


def _only_reported(screening: Screening, evaluation: Evaluation) -> set[str]:
    """The facts (and `allergies`) for which the patient's own report counted, not the confirmed interview."""
    if not screening.report:
        return set()
    confirmed = screening.interview.answers if screening.interview else {}
    answers = evaluation.patient_facts.answers.items()
    only = {code for code, answer in answers if _said(confirmed.get(code)) != (answer.state, answer.until)}
    known = (screening.interview and screening.interview.allergies) or {"substances": [], "texts": []}
    more = set(evaluation.patient_facts.allergies or ()) - {*known["substances"], *known["texts"]}
    return only | ({ALLERGIES} if more else set())


def _said(raw) -> tuple[str, dt.date | None] | None:
    if raw is None:
        return None
    return raw["state"], dt.date.fromisoformat(raw["until"]) if raw.get("until") else None


def _row(
    code: str, answer: rules.Answer, evaluation: Evaluation, reader: Reader, reported: bool
) -> tuple[str, ...]:
    return (
        reader.fact(code),
        str(wording.ANSWERS["no"]) if answer.state == "no" else reader.said(code),
        _counted(code, answer, evaluation),
        _given(answer.answered_on, evaluation.as_of),
        _confirmed(reported),
    )


def _counted(code: str, answer: rules.Answer, evaluation: Evaluation) -> str:
    state = rules.state_on(evaluation.as_of, answer, evaluation.compiled.look_back_days)
    counted = str(wording.COUNTED[state])
    if code not in evaluation.outcome.unanswered or state == "unsure":
        return counted
    return _("unanswered: too old") if state == "no" else _("%(state)s, and too old") % {"state": counted}


def _given(on: dt.date | None, day: dt.date) -> str:
    """When it was answered; answers without a day were given on the day of the screening."""
    if on == NEVER:
        return _("after the day screened for")
    return date_format(on or day, "j M Y")


def _confirmed(reported: bool) -> str:
    return _("no: the patient's own report") if reported else _("yes")


def _allergies(evaluation: Evaluation, allergies: list[str] | None, reported: bool) -> tuple[str, ...]:
    """The row about allergies: the substances, or that none are known, or that nobody asked."""
    missing = ALLERGIES in evaluation.outcome.unanswered
    if allergies is None:
        return (_("Allergies"), _("not asked"), _("unanswered"), "", "")
    return (
        _("Allergies"),
        ", ".join(allergies) or _("none known"),
        _("unanswered again") if missing else _("answered"),
        _given(evaluation.patient_facts.allergies_on, evaluation.as_of),
        _confirmed(reported),
    )
