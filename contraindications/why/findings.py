"""The findings of a why sheet, and the documents that they are looked up in."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contraindications import rules, wording
from contraindications.display import Reader, Shown, ShownFinding
from contraindications.rules.words import CHANGE_PLAN
from contraindications.screening import Evaluation
from contraindications.why.parts import Part, Table, pairs


def findings_part(evaluation: Evaluation, shown: Shown, reader: Reader) -> Part:
    """Every finding with its citation, gravest first."""
    findings = zip(evaluation.outcome.findings, shown.findings, strict=True)
    count = ngettext("%(n)d finding", "%(n)d findings", len(shown.findings)) % {"n": len(shown.findings)}
    return Part(
        heading=_("Findings"),
        text=(f"{count}. {shown.looked_at}.",),
        parts=tuple(_finding(finding, said, reader) for finding, said in findings),
    )


def _finding(finding: rules.Finding, said: ShownFinding, reader: Reader) -> Part:
    place = f"{finding.source}, {said.place}" if said.place else finding.source or ""
    return Part(
        heading=said.title,
        tag=said.tag,
        effect=said.effect,
        sources=said.sources,
        pairs=pairs(
            (_("Reported"), "; ".join(said.evidence)),
            (_("Says so"), said.source),
            (_("Place"), f"{place} ({finding.item})" if place else ""),
            (_("In its own force"), said.force),
            (_("Match") if finding.source else _("Why"), _match(finding, said)),
            (_("Reach"), f"{said.reach} {said.reach_cite}".strip()),
            (_("Effect"), _effect(finding, said, reader)),
            (_("Silent about it"), "; ".join(said.silent)),
        ),
    )


def _match(finding: rules.Finding, said: ShownFinding) -> str:
    return said.match or (str(wording.DIRECT_MATCH) if finding.match == "direct" else "")


def _effect(finding: rules.Finding, said: ShownFinding, reader: Reader) -> str:
    names = ", ".join(reader.substance(code) for code in finding.substances)
    cure = _("Leave out %(names)s, and this is lifted.") % {"names": names}
    sentences = [f"{said.tag}.".capitalize(), said.conflict, cure if finding.remedy == CHANGE_PLAN else ""]
    return " ".join(filter(None, sentences))


def documents_part(evaluation: Evaluation, reader: Reader) -> Part:
    """Every source of the rule set: how far its list reaches this plan, or that it has none."""
    compiled, plan = evaluation.compiled, evaluation.plan
    reaches = compiled.reaches_of(plan.family, plan.region)
    codes = sorted(reader.words.sources, key=lambda code: (code not in compiled.documents, code))
    return Part(
        heading=_("Documents looked at"),
        table=Table(
            head=(_("Code"), _("Title"), _("Its list, for this technique and area")),
            rows=tuple(
                (code, reader.words.sources[code], _list_of(code, reaches, evaluation, reader))
                for code in codes
            ),
            widths=(1, 5, 7),
        ),
    )


def _list_of(code: str, reaches, evaluation: Evaluation, reader: Reader) -> str:
    if code not in evaluation.compiled.documents:
        return str(wording.POLICY_REACH)
    if code not in evaluation.compiled.listing:
        return str(wording.NO_LIST)
    return " ".join(filter(None, reader.reach(code, reaches[code])))
