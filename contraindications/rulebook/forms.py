"""What is proposed to a draft: an item, a document, the settings; and why."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contraindications import citations
from contraindications.rulebook import listwords
from contraindications.rulebook.listing import BOUNDS, LONGEST, POLICY, POLICY_STRENGTHS
from contraindications.rulebook.vocabulary import (
    CLINIC_STRENGTHS,
    DOCUMENT_STRENGTHS,
    REACHES,
    Choices,
    Vocabulary,
    named,
)
from contraindications.rules import SHIPPED_SETTINGS
from contraindications.rules.ruleset import ALLERGEN, MINIMUM_AGE


class Line(forms.CharField):
    """One line of text, its white space made plain."""

    def to_python(self, value: Any) -> str:
        return " ".join((super().to_python(value) or "").split())


def _area() -> forms.Textarea:
    return forms.Textarea(attrs={"rows": 2, "dir": "auto"})


class ReasonForm(forms.Form):
    """Why. Every change has one."""

    use_required_attribute = False
    reason = Line(
        label=gettext_lazy("Why"),
        max_length=500,
        widget=_area(),
        error_messages={"required": gettext_lazy("Say why.")},
    )


class ProposalForm(ReasonForm):
    """A change, with the digest of what the page showed in its place."""

    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)


class ItemForm(ProposalForm):
    """One condition of one source; what meets it stands in its rows."""

    source = forms.ChoiceField(label=gettext_lazy("Source"))
    locator = Line(
        label=gettext_lazy("Where it is written"),
        max_length=LONGEST["locator"],
        required=False,
        help_text=gettext_lazy("Such as: L88 item 2. The clinic’s own items need none."),
    )
    item = Line(
        label=gettext_lazy("Condition, in the source’s words"), max_length=LONGEST["item"], widget=_area()
    )
    strength = forms.ChoiceField(label=gettext_lazy("Force, in the source’s words"))
    field_order = ["source", "locator", "item", "strength", "reason", "seen"]

    def __init__(self, *args: Any, known: Vocabulary, fixed: str = "", **kwargs: Any):
        """`fixed`: the source of an item that is changed, which stays."""
        super().__init__(*args, **kwargs)
        self.known, self.fixed = known, fixed
        offered = [(code, label) for code, label in known.sources() if fixed in ("", code)]
        first = [] if fixed else [("", _("Choose"))]
        self.fields["source"].choices = [*first, *offered]  # type: ignore[attr-defined]
        self.fields["strength"].choices = self._strengths()  # type: ignore[attr-defined]

    def _strengths(self) -> Choices:
        documents, own = (_("A document"), DOCUMENT_STRENGTHS), (_("The clinic’s own rule"), CLINIC_STRENGTHS)
        if not self.fixed:
            return [("", _("Choose")), documents, own]
        return [own if self.fixed in self.known.policies else documents]

    def clean(self) -> dict[str, Any]:
        said = self.cleaned_data
        if not (source := said.get("source")):
            return said
        own = source in self.known.policies
        if own:
            said["locator"] = POLICY
        elif not said.get("locator") and "locator" not in self.errors:
            self.add_error(
                "locator", _("An item without a citation cannot be saved: say where it is written.")
            )
        if "strength" in said and own != (said["strength"] in POLICY_STRENGTHS):
            self.add_error("strength", self._wrong_force(own))
        return said

    def _wrong_force(self, own: bool) -> str:
        if own:
            return _("What the clinic says on its own is marked as policy.")
        return _("A document’s item has the document’s force, never the clinic’s.")

    def proposed(self, when: list[dict[str, Any]]) -> dict[str, Any]:
        """The item as a rule set has it, its code apart."""
        return {name: self.cleaned_data[name] for name in ("source", "locator", "item", "strength")} | {
            "when": when
        }


class SourceForm(ProposalForm):
    """A document, how far its list reaches, and why."""

    code = forms.RegexField(
        r"[A-Z][A-Z0-9]{0,4}\Z",
        label=gettext_lazy("Short name"),
        max_length=5,
        help_text=gettext_lazy("Such as: S5. Its items and citations begin with it."),
        error_messages={"invalid": gettext_lazy("A capital letter, then letters and digits, five at most.")},
    )
    title = Line(label=gettext_lazy("Title"), max_length=LONGEST["title"])
    about = Line(label=gettext_lazy("What it is about"), max_length=LONGEST["title"])
    list_heading = Line(
        label=gettext_lazy("Heading of its list"), max_length=LONGEST["title"], required=False
    )
    note = Line(
        label=gettext_lazy("What to know when reading it"), max_length=500, required=False, widget=_area()
    )

    def __init__(self, *args: Any, known: Vocabulary, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.known = known
        scope = known.content["scope"]
        self.places = [(family, region) for family in scope["families"] for region in scope["regions"]]
        for family, region in self.places:
            self.fields[f"reach-{family}-{region}"] = forms.ChoiceField(
                label=f"{listwords.FAMILIES.get(family, family)}, {listwords.REGIONS.get(region, region)}",
                choices=[("", _("Choose")), *REACHES],
            )
        for reach, label in REACHES:
            self.fields[f"says-{reach}"] = Line(
                label=_("%(reach)s, because") % {"reach": label}, max_length=LONGEST["says"], required=False
            )
            self.fields[f"cite-{reach}"] = Line(
                label=_("where it says so"), max_length=LONGEST["cite"], required=False
            )

    def reach_fields(self) -> list[Any]:
        return [self[f"reach-{family}-{region}"] for family, region in self.places]

    def why_fields(self) -> list[tuple[str, Any, Any]]:
        """(reach, why, where) for every reach."""
        return [(reach, self[f"says-{reach}"], self[f"cite-{reach}"]) for reach, _label in REACHES]

    def clean_code(self) -> str:
        code = self.cleaned_data["code"]
        if code in {source["code"] for source in self.known.content["sources"]}:
            raise forms.ValidationError(_("There is a source of this name."))
        return code

    def clean(self) -> dict[str, Any]:
        for reach in self._reaches():
            self._need_a_reason(reach)
        return self.cleaned_data

    def _reaches(self) -> list[str]:
        chosen = {self.cleaned_data.get(f"reach-{family}-{region}") for family, region in self.places}
        return [reach for reach, _label in REACHES if reach in chosen]

    def _need_a_reason(self, reach: str) -> None:
        says, cite = self.cleaned_data.get(f"says-{reach}"), self.cleaned_data.get(f"cite-{reach}")
        if not says:
            self.add_error(f"says-{reach}", _("Say why it reaches so far."))
        sources = {code for code, _label in self.known.sources()} | {self.cleaned_data.get("code", "")}
        if not cite:
            self.add_error(f"cite-{reach}", _("Say where: such as S5 L12."))
        elif (wrong := citations.problem(cite, sources)) or not citations.parse(cite).documented:
            self.add_error(f"cite-{reach}", wrong or _("Say where in a document: such as S5 L12."))

    def proposed(self) -> dict[str, Any]:
        """The document as `drafting` adds it."""
        said = self.cleaned_data
        texts = {name: said[name] or None for name in ("title", "about", "list_heading", "note")}
        reach: dict[str, dict[str, str]] = {}
        for family, region in self.places:
            reach.setdefault(family, {})[region] = said[f"reach-{family}-{region}"]
        return {
            "source": {"code": said["code"], "kind": "document", "file": None, **texts},
            "reach": reach,
            "why": {r: {"says": said[f"says-{r}"], "cite": said[f"cite-{r}"]} for r in self._reaches()},
        }


class SettingsForm(ProposalForm):
    """The numbers of the rule set, and what nobody can release."""

    minimum_age = forms.IntegerField(label=gettext_lazy("Minimum age, years"))
    look_back_days = forms.IntegerField(
        label=gettext_lazy("Something that has ended is recent for so many days")
    )
    validity_days = forms.IntegerField(label=gettext_lazy("An answer is valid for so many days"))
    absolute = forms.MultipleChoiceField(
        label=gettext_lazy("A stop for one of these nobody can release"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ["minimum_age", "look_back_days", "validity_days", "absolute", "reason", "seen"]

    def __init__(self, *args: Any, known: Vocabulary, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.known = known
        for name, (low, high) in BOUNDS.items():
            field = forms.IntegerField(label=self.fields[name].label, min_value=low, max_value=high)
            self.fields[name] = field
        kinds = named((ALLERGEN, MINIMUM_AGE), listwords.ABSOLUTE)
        facts = [
            (code, known.labels.get(code, code)) for _group, ones in known.facts() for code, _label in ones
        ]
        self.fields["absolute"].choices = [*kinds, *facts, *known.items()]  # type: ignore[attr-defined]
        self.order_fields(self.field_order)

    def boxes(self) -> list[tuple[str, list[Any]]]:
        """The boxes of what is absolute: what ships or is chosen, then the rest, folded away."""
        chosen = {*(self["absolute"].value() or ()), *SHIPPED_SETTINGS["absolute"]}  # type: ignore[misc]
        items = {code for code, _label in self.known.items()}
        parts: dict[str, list[Any]] = {"": [], _("Other conditions"): [], _("Single items of the lists"): []}
        for box in self["absolute"]:
            code = box.data["value"]
            part = 0 if code in chosen else 2 if code in items else 1
            parts[list(parts)[part]].append(box)
        return list(parts.items())

    def proposed(self) -> dict[str, Any]:
        """The settings as the rule set has them; what is absolute in the order in which it stood."""
        return {name: self.cleaned_data[name] for name in (*BOUNDS, "absolute")}


class PublishForm(forms.Form):
    """The note of a new version, and the preview that the person saw."""

    use_required_attribute = False
    expected = forms.CharField(max_length=64, widget=forms.HiddenInput)
    note = Line(label=gettext_lazy("Note on the new version"), max_length=500, required=False, widget=_area())
