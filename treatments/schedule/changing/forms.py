"""What is typed, dragged and posted where sessions are put elsewhere."""

import datetime as dt
import re
from collections.abc import Iterable

from django import forms
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clinic.models import Room, User
from clinic.versions import ChangedMeanwhile
from treatments.schedule.actions import Change
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.forms import AheadForm, MoveForm, read_slot
from treatments.schedule.models import Device, Session
from treatments.schedule.models.sessions import LONGEST_ADDED
from treatments.schedule.rules import Slot

NUMBERS = range(1, 31)  # numbers that a session of a course can have
LAST_VERSION = 2**31 - 1


class Longer(forms.IntegerField):
    """How many minutes longer than planned a session takes."""

    default_error_messages = {
        "min_value": _("A session is never shorter than its plan."),
        "max_value": _("A session is at most four hours longer than planned."),
    }

    def __init__(self, **said):
        super().__init__(required=False, min_value=0, max_value=LONGEST_ADDED, step_size=1, **said)


class TimesForm(MoveForm):
    """With whom and around which day to look for times, and for how long."""

    minutes = Longer(label=_("Minutes longer"), widget=forms.NumberInput({"step": 5}))

    def clean_minutes(self) -> int:
        return self.cleaned_data["minutes"] or 0


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


class ThereForm(forms.Form):
    """Where one of several sessions is to be, of the version that was shown."""

    to = forms.CharField(max_length=60)
    version = forms.IntegerField(min_value=1, max_value=LAST_VERSION)


def read_following(data, later: Iterable[Session]) -> list[Change]:
    """The later sessions that were shown to follow: `later-4` and `version-4`.

    Raises ChangedMeanwhile where one of them is not what it was.
    """
    rows = {session.number: session for session in later}
    forms_of = {
        number: ThereForm({"to": data[f"later-{number}"], "version": data.get(f"version-{number}")})
        for number in NUMBERS
        if f"later-{number}" in data
    }
    return changes_from([(rows.get(number), form) for number, form in forms_of.items()])


def changes_from(posted: Iterable[tuple[Session | None, ThereForm]]) -> list[Change]:
    """The changes of sessions that were shown together. Raises ChangedMeanwhile where they cannot be."""
    posted = list(posted)
    read = [
        (row, read_slot(row.number, form.cleaned_data["to"]), form.cleaned_data["version"])
        for row, form in posted
        if form.is_valid() and row
    ]
    people = User.objects.in_bulk(
        {slot.practitioner for _row, slot, _v in read if slot and slot.practitioner}
    )
    rooms = Room.objects.in_bulk({slot.room for _row, slot, _v in read if slot})
    found = [
        Change(
            row, version, slot.starts_at, people[slot.practitioner or 0], rooms[slot.room], row.added_minutes
        )
        for row, slot, version in read
        if slot and slot.room in rooms and slot.practitioner in people
    ]
    if len(found) != len(posted):
        raise ChangedMeanwhile
    return found


class SwapDayForm(AheadForm):
    """On which day the other session is."""

    day = forms.DateField(label=_("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def clean_day(self) -> dt.date:
        return self._not_past(self.cleaned_data["day"])


class SwapForm(forms.Form):
    """With which session, and the versions of both that were shown."""

    other = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    version = forms.IntegerField(min_value=1, max_value=LAST_VERSION)
    other_version = forms.IntegerField(min_value=1, max_value=LAST_VERSION)
    interval_reason = forms.CharField(required=False, max_length=500)


CHOICE = re.compile(r"way-(\d{1,18})", re.ASCII)
THERE = r"{kind}-{course}-(\d{{1,18}})"


def read_chosen(data, sessions: "QuerySet[Session]") -> list[tuple[int, list[Change]]]:
    """For each course the changes of the way that was chosen, none where they cannot be made any more.

    `way-<course>` says which way; `<way>-<course>-<session>` is where a session goes in it, `version-<session>` what
    was shown. Three SQL queries a course.
    """
    chosen = {int(found[1]): data[name] for name in data if (found := CHOICE.fullmatch(name)) and data[name]}
    return [(course, _way(data, kind, course, sessions)) for course, kind in sorted(chosen.items())]


def _way(data, kind: str, course: int, sessions: "QuerySet[Session]") -> list[Change]:
    there = re.compile(THERE.format(kind=re.escape(kind), course=course), re.ASCII)
    names = {int(found[1]): name for name in data if (found := there.fullmatch(name))}
    rows = sessions.filter(course=course).select_related("course__patient").in_bulk(names)
    posted = [
        (rows.get(pk), ThereForm({"to": data[name], "version": data.get(f"version-{pk}")}))
        for pk, name in names.items()
    ]
    try:
        return changes_from(posted)
    except ChangedMeanwhile:
        return []


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
