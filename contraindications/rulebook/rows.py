"""The rows of an item as people fill them in: what meets it. A row is added and removed without scripts, too."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contraindications.rulebook.listing import OLDEST
from contraindications.rulebook.vocabulary import MATCHES, PLACES, STATES, Vocabulary
from contraindications.rules.ruleset import MINIMUM_AGE

MOST = 40  # rows of one item
SELECTS = 4  # facts that a joined row offers at least


class RowForm(forms.Form):
    """One row. Each kind of row is a class of its own; `row()` is the row as the rule set has it."""

    kind = ""
    title: Any = ""
    match = forms.ChoiceField(
        label=gettext_lazy("How surely the source means this"),
        choices=[("", gettext_lazy("Choose")), *MATCHES],
    )
    use_required_attribute = False

    def __init__(self, *args: Any, known: Vocabulary, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.known = known

    def row(self) -> dict[str, Any]:
        return {**self.looks_at(), "match": self.cleaned_data["match"]}

    def looks_at(self) -> dict[str, Any]:
        """What the row looks at: as the fields say it, where a kind has no words of its own."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "match"}

    @classmethod
    def typed(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row of a rule set as the form shows it."""
        return dict(row)


class _StateForm(RowForm):
    states = forms.MultipleChoiceField(
        label=gettext_lazy("In which state"),
        choices=STATES,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one state.")},
    )

    def refuse_senseless(self, facts: list[str]) -> None:
        """A state that a fact never has would look as if it were watched for."""
        for fact in facts:
            senseless = [s for s in self.cleaned_data.get("states", []) if s not in self.known.states[fact]]
            if senseless:
                words = dict(STATES)
                said = ", ".join(str(words[state]) for state in senseless)
                label = self.known.labels.get(fact, fact)
                self.add_error(
                    "states",
                    _("%(fact)s is never answered so: %(states)s.") % {"fact": label, "states": said},
                )


class FactRow(_StateForm):
    kind, title = "fact", gettext_lazy("Something the patient reports")
    fact = forms.ChoiceField(label=gettext_lazy("What"))
    field_order = ["fact", "states", "match"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["fact"].choices = [("", _("Choose")), *self.known.facts()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if fact := self.cleaned_data.get("fact"):
            self.refuse_senseless([fact])
        return self.cleaned_data


class JoinedRow(_StateForm):
    kind, title = "joined", gettext_lazy("Several things together")
    how = forms.ChoiceField(
        label=gettext_lazy("Met by"),
        choices=[
            ("all_of", gettext_lazy("all of them")),
            (
                "any_of",
                gettext_lazy("any of them, unless a row of this item asks for all of them and is met"),
            ),
        ],
    )
    facts = forms.MultipleChoiceField(
        label=gettext_lazy("What"), widget=forms.MultipleHiddenInput, required=False
    )
    field_order = ["how", "facts", "states", "match"]

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["facts"].choices = [("", ""), *self.known.facts()]  # type: ignore[attr-defined]

    def selects(self) -> list[str]:
        """What each of the selects shows; some are left empty for more."""
        chosen = [code for code in self["facts"].value() or [] if code]
        return [*chosen, *[""] * max(1, SELECTS - len(chosen))]

    def offered(self) -> list[Any]:
        return self.known.facts()

    def clean_facts(self) -> list[str]:
        facts = [code for code in dict.fromkeys(self.cleaned_data["facts"]) if code]
        if len(facts) < 2:
            raise ValidationError(_("Choose at least two."))
        return facts

    def clean(self) -> dict[str, Any]:
        self.refuse_senseless(self.cleaned_data.get("facts", []))
        return self.cleaned_data

    def looks_at(self) -> dict[str, Any]:
        return {self.cleaned_data["how"]: self.cleaned_data["facts"], "states": self.cleaned_data["states"]}

    @classmethod
    def typed(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        how = "all_of" if "all_of" in row else "any_of"
        return {**row, "how": how, "facts": row[how]}


class AgeRow(RowForm):
    kind, title = "age", gettext_lazy("Age")
    age_from = forms.IntegerField(
        label=gettext_lazy("From, years"), required=False, min_value=0, max_value=OLDEST
    )
    age_below = forms.IntegerField(
        label=gettext_lazy("Younger than, years"), required=False, min_value=0, max_value=OLDEST
    )
    minimum = forms.BooleanField(label=gettext_lazy("Younger than the clinic’s minimum age"), required=False)
    field_order = ["age_from", "age_below", "minimum", "match"]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        low, high = said.get("age_from"), said.get("age_below")
        if self.errors:
            return said
        if said.get("minimum") and high is not None:
            self.add_error("age_below", _("Give a number, or the clinic’s minimum age, not both."))
        elif low is None and high is None and not said.get("minimum"):
            self.add_error("age_from", _("Give at least one age."))
        elif low is not None and high is not None and low >= high:
            self.add_error("age_below", _("This is younger than the other."))
        return said

    def looks_at(self) -> dict[str, Any]:
        said = self.cleaned_data
        below = MINIMUM_AGE if said["minimum"] else said["age_below"]
        ages = {"age_from": said["age_from"], "age_below": below}
        return {name: age for name, age in ages.items() if age is not None}

    @classmethod
    def typed(cls, row: Mapping[str, Any]) -> dict[str, Any]:
        if row.get("age_below") != MINIMUM_AGE:
            return dict(row)
        return {**row, "age_below": None, "minimum": True}


class AllergenRow(RowForm):
    kind, title = "allergen", gettext_lazy("An allergy")
    allergen_in = forms.ChoiceField(
        label=gettext_lazy("To what"), choices=[("", gettext_lazy("Choose")), *PLACES]
    )
    field_order = ["allergen_in", "match"]


KINDS: dict[str, type[RowForm]] = {form.kind: form for form in (FactRow, JoinedRow, AgeRow, AllergenRow)}


class Rows:
    """All rows of one item: from the rule set, or as typed."""

    def __init__(self, forms: list[RowForm], known: Vocabulary):
        self.forms, self.known = forms, known
        self.error = ""

    @classmethod
    def of(cls, rows: list[Mapping[str, Any]], known: Vocabulary) -> "Rows":
        """The rows of an item in a rule set."""
        return cls([_shown(place, kind_of(row), known, row) for place, row in enumerate(rows)], known)

    @classmethod
    def posted(cls, data: QueryDict, known: Vocabulary) -> "Rows":
        """The rows as typed. What is no row of ours is passed over: the rows left are those that people see again."""
        kinds = [data.get(f"row-{place}-kind", "") for place in range(MOST)]
        return cls(
            [
                KINDS[kind](data, prefix=f"row-{place}", known=known)
                for place, kind in enumerate(kinds)
                if kind in KINDS
            ],
            known,
        )

    def is_valid(self) -> bool:
        if not self.forms:
            self.error = _("Say what meets this condition: add at least one row.")
        wrong = [form for form in self.forms if not form.is_valid()]
        return not wrong and not self.error

    def when(self) -> list[dict[str, Any]]:
        """The rows as the rule set has them."""
        return [form.row() for form in self.forms]

    def again(self, *, add: str = "", remove: str = "") -> "Rows":
        """The same as typed, unchecked, with a row of the kind `add` more, or without the row named `remove`."""
        kept = [form for form in self.forms if form.prefix != remove]
        shown = [_as_typed(place, form) for place, form in enumerate(kept)]
        if add in KINDS and len(shown) < MOST:
            shown.append(KINDS[add](prefix=f"row-{len(shown)}", known=self.known))
        return Rows(shown, self.known)


def kind_of(row: Mapping[str, Any]) -> str:
    """Which form a row of a rule set is filled in with."""
    if "fact" in row:
        return FactRow.kind
    if "allergen_in" in row:
        return AllergenRow.kind
    return JoinedRow.kind if {"all_of", "any_of"} & set(row) else AgeRow.kind


def _shown(place: int, kind: str, known: Vocabulary, row: Mapping[str, Any]) -> RowForm:
    form = KINDS[kind]
    return form(prefix=f"row-{place}", initial=form.typed(row), known=known)


def _as_typed(place: int, form: RowForm) -> RowForm:
    typed = {name: form[name].value() for name in form.fields}
    return type(form)(prefix=f"row-{place}", initial=typed, known=form.known)
