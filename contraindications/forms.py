"""The forms in which a person decides on findings, or asks a doctor to."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from clinic.forms import VersionedForm
from clinic.models import User
from contraindications.deciding.reporting import day_bounds
from contraindications.models import DecisionKind, DecisionReason


def _day(label) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        validators=[MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2199, 12, 31))],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


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


class ReasonForm(VersionedForm):
    """A reason of decisions."""

    kinds = forms.MultipleChoiceField(
        label=_("Offered when a finding is"),
        choices=[
            (DecisionKind.ACKNOWLEDGE, _("acknowledged (care)")),
            (DecisionKind.DECIDE, _("decided (a doctor decides)")),
            (DecisionKind.RELEASE, _("released (stop)")),
        ],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Say for which kinds of decision this reason is offered.")},
    )

    class Meta:
        model = DecisionReason
        fields = ["label", "kinds", "position", "retired"]
        help_texts = {
            "label": _("Decisions made before keep the words of then."),
            "position": _("The smaller, the further up."),
            "retired": _("Offered no more; it stays in old decisions."),
        }
        widgets = {"label": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if not self.instance.pk:
            del self.fields["retired"]


class ReportForm(forms.Form):
    """Which decisions to report. Nothing given: all of them."""

    since = _day(_("From"))
    until = _day(_("Until"))
    person = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.order_by("name"), required=False, empty_label=_("everybody")
    )
    reason = forms.ModelChoiceField(
        label=_("Reason"),
        queryset=DecisionReason.objects.all(),
        to_field_name="code",
        required=False,
        empty_label=_("any"),
    )
    item = forms.CharField(label=_("Item"), required=False, max_length=40)
    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("any")), *DecisionKind.choices], required=False)

    def asked(self) -> dict[str, Any]:
        """The filters of `Decision.objects.for_report`."""
        said = self.cleaned_data
        asked = {"by": said["person"], "reason": said["reason"], "kind": said["kind"]}
        if said["item"]:
            asked["items__has_key"] = said["item"].strip()
        bounds = day_bounds(said["since"], said["until"])
        return {name: value for name, value in asked.items() if value} | bounds
