"""Where a session lands that was let go of on the calendar."""

import datetime as dt
from dataclasses import replace

from django.utils import timezone

from treatments.schedule.calendar.columns import By
from treatments.schedule.calendar.forms import DropForm
from treatments.schedule.calendar.spans import Days
from treatments.schedule.changing.moving import later_of
from treatments.schedule.equipment import who_could_treat
from treatments.schedule.forms import slot_value
from treatments.schedule.models import Reservation
from treatments.schedule.proposing.desk import desk
from treatments.schedule.rules import Slot


def landed(form: DropForm, *, at: dt.datetime) -> dict[str, object]:
    """What the page that moves a session is asked: where to, how much longer, with which device if with another."""
    said = form.cleaned_data
    slot = form.slot if said["by"] == By.ROOM else _in_a_free_room(form, at=at)
    asked = {"to": slot_value(slot), "minutes": said["minutes"]}
    return asked | ({"device": said["column"]} if said["by"] == By.DEVICE and not _has_it(form) else {})


def _has_it(form: DropForm) -> bool:
    """Does the session have this device already?"""
    device = form.cleaned_data["column"]
    return Reservation.objects.filter(session=form.session, resource__device=device).exists()


def _in_a_free_room(form: DropForm, *, at: dt.datetime) -> Slot:
    """The slot, in another room if its own is not free then and one that will do is. A fixed number of SQL queries."""
    slot, session, day = form.slot, form.session, timezone.localdate(form.slot.starts_at)
    people = who_could_treat(session.course).filter(pk=slot.practitioner or 0)
    known = desk(
        session.course,
        list(people),
        at=max(at, Days(day, 1).span[0]),
        asked_at=at,
        last=max(day, timezone.localdate(at)),
        moving=[session, *later_of(session)],
        added_minutes=form.cleaned_data["minutes"],
    )
    rooms = sorted(known.rooms.values(), key=lambda room: (room.pk != slot.room, room.name, room.pk))
    there = (replace(slot, room=room.pk) for room in rooms)
    return next((one for one in there if known.is_free(one)), slot)
