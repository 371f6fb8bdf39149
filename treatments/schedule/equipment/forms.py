"""What is typed on the pages of devices and abilities."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from clinic.forms import VersionedForm
from clinic.models import Room, User
from treatments.catalogue.models import Technique
from treatments.schedule.models import Device, DeviceKind


class Techniques(forms.ModelMultipleChoiceField):
    """Techniques of the catalogue in use, and those that were chosen before they were retired."""

    widget = forms.CheckboxSelectMultiple

    def offer(self, chosen: Iterable[int]) -> None:
        in_use = Technique.objects.filter(retired_on=None)
        self.queryset = in_use | Technique.objects.filter(pk__in=list(chosen))


class KindForm(VersionedForm):
    """A kind of device, and what needs one."""

    techniques = Techniques(
        label=_("Needed by"),
        queryset=Technique.objects.none(),
        required=False,
        help_text=_(
            "Sessions of these treatments take one device of the kind. None chosen: no session does."
        ),
    )

    class Meta:
        model = DeviceKind
        fields = ["name", "cleanup_minutes"]
        widgets = {"name": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})}
        help_texts = {
            "cleanup_minutes": _("The device is taken for so long after each session booked from now on.")
        }

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        row = self.instance
        chosen = list(row.requirements.values_list("technique", flat=True)) if row.pk else []
        self.fields["techniques"].offer(chosen)  # type: ignore[attr-defined]
        self.initial["techniques"] = chosen


class DeviceForm(VersionedForm):
    """A device."""

    class Meta:
        model = Device
        fields = ["name", "kind", "active"]
        widgets = {"name": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})}
        help_texts = {"active": _("A device out of use is not taken for new sessions.")}


class AbilitiesForm(forms.Form):
    """What is done in a room, or by a practitioner."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    techniques = Techniques(
        label=_("Treatments"),
        queryset=Technique.objects.none(),
        required=False,
        help_text=_("None chosen means all of them."),
    )

    def __init__(self, *args: Any, thing: Room | User, **kwargs: Any):
        super().__init__(*args, **kwargs)
        chosen = list(thing.abilities.values_list("technique", flat=True))
        self.fields["techniques"].offer(chosen)  # type: ignore[attr-defined]
        self.initial = {"version": thing.version, "techniques": chosen}
