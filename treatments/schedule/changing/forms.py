"""What is typed or dragged where one session is to be: its new time, its length, the device."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.models import Room, User
from treatments.schedule.actions import Change
from treatments.schedule.forms import read_slot
from treatments.schedule.models import Device, Session
from treatments.schedule.models.sessions import LONGEST_ADDED
from treatments.schedule.rules import Slot

LAST_VERSION = 2**31 - 1


class Longer(forms.IntegerField):
    """How many minutes longer than planned a session takes."""

    default_error_messages = {
        "min_value": _("A session is never shorter than its plan."),
        "max_value": _("A session is at most four hours longer than planned."),
    }

    def __init__(self, **said):
        super().__init__(required=False, min_value=0, max_value=LONGEST_ADDED, step_size=1, **said)


class WhereForm(forms.Form):
    """Where a session is to be, as a list of times or the calendar says it, and how much longer than planned.

    `device`: the one that is to be used, where the calendar says it.
    """

    to = forms.CharField(max_length=60)
    minutes = Longer()
    device = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1)

    def __init__(self, data, *, session: Session):
        super().__init__(data)
        self.session = session

    def clean_to(self) -> Slot:
        if not (slot := read_slot(self.session.number, self.cleaned_data["to"])):
            raise forms.ValidationError(_("Choose a time."))
        return slot

    def clean_minutes(self) -> int:
        minutes = self.cleaned_data["minutes"]
        return self.session.added_minutes if minutes is None else minutes

    def clean_device(self) -> Device | None:
        if not (pk := self.cleaned_data["device"]):
            return None
        found = Device.objects.filter(pk=pk).select_related("kind").first()
        needed = found and found.kind.requirements.filter(technique=self.session.course.technique_id).exists()
        if found is None or not needed:
            raise forms.ValidationError(_("The treatment of this session is not done with this device."))
        if not found.active:
            raise forms.ValidationError(_("This device is not in use any more."))
        return found

    def clean(self) -> dict:
        if slot := self.cleaned_data.get("to"):
            who = slot.practitioner or self.session.practitioner_id
            people, rooms = User.objects.filter(pk=who), Room.objects.filter(pk=slot.room)
            if not (people and rooms):
                raise forms.ValidationError(_("Choose a time."))
            self.cleaned_data |= {"practitioner": people[0], "room": rooms[0]}
        return self.cleaned_data

    @property
    def said(self) -> list[str]:
        """What is wrong, once each."""
        if "to" in self.errors:
            return [str(_("Choose a time."))]
        return [str(one) for errors in self.errors.values() for one in errors]

    def change(self, version: int | None = None) -> Change:
        """What the form says, of the session as it was opened or of another `version`."""
        said = self.cleaned_data
        return Change(
            self.session,
            self.session.version if version is None else version,
            said["to"].starts_at,
            said["practitioner"],
            said["room"],
            said["minutes"],
            said["device"],
        )


class MovedForm(WhereForm):
    """What is posted with the new time of a session."""

    version = forms.IntegerField(min_value=1, max_value=LAST_VERSION)
    interval_reason = forms.CharField(required=False, max_length=500)
