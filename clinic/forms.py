"""Pages of the clinic admin."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinic, Room, User, Weekday
from clinic.previews import Left
from clinic.provenance import origin
from clinic.roles import Role
from clinic.rules import Span, overlapping

SPANS = (1, 2)  # in one day, a break between them


class VersionedForm(forms.ModelForm):
    """A form that says which version of its row was read, and once it was asked what saving it would leave."""

    left: "Left | None" = None
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version


class StaffForm(VersionedForm):
    """A member of staff; roles as large choices."""

    roles = forms.MultipleChoiceField(
        label=_("Roles"), choices=Role.choices, widget=forms.CheckboxSelectMultiple, required=False
    )

    class Meta:
        model = User
        fields = ["name", "email", "roles", "cooperating_doctor", "may_overlap", "is_active"]
        labels = {"is_active": _("May log in"), "may_overlap": _("May book over others")}
        help_texts = {
            "email": _("What this person logs in with."),
            "cooperating_doctor": _(
                "A nurse treats with a cooperating doctor, who is named on every session."
            ),
            "may_overlap": _(
                "Sessions over others on purpose, each time with a reason; every overlap is in a report."
            ),
            "is_active": _("Without this they are out at their next click, and stay in old records."),
        }
        widgets = {
            "name": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"}),
            "email": forms.EmailInput(attrs={"autocomplete": "off"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        doctors = User.objects.doctors().exclude(pk=self.instance.pk).order_by("name")
        self.fields["cooperating_doctor"].queryset = doctors  # type: ignore[attr-defined]
        self.fields["cooperating_doctor"].empty_label = _("none")  # type: ignore[attr-defined]
        self.initial["roles"] = sorted(self.instance.roles) if self.instance.pk else []
        if not self.instance.pk:
            del self.fields["is_active"]


class RoomForm(VersionedForm):
    """A room."""

    class Meta:
        model = Room
        fields = ["name", "active"]
        widgets = {"name": forms.TextInput(attrs={"dir": "auto", "autocomplete": "off"})}
        help_texts = {"active": _("A room out of use is not offered for new sessions and stays in old ones.")}


class ClinicForm(VersionedForm):
    """The clinic's settings, each with its default and where that comes from."""

    class Meta:
        model = Clinic
        fields = [
            "name",
            "address",
            "phone",
            "email",
            "grid_minutes",
            "buffer_before",
            "buffer_after",
            "messages_at",
            "quiet_from",
            "quiet_until",
            "reminder_hours",
            "precare_days",
            "recheck_days",
            "recall_times",
            "recall_every_days",
            "late_message_minutes",
            "few_days_hours",
            "tentative_bookings",
            "interview_link_days",
            "interview_link_tries",
            "late_cancel_hours",
            "offer_minutes",
            "offer_to",
            "nurses_with_doctor",
            "feed_names",
        ]
        widgets = {
            "name": forms.TextInput(attrs={"dir": "auto"}),
            "address": forms.TextInput(attrs={"dir": "auto"}),
            "grid_minutes": forms.Select(choices=[(m, m) for m in (5, 10, 15, 20, 30, 60)]),
            **{
                name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
                for name in ("messages_at", "quiet_from", "quiet_until")
            },
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in self.fields.keys() - {"version"}:
            self.fields[name].help_text = origin(name)
        self.fields["reminder_hours"].error_messages["item_invalid"] = _("Number %(nth)s:")


class WeekForm(forms.Form):
    """Weekly hours of a practitioner or a room: up to two spans a day."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)

    def __init__(self, *args: Any, owner: User | Room, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.initial = {"version": owner.version, **_week(owner)}
        for day, label in Weekday.choices:
            for n in SPANS:
                self.fields[f"from_{day}_{n}"] = _time(_("%(day)s, from") % {"day": label})
                self.fields[f"to_{day}_{n}"] = _time(_("%(day)s, to") % {"day": label})

    def days(self) -> Iterator[dict]:
        """For the template: each weekday with its pairs of fields."""
        for day, label in Weekday.choices:
            pairs = [(self[f"from_{day}_{n}"], self[f"to_{day}_{n}"]) for n in SPANS]
            errors = [error for pair in pairs for field in pair for error in field.errors]
            yield {"label": label, "pairs": pairs, "errors": errors}

    def clean(self) -> dict[str, Any]:
        for day, _label in Weekday.choices:
            for n in SPANS:
                self._check_span(day, n)
        for day in overlapping(self.spans()):
            self.add_error(f"from_{day}_2", _("The two overlap."))
        return self.cleaned_data

    def _check_span(self, day: int, n: int) -> None:
        starts, ends = self.cleaned_data.get(f"from_{day}_{n}"), self.cleaned_data.get(f"to_{day}_{n}")
        if bool(starts) != bool(ends) and not self.has_error(f"from_{day}_{n}") | self.has_error(
            f"to_{day}_{n}"
        ):
            self.add_error(f"to_{day}_{n}", _("Give both times, or neither."))
        elif starts and ends and ends <= starts:
            self.add_error(f"to_{day}_{n}", _("Ends after it starts."))

    def spans(self) -> list[Span]:
        """The working hours that were typed, as (weekday, from, to)."""
        times = self.cleaned_data
        found = (
            (int(day), times.get(f"from_{day}_{n}"), times.get(f"to_{day}_{n}"))
            for day in Weekday.values
            for n in SPANS
        )
        return [(day, starts, ends) for day, starts, ends in found if starts is not None and ends is not None]


def _time(label: str) -> forms.TimeField:
    return forms.TimeField(
        required=False,
        label=label,
        widget=forms.TimeInput(attrs={"type": "time", "aria-label": label}, format="%H:%M"),
    )


def _week(owner: User | Room) -> dict[str, dt.time]:
    week: dict[str, dt.time] = {}
    counted: dict[int, int] = {}
    rows = owner.opening_hours if isinstance(owner, Room) else owner.working_hours
    for hours in rows.order_by("weekday", "starts"):
        n = counted[hours.weekday] = counted.get(hours.weekday, 0) + 1
        week |= {f"from_{hours.weekday}_{n}": hours.starts, f"to_{hours.weekday}_{n}": hours.ends}
    return week


class AccessLogFilter(forms.Form):
    """Which reads to show. `last` is where the page before ended: the moment and the number of its last row."""

    person = forms.ModelChoiceField(
        label=_("Who"), queryset=User.objects.order_by("name"), required=False, empty_label=_("everybody")
    )
    patient = forms.IntegerField(label=_("Patient number"), required=False, min_value=1, max_value=2**63 - 1)
    day = forms.DateField(
        label=_("Day"),
        required=False,
        validators=[MinValueValidator(dt.date(2000, 1, 1)), MaxValueValidator(dt.date(2199, 12, 31))],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    last = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_last(self) -> tuple[dt.datetime, int] | None:
        if not self.cleaned_data["last"]:
            return None
        try:
            moment, _comma, pk = self.cleaned_data["last"].partition(",")
            at = dt.datetime.fromisoformat(moment)
            if at.tzinfo is None or not 0 < int(pk) < 2**63:
                raise ValueError(moment)
        except ValueError as error:
            raise ValidationError(_("This is not a page of the log.")) from error
        return at, int(pk)
