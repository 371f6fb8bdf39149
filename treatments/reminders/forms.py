"""What may be asked of the page of messages."""

from django import forms
from django.utils.translation import gettext_lazy as _

from treatments.reminders.models import MessageState


class LedgerFilter(forms.Form):
    """Which messages to show."""

    q = forms.CharField(label=_("Patient"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *MessageState.choices]
    )
    after = forms.IntegerField(
        required=False, min_value=1, max_value=10**18, widget=forms.HiddenInput
    )  # the last message of the page before
