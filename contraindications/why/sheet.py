"""A stored screening as a why sheet: every word of it, for the page and for the PDF."""

from collections.abc import Iterator, Sequence

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinic.models import Clinic
from contraindications import display, rules, wording
from contraindications.clearance import clearance
from contraindications.display import Given, Shown
from contraindications.models import Decision, Screening
from contraindications.replaying import differences
from contraindications.screening import Evaluation, evaluation_of, failing_closed
from contraindications.why import checking
from contraindications.why.decided import decisions_of, decisions_part
from contraindications.why.findings import documents_part, findings_part
from contraindications.why.parts import Pairs, Part, Sheet, pairs
from contraindications.why.told import told_part


def sheet_of(screening: Screening) -> Sheet:
    """The why sheet of a stored screening (`for_page`). At most eight SQL queries, and those of `lapses`.

    Raises CannotScreen.

    The same record gives the same words: neither the clock nor the reader is part of it.
    """
    evaluation = evaluation_of(screening)
    made = decisions_of(screening)
    shown = display.show(evaluation, clearance(evaluation, made))
    with failing_closed(screening.patient_id):
        return _sheet(screening, evaluation, shown, made)


def _sheet(screening: Screening, evaluation: Evaluation, shown: Shown, made: Sequence[Decision]) -> Sheet:
    same = not differences(screening)
    return Sheet(
        language=(get_language() or "en").partition("-")[0],
        title=_("Why: screening %(number)s") % {"number": screening.pk},
        eyebrow=_clinic(),
        name=f"screening-{screening.pk}.pdf",
        about=_about(screening, evaluation),
        alarm="" if same else str(wording.NOT_IDENTICAL),
        verdict=shown.verdict,
        word=shown.word,
        next=_next(shown),
        notes=(str(wording.ONLY_THE_LISTS), str(wording.MEDICINES)),
        parts=(*_parts(screening, evaluation, shown, made), _record(screening, same)),
        digest=screening.digest,
        code=checking.code_of(screening.digest),
        footer=_("Screening %(number)s, page {page} of {of}") % {"number": screening.pk},
    )


def _clinic() -> str:
    clinic = Clinic.current()
    return " · ".join(filter(None, (clinic.name, clinic.address, clinic.phone)))


def _about(screening: Screening, evaluation: Evaluation) -> Pairs:
    born = evaluation.patient_facts.birth_date
    age = rules.age_on(evaluation.as_of, born)
    old = ngettext("%(n)d year old", "%(n)d years old", age) % {"n": age}
    return pairs(
        (_("Patient"), screening.patient.name),
        (_("Born"), _("%(born)s, %(old)s on the day") % {"born": date_format(born, "j F Y"), "old": old}),
        (_("Screened for"), date_format(screening.as_of, "j F Y")),
        (_("Stored"), date_format(localtime(screening.at), "j F Y, H:i")),
        (_("By"), str(screening.by or _("the system"))),
    )


def _next(shown: Shown) -> tuple[str, ...]:
    cure = _("Leave out %(names)s.") % {"names": ", ".join(shown.leave_out)} if shown.leave_out else ""
    return tuple(filter(None, (cure, shown.next)))


def _parts(
    screening: Screening, evaluation: Evaluation, shown: Shown, made: Sequence[Decision]
) -> Iterator[Part]:
    reader = display.Reader(evaluation, {}, {})
    given = display.given(evaluation)
    yield findings_part(evaluation, shown, reader)
    if shown.unanswered:
        yield Part(heading=_("Missing answers"), lines=shown.unanswered)
    yield _plan(given, shown)
    yield told_part(screening, evaluation, reader, given.allergies)
    yield documents_part(evaluation, reader)
    yield decisions_part(evaluation, shown, made)


def _plan(given: Given, shown: Shown) -> Part:
    composition = shown.composition
    says = f"{composition.count}. {composition.concept}. {composition.says}".strip()
    cited = f" ({', '.join(composition.cites)})" if composition.cites else ""
    return Part(
        heading=_("The plan that was screened"),
        pairs=pairs(
            *given.plan,
            (_("Composition"), f"{says}{cited}"),
            (_("Composition not fully known"), ", ".join(composition.unknown)),
        ),
    )


def _record(screening: Screening, same: bool) -> Part:
    rule_set = screening.rule_set
    published = rule_set.published_at and date_format(localtime(rule_set.published_at), "j F Y, H:i")
    return Part(
        heading=_("Record"),
        text=(str(wording.IDENTICAL if same else wording.NOT_IDENTICAL),),
        pairs=pairs(
            (_("Rule set"), _("%(n)s, published %(day)s") % {"n": rule_set.version, "day": published}),
            (_("Digest of the rule set (SHA-256)"), rule_set.digest),
            (_("Digest of this record (SHA-256)"), screening.digest),
        ),
    )
