"""Changes of several sessions as they are posted: each where it is to be, of the version that was shown."""

import re
from collections.abc import Iterable

from django import forms
from django.db.models import QuerySet

from clinic.models import Room, User
from clinic.versions import ChangedMeanwhile
from treatments.schedule.actions import Change
from treatments.schedule.changing.forms import LAST_VERSION
from treatments.schedule.forms import read_slot
from treatments.schedule.models import Session

NUMBERS = range(1, 31)  # numbers that a session of a course can have
CHOICE = re.compile(r"way-(\d{1,18})", re.ASCII)
THERE = r"{kind}-{course}-(\d{{1,18}})"


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
