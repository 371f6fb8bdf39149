"""What is typed when a session is performed."""

from django import forms
from django.utils.translation import gettext_lazy as _


class PerformForm(forms.Form):
    """A note, if there is anything to say."""

    note = forms.CharField(
        label=_("Note"), required=False, max_length=2000, widget=forms.Textarea({"rows": 4})
    )
