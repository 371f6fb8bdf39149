"""Where one looks for another time of a session, and where one came from."""

import datetime as dt

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from treatments.schedule.changing.forms import Longer
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.forms import MoveForm, read_slot
from treatments.schedule.models import Session


class TimesForm(MoveForm):
    """With whom and around which day to look for times, and for how long."""

    minutes = Longer(label=_("Minutes longer"), widget=forms.NumberInput({"step": 5}))

    def clean_minutes(self) -> int:
        return self.cleaned_data["minutes"] or 0


def around(session: Session, data, at: dt.datetime) -> TimesForm:
    """With whom, around which day and how long to look; where nothing is said, as it stands or was to be."""
    today, slot = timezone.localdate(at), read_slot(session.number, data.get("to", ""))
    where = timezone.localdate(slot.starts_at if slot else session.starts_at)
    said = {
        "practitioner": data.get("practitioner") or (slot and slot.practitioner) or _who_treats(session),
        "day": data.get("day") or max(today, where),
        "minutes": data.get("minutes") or session.added_minutes,
    }
    return TimesForm(said, today=today, course=session.course)


def _who_treats(session: Session) -> int | None:
    """Who is to treat, if they still may and do this treatment, else the first who may."""
    treat = list(who_could_treat(session.course).values_list("pk", flat=True))
    return session.practitioner_id if session.practitioner_id in treat else next(iter(treat), None)


class BackForm(forms.Form):
    """The list in which the session was found, to lead back to it: that of an absence, or of what lacks something."""

    absence = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    left = forms.ChoiceField(required=False, choices=[("equipment", ""), ("hours", "")])

    @property
    def pair(self) -> tuple[str, str] | None:
        """Name and value, as an address carries them."""
        said = self.cleaned_data if self.is_valid() else {}
        return next(((name, str(value)) for name, value in said.items() if value), None)

    @property
    def url(self) -> str | None:
        if self.pair is None:
            return None
        name, value = self.pair
        if name == "absence":
            return reverse("absences:absence", args=[value])
        return reverse("absences:outside" if value == "hours" else "equipment:left")
