"""What is typed when a text is changed."""

from collections.abc import Set
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from patients.models import Channel
from treatments.reminders.texts import rules
from treatments.reminders.texts.listing import Place

LONGEST_MAIL, LONGEST_SMS = 4000, 480  # characters; three text messages are a letter already
SAID = {
    rules.Fault.UNKNOWN: _("There is no placeholder {%(what)s} here."),
    rules.Fault.BRACE: _("Braces are for placeholders only: %(what)s"),
    rules.Fault.MISSING: _("{%(what)s} has to be in it, or the message is of no use."),
    rules.Fault.EMPTY: _("Nothing would be left where {%(what)s} is empty: give it a line of its own."),
}


class TextForm(forms.Form):
    """Subject and text of one kind of message. `seen`: the number of the version that is changed."""

    seen = forms.IntegerField(min_value=0, max_value=2**31 - 2, widget=forms.HiddenInput)
    subject = forms.CharField(label=_("Subject"), max_length=120)
    body = forms.CharField(
        label=_("Text"),
        widget=forms.Textarea(attrs={"rows": 14, "dir": "auto", "spellcheck": "true"}),
        help_text=_("A line is left out where a placeholder in it has nothing to say."),
    )

    def __init__(self, *args: Any, place: Place, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.place, sms = place, place.channel == Channel.SMS
        longest = LONGEST_SMS if sms else LONGEST_MAIL
        self.fields["body"].validators.append(MaxLengthValidator(longest))
        if sms:
            del self.fields["subject"]
            self.fields["body"].widget.attrs["rows"] = 5

    def clean_subject(self) -> str:
        """A subject is read over shoulders and kept in logs: no personal link in it."""
        return _checked(self.cleaned_data["subject"], self.place.allowed - {"link"}, set())

    def clean_body(self) -> str:
        body = "\n".join(self.cleaned_data["body"].splitlines())
        return _checked(body, self.place.allowed, self.place.required)

    def text(self) -> tuple[str, str]:
        """(subject, body) as they were typed and are right."""
        return self.cleaned_data.get("subject", ""), self.cleaned_data["body"]


def _checked(text: str, allowed: Set[str], required: Set[str]) -> str:
    found = rules.faults(text, allowed=allowed, required=required)
    if found:
        raise forms.ValidationError([SAID[one.fault] % {"what": one.what} for one in found])
    return text
