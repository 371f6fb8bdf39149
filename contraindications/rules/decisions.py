"""What people may decide about a finding, what the decision is bound to, and which documents are silent."""

from datetime import date

from . import words
from .basis import bases
from .rows import AgeRow, AllergenRow
from .ruleset import ALLERGEN, MINIMUM_AGE, Item, RuleSet
from .values import Finding, Patient, Plan, Result


def finding_digests(
    result: Result, patient: Patient, plan: Plan, ruleset: RuleSet, as_of: date
) -> dict[str, str]:
    """Item id -> SHA-256 of all that a decision on the finding rests on (`basis.bases`, section 5)."""
    if not result.findings:
        return {}
    found = bases(result, patient, plan, ruleset, as_of)
    return {item: words.digest(basis) for item, basis in found.items()}


def may_be_released(finding: Finding, ruleset: RuleSet) -> bool:
    """Whether a doctor may release or decide the finding (section 5).

    Only a stop can be beyond everybody: one that a changed plan cures, and one that the clinic marks
    absolute by its list item, by a fact that meets it, as an allergy to a substance of the plan
    (`allergen`), or as an age below the clinic's minimum (`minimum_age`).
    """
    if finding.effect != words.STOP:
        return True
    return finding.remedy is None and not _kinds(finding, ruleset) & ruleset.absolute


def is_absolute(item: Item, ruleset: RuleSet) -> bool:
    """Whether a stop that rests on a row of this list item may be one that nobody can release."""
    names = {
        item.id,
        *(fact for row in item.rows if not isinstance(row, AgeRow | AllergenRow) for fact in row.facts),
    }
    if any(isinstance(row, AllergenRow) for row in item.rows):
        names.add(ALLERGEN)
    if any(isinstance(row, AgeRow) and row.is_clinic_minimum for row in item.rows):
        names.add(MINIMUM_AGE)
    return bool(names & ruleset.absolute)


def _kinds(finding: Finding, ruleset: RuleSet) -> set[str]:
    """The names under which the settings may have called the finding absolute."""
    rows = ruleset.items[finding.item].rows
    kinds = {finding.item, *finding.facts}
    if finding.substances:
        kinds.add(ALLERGEN)
    if any(isinstance(row, AgeRow) and row.is_clinic_minimum for row in rows):
        kinds.add(MINIMUM_AGE)
    return kinds


def silent_sources(finding: Finding, ruleset: RuleSet, plan: Plan) -> tuple[str, ...]:
    """The documents whose lists say nothing about what meets this finding, by code.

    A document speaks when one of its items has a row naming one of the finding's facts (in whatever
    state), looking where one of the finding's substances is in this plan, or, for a finding about
    age, naming an age. One without a list is always silent. Policy is no document. How far a list
    reaches does not matter: a scalp list that names the condition is not silent. Nobody is silent
    about a remark.
    """
    if finding.item not in ruleset.items:
        return ()
    speaking = {item.source for item in ruleset.items.values() if _speaks(item, finding, ruleset, plan)}
    return tuple(sorted(ruleset.documents - speaking))


def _speaks(item: Item, finding: Finding, ruleset: RuleSet, plan: Plan) -> bool:
    about_age = not finding.facts and not finding.substances
    for row in item.rows:
        if isinstance(row, AgeRow):
            speaks = about_age
        elif isinstance(row, AllergenRow):
            speaks = any(substance.code in finding.substances for substance in row.substances(plan))
        else:
            speaks = any(fact in finding.facts for fact in row.facts)
        if speaks:
            return True
    return False
