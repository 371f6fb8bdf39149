"""What goes into the skin and what is used around it: reasons, warnings, pairs, and how many actives."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contraindications.citations import Citation
from contraindications.rules import Composition
from contraindications.rules.words import CHANGE_PLAN
from contraindications.screening import Evaluation
from treatments.catalogue import questions
from treatments.catalogue.models import Ingredient, Row, Synergy
from treatments.catalogue.shelf import Shelf
from treatments.courses import rules
from treatments.courses.board.options import Group, Option, documented_first
from treatments.courses.forms import AROUND_IT, IN_THE_COCKTAIL
from treatments.courses.picked import Picked
from treatments.courses.plans import plain


@dataclass(frozen=True, slots=True)
class Pair:
    """Two chosen ingredients and what a document says of them; no data is said as such."""

    names: str
    says: str
    citations: Sequence[Citation] = ()


def ingredients(shelf: Shelf, picked: Picked, allergies: Iterable[str]) -> Group:
    """The ingredients that a document names for the goal and area first; allergies are flagged before the choice."""
    options = [
        ingredient_option(i, picked, picked.ingredients, allergies)
        for i in shelf.ingredients
        if i.role in IN_THE_COCKTAIL
    ]
    more = _("Search all %(n)s ingredients") % {"n": len(options)}
    return documented_first("ingredients", "checkbox", options, more, findable=True)


def around(shelf: Shelf, picked: Picked, allergies: Iterable[str]) -> Group:
    """What is used in the procedure beside the cocktail: it can cause an allergy all the same."""
    options = [
        ingredient_option(i, picked, picked.procedure_substances, allergies, reason=False)
        for i in shelf.ingredients
        if i.role in AROUND_IT
    ]
    return Group("procedure_substances", "checkbox", options)


def products(shelf: Shelf, picked: Picked, allergies: Iterable[str]) -> Group:
    """Ready-made products; what is in them counts, so their allergens are flagged too."""

    def option(product):
        inside = list(product.ingredients.all())
        met = {said for i in inside if (said := _allergy_said(i, allergies))}
        return Option(
            value=product.code,
            label=product.label,
            hint=", ".join(i.label for i in inside),
            checked=product in picked.products,
            warnings=sorted(met),
        )

    return Group("products", "checkbox", [option(product) for product in shelf.products])


def ingredient_option(
    row: Ingredient,
    picked: Picked,
    chosen: Iterable[Ingredient],
    allergies: Iterable[str],
    *,
    reason: bool = True,
) -> Option:
    """One ingredient: what it is said to do and why it is offered here, and what speaks against it."""
    why = _why(row, picked) if reason else ""
    warning = _allergy_said(row, allergies)
    notes = [warning] if warning else []
    if row.role == "class":
        notes.append(_("composition not fully known"))
    return Option(
        value=row.code,
        label=row.label,
        hint="; ".join(filter(None, [why, ", ".join(row.effects), _minutes(row)])),
        citations=row.cited,
        checked=row in chosen,
        documented=bool(why) or not reason,
        warnings=notes,
    )


def suggestion(picked: Picked, group: Group) -> str:
    """What the builder says above the ingredients."""
    if picked.goal is None or picked.area is None:
        return ""
    if group.first:
        return _("Named by a document for %(goal)s:") % {"goal": picked.goal.label}
    return _("No document names an ingredient for this goal and area. Nothing is suggested.")


def _why(row: Ingredient, picked: Picked) -> str:
    """Why the ingredient is suggested, in words; empty where no document names it."""
    if picked.goal is None or picked.area is None:
        return ""
    why = questions.why_suggested(row, picked.goal, picked.area)
    words = {
        "goal": _("named for this goal"),
        "scalp mix": _("part of the scalp mixtures that are described"),
    }
    return words[why] if why else ""


def _allergy_said(row: Ingredient, allergies: Iterable[str]) -> str | None:
    met = rules.may_hold(plain(row), set(allergies))
    if met == "is":
        return _("this patient is allergic to %(what)s") % {"what": row.label}
    return _("may contain what this patient is allergic to") if met else None


def _minutes(row: Ingredient) -> str:
    return _("%(n)s minutes to work") % {"n": row.minutes} if row.minutes else ""


@dataclass(frozen=True, slots=True)
class Concept:
    """How many actives, what S1 calls that, and whether a reason is needed (screening.md section 6)."""

    said: str
    says: str = ""
    citations: Sequence[Citation] = ()
    needs_reason: bool = False
    unknown: Sequence[str] = ()


def concept(shelf: Shelf, composition: Composition) -> Concept:
    """The composition in words."""
    row = next((c for c in shelf.concepts if c.code == composition.concept), None)
    count = ngettext("%(n)s active", "%(n)s actives", composition.actives) % {"n": composition.actives}
    labels = {i.code: i.label for i in shelf.ingredients}
    return Concept(
        said=f"{count} · {row.label}" if row else count,
        says=row.says if row else "",
        citations=row.cited if row else (),
        needs_reason=composition.needs_reason,
        unknown=[labels.get(code, code) for code in composition.unknown],
    )


def pairs(shelf: Shelf, chosen: Iterable[Ingredient]) -> list[Pair]:
    """Every pair of actives in the cocktail: what a document says of it, else that there is no data."""
    actives = [i for i in chosen if i.role in ("active", "class")]
    said = [_pair(*pair) for pair in questions.pairs(actives, shelf.synergies)]
    return sorted(said, key=lambda pair: (not pair.citations, pair.names))


def _pair(one: Ingredient, other: Ingredient, synergy: Synergy | None) -> Pair:
    names = f"{one.label} + {other.label}"
    if synergy is None:
        return Pair(names, _("no data: no document says anything about this pair"))
    return Pair(names, synergy.says, synergy.cited)


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """The remedy of a stop that rests on substances of the plan: what to take out, and the button's words."""

    codes: Sequence[str]
    said: str


def leave_out(shelf: Shelf, picked: Picked, evaluation: Evaluation | None) -> LeaveOut | None:
    """What to leave out so that the plan can be screened again; products that hold the substance included."""
    if evaluation is None:
        return None
    named = {s for f in evaluation.outcome.findings if f.remedy == CHANGE_PLAN for s in f.substances}
    if not named:
        return None
    rows: list[Row] = [i for i in (*picked.ingredients, *picked.procedure_substances) if i.code in named]
    rows += [p for p in picked.products if not named.isdisjoint(i.code for i in p.ingredients.all())]
    labels = ", ".join(row.label for row in rows)
    return LeaveOut([row.code for row in rows], _("Leave out %(what)s") % {"what": labels})
