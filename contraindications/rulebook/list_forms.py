"""What of the published rule sets somebody wants to see."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from contraindications.rulebook import listwords

Choices = list[tuple[str, str]]


class SourcesForm(forms.Form):
    """Which rule set, for which technique and area, and whether only where documents disagree."""

    ruleset = forms.ChoiceField(label=_("Rule set"), required=False)
    technique = forms.ChoiceField(label=_("Technique"), required=False)
    area = forms.ChoiceField(label=_("Area"), required=False)
    disputed = forms.BooleanField(
        label=_("Only where they disagree"),
        required=False,
        widget=forms.CheckboxInput(attrs={"class": "form-check-input"}),
    )

    def __init__(self, *args, versions: Choices, families: Iterable[str], regions: Iterable[str], **kwargs):
        super().__init__(*args, **kwargs)
        choices = {
            "ruleset": versions,
            "technique": _named(families, listwords.FAMILIES),
            "area": _named(regions, listwords.REGIONS),
        }
        for name, offered in choices.items():
            self.fields[name].choices = offered  # type: ignore[attr-defined]


class CompareForm(forms.Form):
    """Two rule sets; the names are those of the address."""

    def __init__(self, *args, versions: Choices, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["from"] = forms.ChoiceField(label=_("From"), choices=versions)
        self.fields["to"] = forms.ChoiceField(label=_("To"), choices=versions)


def _named(codes: Iterable[str], words: dict) -> Choices:
    return [("", _("any")), *((code, words.get(code, code)) for code in codes)]
