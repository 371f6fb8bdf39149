"""All that the plan's page shows, put together."""

import datetime as dt
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contraindications.clearance import Clearance, clearance
from contraindications.display import heading
from contraindications.models import Decision, Verdict
from contraindications.rules import Plan, composition
from contraindications.screening import CannotScreen, Evaluation, evaluate
from patients.models import Interview, Patient
from treatments.catalogue.shelf import Shelf
from treatments.courses.board import choices, cocktail
from treatments.courses.board.choices import Parameter
from treatments.courses.board.cocktail import Concept, LeaveOut, Pair
from treatments.courses.board.options import Group
from treatments.courses.picked import Picked
from treatments.courses.plans import plain, rules_plan
from treatments.courses.run import Run, run_of


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
        if self.clearance is None:
            return str(Verdict(self.evaluation.verdict).label)
        return heading(self.evaluation.verdict, self.clearance)

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
    offered = cocktail.ingredients(shelf, picked, allergies)
    inside = picked.inside()
    evaluation, cleared, failed = _screened(patient, picked, day)
    return Board(
        goals=choices.goals(shelf, picked),
        areas=choices.areas(shelf, picked),
        techniques=choices.techniques(shelf, picked),
        methods=choices.methods(shelf, picked),
        depths=choices.depths(picked),
        parameters=choices.parameters(picked),
        ingredients=offered,
        products=cocktail.products(shelf, picked, allergies),
        around=cocktail.around(shelf, picked, allergies),
        suggestion=cocktail.suggestion(picked, offered),
        concept=cocktail.concept(shelf, composition(map(plain, inside))),
        pairs=cocktail.pairs(shelf, inside),
        reason=picked.composition_reason,
        run=run_of(shelf, picked),
        evaluation=evaluation,
        clearance=cleared,
        cannot_screen=failed,
        leave_out=cocktail.leave_out(shelf, picked, evaluation),
    )


def _plan(picked: Picked) -> Plan | None:
    """The plan to screen, as soon as there is one. Raises CannotScreen where it cannot be read whole."""
    if picked.goal is None or picked.area is None or picked.technique is None:
        return None
    if not picked.readable:  # without what could not be read the verdict might be milder
        raise CannotScreen("a substance that was chosen is not on offer")
    return rules_plan(
        technique=picked.technique,
        area=picked.area,
        goal=picked.goal,
        ingredients=picked.ingredients,
        products=picked.products,
        procedure_substances=picked.procedure_substances,
    )


def _screened(
    patient: Patient, picked: Picked, day: dt.date
) -> tuple[Evaluation | None, Clearance | None, bool]:
    """The verdict and what it lets happen; (None, None, True) where no verdict can be given."""
    try:
        plan = _plan(picked)
        if plan is None:
            return None, None, False
        evaluation = evaluate(patient, plan, day=day)
        return evaluation, clearance(evaluation, Decision.objects.of(patient)), False
    except CannotScreen:
        return None, None, True
