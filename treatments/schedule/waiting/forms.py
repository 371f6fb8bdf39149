"""What is typed on the pages of the waiting list."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.models import Room, User
from treatments.schedule.actions.waiting import WISHES
from treatments.schedule.forms import ANYBODY, WishForm


class WaitingForm(WishForm):
    """For which session a time is wished, and which: the wishes of the booking page, for one session."""

    number = forms.TypedChoiceField(label=_("Session"), coerce=int)
    field_order = ["number"]

    def __init__(self, data, *, numbers: Iterable[int], people: Sequence[User], rooms: Iterable[Room], today):
        super().__init__(data, people=people, rooms=rooms, today=today)
        self.fields["number"].choices = [(str(number), str(number)) for number in numbers]  # type: ignore[attr-defined]
        self.fields["practitioner"].choices = [(ANYBODY, _("Anybody")), *self.people.items()]  # type: ignore[attr-defined]
        self.fields["latest"].label = _("By")
        self.rooms = {str(room.pk): room for room in rooms}

    def said(self) -> dict[str, Any]:
        """The wishes as they are kept."""
        cleaned = {name: self.cleaned_data[name] for name in WISHES}
        return cleaned | {"practitioner": self.named, "room": self.rooms.get(self.cleaned_data["room"])}


class AnswerForm(forms.Form):
    """What is said to an offer."""

    answer = forms.ChoiceField(choices=[("yes", ""), ("no", "")])
