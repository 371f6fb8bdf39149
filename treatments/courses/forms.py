"""The plan's form. Options are shown by `board.py`; here is only what may be said."""

from collections.abc import Sequence

from django import forms
from django.utils.translation import gettext_lazy as _

from contraindications.reading import undocumented_site
from treatments.catalogue.models import IngredientRole, Row
from treatments.catalogue.shelf import Shelf
from treatments.courses.models import InjectionDepth
from treatments.courses.picked import Picked

IN_THE_COCKTAIL = (IngredientRole.ACTIVE, IngredientRole.CLASS, IngredientRole.ADJUNCT)
AROUND_IT = (IngredientRole.PROCEDURE, IngredientRole.TOPICAL)
SUBSTANCES = {"ingredients", "products", "procedure_substances"}
# What a technique's ranges may name; the range itself is shown, never enforced: outside is "not documented".
PARAMETERS = {
    "needle_length_mm": _("Needle length, mm"),
    "gauge": _("Needle gauge, G"),
    "spacing_mm": _("Spacing, mm"),
    "depth_mm": _("Depth, mm"),
}


def one(**kwargs) -> forms.TypedChoiceField:
    """One row of the shelf, by its code."""
    return forms.TypedChoiceField(empty_value=None, **kwargs)


def many() -> forms.TypedMultipleChoiceField:
    """Any number of rows of the shelf, by their codes."""
    gone = _("“%(value)s” is not offered any more. Load this page again and choose anew.")
    return forms.TypedMultipleChoiceField(
        required=False, empty_value=[], error_messages={"invalid_choice": gone}
    )


class Number(forms.DecimalField):
    """A decimal, with a comma as good as a point: "1,5" is never 15."""

    def to_python(self, value):
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class PlanForm(forms.Form):
    """What was chosen so far. While choosing, errors are not shown: what is valid counts."""

    key = forms.UUIDField(required=False)
    version = forms.IntegerField(required=False, min_value=1, max_value=2**31 - 1)
    goal = one(error_messages={"required": _("Choose a goal.")})
    area = one(error_messages={"required": _("Choose an area.")})
    technique = one(error_messages={"required": _("Choose a technique.")})
    injection_method = one(required=False)
    injection_depth = forms.ChoiceField(choices=[("", ""), *InjectionDepth.choices], required=False)
    ingredients = many()
    products = many()
    procedure_substances = many()
    composition_reason = forms.CharField(max_length=500, required=False)
    sessions = forms.IntegerField(
        min_value=1,
        max_value=30,
        required=False,
        error_messages={
            "min_value": _("A course has 1 to 30 sessions."),
            "max_value": _("A course has 1 to 30 sessions."),
        },
    )
    interval = forms.IntegerField(min_value=1, max_value=365, required=False)
    needle_length_mm = Number(min_value=0, max_value=50, max_digits=5, decimal_places=2, required=False)
    gauge = Number(min_value=1, max_value=50, max_digits=4, decimal_places=1, required=False)
    spacing_mm = Number(min_value=0, max_value=100, max_digits=5, decimal_places=2, required=False)
    depth_mm = Number(min_value=0, max_value=50, max_digits=5, decimal_places=2, required=False)

    def __init__(self, *args, shelf: Shelf, **kwargs):
        super().__init__(*args, **kwargs)
        rows: dict[str, Sequence[Row]] = {
            "goal": shelf.goals,
            "area": shelf.areas,
            "technique": shelf.techniques,
            "injection_method": shelf.methods,
            "ingredients": [i for i in shelf.ingredients if i.role in IN_THE_COCKTAIL],
            "products": shelf.products,
            "procedure_substances": [i for i in shelf.ingredients if i.role in AROUND_IT],
        }
        for name, choices in rows.items():
            self._offer(name, {row.code: row for row in choices})

    def _offer(self, name: str, rows: dict[str, Row]) -> None:
        field = self.fields[name]
        field.choices = [(code, code) for code in rows]  # type: ignore[attr-defined]
        field.coerce = rows.__getitem__  # type: ignore[attr-defined]

    def clean(self):
        """The eyelids are documented for the derma pen only (S1 L123): nothing else is planned there."""
        said = super().clean() or {}
        technique, area = said.get("technique"), said.get("area")
        if technique and area and undocumented_site(technique.code, area.code):
            self.add_error(
                "technique", _("Eyelids are treated with the derma pen only. Choose it, or another area.")
            )
        return said

    def picked(self) -> Picked:
        """What is chosen so far; call after `is_valid()`, whatever its answer: what does not hold counts as open."""
        said = self.cleaned_data
        return Picked(
            goal=said.get("goal"),
            area=said.get("area"),
            technique=said.get("technique"),
            injection_method=said.get("injection_method"),
            injection_depth=said.get("injection_depth") or "",
            ingredients=said.get("ingredients") or (),
            products=said.get("products") or (),
            procedure_substances=said.get("procedure_substances") or (),
            composition_reason=said.get("composition_reason") or "",
            sessions=said.get("sessions"),
            interval=said.get("interval"),
            parameters={name: said[name] for name in PARAMETERS if said.get(name) is not None},
            readable=SUBSTANCES.isdisjoint(self.errors),
        )

    def sentences(self, *, given: bool = False) -> list[str]:
        """What is wrong, a sentence each, with the name of the number where one is meant.

        With `given` only what is wrong with what was filled in, not what is still open.
        """
        said = []
        for name, problems in self.errors.items():
            if given and not self.data.get(name):
                continue
            label = f"{PARAMETERS[name]}: " if name in PARAMETERS else ""
            said += [f"{label}{problem}" for problem in problems]
        return said
