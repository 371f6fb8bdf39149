"""The plan's page as plain values: which options to show, in what order, with which words and citations.

Built anew for every change from the shelf (the catalogue), what was chosen, and the patient; templates only print it.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contraindications.citations import Citation
from contraindications.clearance import Clearance, clearance
from contraindications.models import Decision
from contraindications.reading import undocumented_site
from contraindications.rules import VERDICT_WORDS, Composition, Plan, composition
from contraindications.rules.words import CHANGE_PLAN
from contraindications.screening import CannotScreen, Evaluation, evaluate
from patients.models import Interview, Patient
from treatments.catalogue import questions
from treatments.catalogue.models import Area, Family, Goal, Ingredient, Row, Synergy, Technique
from treatments.catalogue.rules import outside_documented
from treatments.catalogue.shelf import Shelf
from treatments.courses import rules
from treatments.courses.forms import AROUND_IT, IN_THE_COCKTAIL, PARAMETERS
from treatments.courses.models import InjectionDepth
from treatments.courses.picked import Picked
from treatments.courses.plans import plain, rules_plan
from treatments.courses.run import Run, run_of

SHOWN_GOALS = 6


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be chosen."""

    value: str
    label: str
    hint: str = ""
    citations: Sequence[Citation] = ()
    checked: bool = False
    documented: bool = True
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Options of one question: the ones to look at first, and the rest behind `more`."""

    name: str
    kind: str  # radio or checkbox
    first: list[Option]
    rest: list[Option] = field(default_factory=list)
    more: str = ""
    findable: bool = False

    @property
    def opened(self) -> bool:
        """The rest is open where something in it is chosen, or where there is nothing else."""
        return not self.first or any(option.checked for option in self.rest)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number of the technique, with the documented range beside it."""

    name: str
    label: str
    value: str
    documented: str
    citations: Sequence[Citation]
    outside: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """Two chosen ingredients and what a document says of them; no data is said as such."""

    names: str
    says: str
    citations: Sequence[Citation] = ()


def goals(shelf: Shelf, picked: Picked) -> Group:
    """Every goal that is offered; those for clinicians only come last and say so."""

    def option(goal):
        named = _families(goal.families)
        return Option(
            value=goal.code,
            label=goal.label,
            hint=_("%(families)s; a clinician's choice") % {"families": named}
            if goal.clinician_only
            else named,
            citations=goal.cited,
            checked=goal == picked.goal,
        )

    rows = sorted(shelf.goals, key=lambda goal: (goal != picked.goal, goal.clinician_only))
    options = [option(goal) for goal in rows]
    more = _("Show all %(n)s goals") % {"n": len(options)}
    return Group("goal", "radio", options[:SHOWN_GOALS], options[SHOWN_GOALS:], more)


def areas(shelf: Shelf, picked: Picked) -> Group:
    """The areas that a document names for the goal first; where it names none, all of them."""

    def option(area):
        documented = picked.goal is None or questions.names_area(picked.goal, area)
        return Option(
            value=area.code,
            label=area.label,
            hint=area.note if documented else _("not documented for this goal"),
            citations=area.cited if documented else (),
            checked=area == picked.area,
            documented=documented,
        )

    return _documented_first("area", "radio", map(option, shelf.areas), _("Show all areas"))


def techniques(shelf: Shelf, picked: Picked) -> Group:
    """The techniques whose family a document names for the goal first; the eyelids are the derma pen's (S1 L123)."""

    goal, area = picked.goal, picked.area

    def option(technique):
        refused = undocumented_site(technique.code, area.code) if area else None
        documented = refused is None and _named(technique, goal, area)
        return Option(
            value=technique.code,
            label=technique.label,
            hint=ranges_said(technique) if documented else refused or _("not documented for this goal"),
            citations=technique.cited if documented else (),
            checked=technique == picked.technique,
            documented=documented,
        )

    return _documented_first("technique", "radio", map(option, shelf.techniques), _("Show all techniques"))


def _named(technique: Technique, goal: Goal | None, area: Area | None) -> bool:
    """Does a document name the technique for what is chosen so far?"""
    if goal is None:
        return True
    return questions.documented(technique, goal, area) if area else technique.family in goal.families


def methods(shelf: Shelf, picked: Picked) -> Group:
    """How the needle is led; the needle family only (S1 L59)."""
    if picked.technique is None or picked.technique.family != Family.NEEDLE:
        return Group("injection_method", "radio", [])

    def option(method):
        documented = picked.goal in method.for_goals.all()
        return Option(
            value=method.code,
            label=method.label,
            hint=_("named for this goal") if documented else _("not named for this goal"),
            citations=method.cited,
            checked=method == picked.injection_method,
            documented=documented,
        )

    return Group("injection_method", "radio", [option(method) for method in shelf.methods])


def depths(picked: Picked) -> Group:
    """Intradermal or subcutaneous (S1 L57)."""
    return Group(
        "injection_depth",
        "radio",
        [
            Option(value=value, label=str(label), checked=value == picked.injection_depth)
            for value, label in InjectionDepth.choices
        ],
    )


def parameters(picked: Picked) -> list[Parameter]:
    """The numbers of the technique that a document gives a range for."""
    if picked.technique is None:
        return []
    return [
        Parameter(
            name=name,
            label=str(label),
            value=str(picked.parameters.get(name, "")),
            documented=_("documented: %(range)s") % {"range": range_said(picked.technique.ranges[name])},
            citations=picked.technique.cited,
            outside=name in picked.parameters
            and outside_documented(picked.parameters[name], picked.technique.ranges[name]),
        )
        for name, label in PARAMETERS.items()
        if name in picked.technique.ranges
    ]


def ingredients(shelf: Shelf, picked: Picked, allergies: Iterable[str]) -> Group:
    """The ingredients that a document names for the goal and area first; allergies are flagged before the choice."""
    options = [
        ingredient_option(i, picked, picked.ingredients, allergies)
        for i in shelf.ingredients
        if i.role in IN_THE_COCKTAIL
    ]
    more = _("Search all %(n)s ingredients") % {"n": len(options)}
    return _documented_first("ingredients", "checkbox", options, more, findable=True)


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
    met = rules.may_hold(row.code, row.role, {s.code for s in row.may_contain.all()}, set(allergies))
    if met == "is":
        return _("this patient is allergic to %(what)s") % {"what": row.label}
    return _("may contain what this patient is allergic to") if met else None


def _minutes(row: Ingredient) -> str:
    return _("%(n)s minutes to work") % {"n": row.minutes} if row.minutes else ""


def _families(families: Iterable[str]) -> str:
    return ", ".join(str(Family(family).label).lower() for family in families)


def range_said(values: Sequence[float]) -> str:
    """ "4–13", or "27, 30, 32" where single values are documented."""
    return ", ".join(map(str, values)) if len(values) > 2 else "–".join(map(str, values))


UNITS = {"needle_length_mm": "mm", "depth_mm": "mm", "spacing_mm": "mm", "gauge": "G"}


def ranges_said(technique: Technique) -> str:
    """The documented ranges in short: "4–13 mm · 27, 30, 32 G"."""
    return " · ".join(
        f"{range_said(v)} {UNITS[name]}" for name, v in technique.ranges.items() if name != "spacing_mm"
    )


def _documented_first(
    name: str, kind: str, options: Iterable[Option], more: str, *, findable: bool = False
) -> Group:
    rows = list(options)
    first = [option for option in rows if option.documented]
    return Group(name, kind, first, [option for option in rows if not option.documented], more, findable)


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


@dataclass(frozen=True, slots=True)
class Board:
    """All that the plan's page shows."""

    goals: Group
    areas: Group
    techniques: Group
    methods: Group
    depths: Group
    parameters: list[Parameter]
    ingredients: Group
    products: Group
    around: Group
    suggestion: str
    concept: Concept
    pairs: list[Pair]
    reason: str
    run: Run | None
    evaluation: Evaluation | None = None
    clearance: Clearance | None = None
    cannot_screen: bool = False
    leave_out: LeaveOut | None = None

    @property
    def documented_pairs(self) -> str:
        """How many of the pairs a document speaks of, in words."""
        n = sum(1 for pair in self.pairs if pair.citations)
        return ngettext("%(n)s described", "%(n)s described", n) % {"n": n} if n else _("no data on any")

    @property
    def verdict(self) -> str:
        return self.evaluation.verdict if self.evaluation else ""

    @property
    def verdict_said(self) -> str:
        """The verdict in one short line, for the bar of a narrow screen."""
        if self.cannot_screen:
            return _("Cannot screen")
        if self.evaluation is None:
            return _("Not screened yet")
        return str(VERDICT_WORDS[self.evaluation.verdict])

    @property
    def save_said(self) -> str:
        """What the button says when the plan cannot be confirmed yet."""
        stage = self.clearance.stage if self.clearance else ""
        words = {"hold": _("Save and ask for a decision"), "caution": _("Save and acknowledge")}
        return words.get(stage, _("Save the plan"))


def build(patient: Patient, shelf: Shelf, picked: Picked, *, day: dt.date) -> Board:
    """The board for what is chosen so far. Screens as soon as goal, area and technique are there."""
    interview = Interview.objects.standing(patient)
    said = (interview.allergies if interview else None) or {}
    allergies = [*said.get("substances", []), *said.get("texts", [])]
    offered = ingredients(shelf, picked, allergies)
    inside = picked.inside()
    evaluation, cleared, failed = _screened(patient, picked, day)
    return Board(
        goals=goals(shelf, picked),
        areas=areas(shelf, picked),
        techniques=techniques(shelf, picked),
        methods=methods(shelf, picked),
        depths=depths(picked),
        parameters=parameters(picked),
        ingredients=offered,
        products=products(shelf, picked, allergies),
        around=around(shelf, picked, allergies),
        suggestion=suggestion(picked, offered),
        concept=concept(shelf, composition(map(plain, inside))),
        pairs=pairs(shelf, inside),
        reason=picked.composition_reason,
        run=run_of(shelf, picked),
        evaluation=evaluation,
        clearance=cleared,
        cannot_screen=failed,
        leave_out=leave_out(shelf, picked, evaluation),
    )


def _plan(picked: Picked) -> Plan | None:
    """The plan to screen, as soon as there is one."""
    if picked.goal is None or picked.area is None or picked.technique is None:
        return None
    return rules_plan(
        technique=picked.technique,
        area=picked.area,
        goal=picked.goal,
        ingredients=picked.inside(),
        procedure_substances=picked.procedure_substances,
    )


def _screened(
    patient: Patient, picked: Picked, day: dt.date
) -> tuple[Evaluation | None, Clearance | None, bool]:
    """The verdict and what it lets happen; (None, None, True) where no verdict can be given."""
    plan = _plan(picked)
    if plan is None:
        return None, None, False
    try:
        evaluation = evaluate(patient, plan, day=day)
        return evaluation, clearance(evaluation, Decision.objects.of(patient)), False
    except CannotScreen:
        return None, None, True
