"""What is typed on the pages of the calendar. No ModelForm of a reservation: it would skip the constraint."""

import datetime as dt
import re
from collections.abc import Iterable, Sequence

from django import forms
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext_lazy as _

from clinic.models import Room, User
from clinic.widgets import ListSelect
from treatments.courses.models import Course
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.rules import BOOKABLE_AHEAD, Daytime, Slot, Wish, Wishes, wall

ANYBODY, SAME = "any", "same"
# What the form says once a wish is let go of.
LET_GO: dict[Wish | None, dict[str, object]] = {
    Wish.PRACTITIONER: {"practitioner": ANYBODY},
    Wish.SAME: {"practitioner": ANYBODY},
    Wish.WEEKDAYS: {"weekdays": []},
    Wish.DAYTIME: {"not_before": None, "over_by": None},
    Wish.EARLIEST: {"earliest": None},
    Wish.LATEST: {"latest": None},
    Wish.ROOM: {"room": ""},
}

SLOT = re.compile(r"(\d{8}T\d{4})Z-(\d{1,18})(?:-(\d{1,18}))?", re.ASCII)
MOMENT = "%Y%m%dT%H%M"


def _date() -> forms.DateInput:
    return forms.DateInput({"type": "date"}, format="%Y-%m-%d")


def _time() -> forms.TimeInput:
    return forms.TimeInput({"type": "time", "step": 300}, format="%H:%M")


def slot_value(slot: Slot) -> str:
    """A slot as a form carries it: the start in UTC, the room and who treats."""
    who = "" if slot.practitioner is None else f"-{slot.practitioner}"
    return f"{slot.starts_at.astimezone(dt.UTC):{MOMENT}}Z-{slot.room}{who}"


def read_slot(number: int, text: str) -> Slot | None:
    """The slot that a form carries, or None if it is none."""
    if not (found := SLOT.fullmatch(text)):
        return None
    try:
        starts_at = dt.datetime.strptime(found[1], MOMENT).replace(tzinfo=dt.UTC)
    except ValueError:
        return None
    who = int(found[3]) if found[3] else None
    return Slot(number, starts_at, int(found[2]), who) if 2000 <= starts_at.year <= 2200 else None


def read_slots(data) -> list[Slot]:
    """All slots of a form, `slot-1` to `slot-30`; what is none is left out."""
    found = (read_slot(number, data.get(f"slot-{number}", "")) for number in range(1, 31))
    return [slot for slot in found if slot]


class AheadForm(forms.Form):
    """A form with days that lie ahead, not more than a year."""

    def __init__(self, data, *, today: dt.date, **kwargs):
        super().__init__(data, **kwargs)
        self.today = today

    def _not_past(self, day: dt.date) -> dt.date:
        if day < self.today:
            raise forms.ValidationError(_("This day is past."))
        if day > self.today + BOOKABLE_AHEAD:
            raise forms.ValidationError(_("That is more than a year ahead."))
        return day


class WishForm(AheadForm):
    """What is wished of all sessions of a course. Three SQL queries at most."""

    practitioner = forms.ChoiceField(label=_("Practitioner"), widget=ListSelect)
    room = forms.ChoiceField(label=_("Room"), required=False, widget=ListSelect)
    earliest = forms.DateField(label=_("From"), widget=_date())
    latest = forms.DateField(label=_("Last session by"), required=False, widget=_date())
    not_before = forms.TimeField(label=_("Not before"), required=False, widget=_time())
    over_by = forms.TimeField(label=_("Over by"), required=False, widget=_time())
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        required=False,
        coerce=int,
        choices=[(str(day), name) for day, name in enumerate(WEEKDAYS_ABBR.values(), 1)],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data, *, people: Sequence[User], rooms: Iterable[Room], today: dt.date):
        super().__init__(data, today=today)
        self.people = {str(person.pk): person for person in people}
        anyone = [(ANYBODY, _("Anybody")), (SAME, _("Anybody, the same each time"))]
        self.fields["practitioner"].choices = [*anyone, *self.people.items()]  # type: ignore[attr-defined]
        self.fields["room"].choices = [("", _("Any room")), *((str(room.pk), room) for room in rooms)]  # type: ignore[attr-defined]

    def clean_earliest(self) -> dt.date:
        return self._not_past(self.cleaned_data["earliest"])

    def clean_latest(self) -> dt.date | None:
        latest, earliest = self.cleaned_data["latest"], self.cleaned_data.get("earliest")
        if latest and earliest and latest < earliest:
            raise forms.ValidationError(_("The last session cannot be before the first."))
        return latest if latest is None or latest.year < 9000 else None

    def clean_over_by(self) -> dt.time | None:
        over_by, not_before = self.cleaned_data["over_by"], self.cleaned_data.get("not_before")
        if over_by and not_before and over_by <= not_before:
            raise forms.ValidationError(_("This is not after the time before."))
        return over_by

    @property
    def last_day(self) -> dt.date:
        """The last day on which a first session may be asked for."""
        return self.today + BOOKABLE_AHEAD

    @property
    def named(self) -> User | None:
        """The practitioner who is wished, if it is not anybody."""
        return self.people.get(self.cleaned_data["practitioner"])

    def wishes(self, *, at: dt.datetime, zone: dt.tzinfo) -> Wishes:
        """What is wished, for the rules."""
        said = self.cleaned_data
        return Wishes(
            now=at,
            earliest=max(at, wall(said["earliest"], dt.time.min, zone)),
            practitioner=self.named.pk if self.named else None,
            same=said["practitioner"] == SAME,
            weekdays=frozenset(said["weekdays"]),
            daytime=Daytime(said["not_before"] or dt.time.min, said["over_by"]),
            latest=said["latest"],
            room=int(said["room"]) if said["room"] else None,
        )

    def pairs(self, *, without: Wish | None = None, earliest: dt.date | None = None) -> list[tuple[str, str]]:
        """(name, value) of every wish as an address carries it; one can be let go of, and another day be the first."""
        said = self.cleaned_data | ({"earliest": earliest} if earliest else {})
        for name, value in LET_GO.get(without, {}).items():
            said[name] = self.today if name == "earliest" else value
        weekdays = [("weekdays", str(day)) for day in said.pop("weekdays")]
        return [*((name, _text(value)) for name, value in said.items() if value), *weekdays]


def _text(value: str | dt.date | dt.time) -> str:
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    return value.isoformat() if isinstance(value, dt.date) else value


class MoveForm(AheadForm):
    """With whom and around which day a session is to be instead."""

    practitioner = forms.ModelChoiceField(
        label=_("Practitioner"), queryset=User.objects.none(), empty_label=None
    )
    day = forms.DateField(label=_("Around"), widget=_date())

    def __init__(self, data, *, today: dt.date, course: Course, **kwargs):
        super().__init__(data, today=today, **kwargs)
        self.fields["practitioner"].queryset = who_could_treat(course)  # type: ignore[attr-defined]

    def clean_day(self) -> dt.date:
        return self._not_past(self.cleaned_data["day"])


class BookForm(forms.Form):
    """What is posted with the chosen times; who treats, where these do not say it."""

    key = forms.UUIDField()
    interval_reason = forms.CharField(required=False, max_length=500)


class ArrivedForm(forms.Form):
    """Whether the patient has come, and where the button stood."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    here = forms.ChoiceField(choices=[("yes", ""), ("no", "")])
    back = forms.ChoiceField(required=False, choices=[("day", "")])


class MissedForm(forms.Form):
    """Whether the patient came."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1)
    came = forms.ChoiceField(choices=[("yes", ""), ("no", "")])


class CancelForm(forms.Form):
    """Why a session does not take place, and whether it is the clinic that gives it up."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
    reason = forms.CharField(label=_("Reason"), max_length=200)
    by_clinic = forms.BooleanField(
        label=_("The clinic cancels, not the patient"),
        required=False,
        help_text=_("Then it does not count as late."),
    )
