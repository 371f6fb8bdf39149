"""The forms in which a person decides on findings, or asks a doctor to."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy as _

from contraindications.models import DecisionKind, DecisionReason


class DecisionForm(forms.Form):
    """One decision of one kind; the findings offered are set from the screening, none is pre-chosen."""

    kind = forms.ChoiceField(choices=DecisionKind.choices, widget=forms.HiddenInput)
    seen = forms.IntegerField(min_value=0, max_value=2**62, widget=forms.HiddenInput)
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
    items = forms.MultipleChoiceField(
        label=_("Findings"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose the findings that you decide on.")},
    )
    goes_ahead = forms.TypedChoiceField(
        label=_("Decision"),
        choices=[("yes", _("Go ahead")), ("no", _("Do not go ahead"))],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
        error_messages={"required": _("Say whether the treatment goes ahead.")},
    )
    reason = forms.ChoiceField(
        label=_("Reason"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    text = forms.CharField(
        label=_("In your words"),
        max_length=500,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )

    def __init__(self, *args, findings: list[tuple[str, str]], reasons: Iterable[DecisionReason], **kwargs):
        super().__init__(*args, **kwargs)
        self.findings, self.reasons = findings, list(reasons)
        self.fields["items"].choices = findings  # type: ignore[attr-defined]
        offered = [(reason.code, reason.label) for reason in self.reasons]
        self.fields["reason"].choices = [("", _("Choose a reason")), *offered]  # type: ignore[attr-defined]


class QuestionForm(forms.Form):
    """A nurse asks a doctor; the findings say most of it."""

    text = forms.CharField(
        label=_("What you want to know, if anything"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)
