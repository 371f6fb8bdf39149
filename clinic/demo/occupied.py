"""What takes time beside sessions: devices with their cleaning, hours of a room, who is away, a closing day."""

import datetime as dt

from clinic import actions
from clinic.demo.scene import Scene
from clinic.models import Room, User
from clinic.rules import Span
from treatments.catalogue.models import Technique
from treatments.schedule import equipment
from treatments.schedule.away import absences
from treatments.schedule.models import Absence, AbsenceKind, Device, DeviceKind

# Kind, minutes of cleaning, techniques that need one, the devices.
DEVICES = [
    ("Electroporator", 10, ["electroporation"], ["Electroporator 1", "Electroporator 2", "Electroporator 3"]),
    ("Needle pen", 15, ["derma_pen"], ["Pen A", "Pen B", "Pen C"]),
    ("Mesotherapy gun", 10, ["needle_gun"], ["Gun 1", "Gun 2"]),
]
# The room behind the waiting room, which is locked after hours.
ROOM, OPENING = "Room 3", {**dict.fromkeys(range(1, 6), (8, 18)), 6: (8, 14)}


def equip(chief: User, at: dt.datetime) -> None:
    """Devices and the hours of a room, before anything is booked."""
    for name, minutes, techniques, devices in DEVICES:
        kind = DeviceKind(name=name, cleanup_minutes=minutes)
        needed = Technique.objects.filter(code__in=techniques)
        equipment.save_kind(kind, needed, version=1, by=chief, at=at)
        for device in devices:
            equipment.save_device(Device(kind=kind, name=device), version=1, by=chief, at=at)
    room = Room.objects.get(name=ROOM)
    spans: list[Span] = [(day, dt.time(starts), dt.time(ends)) for day, (starts, ends) in OPENING.items()]
    actions.set_room_week(room, spans, version=room.version, by=chief, at=at)


def leave(scene: Scene) -> None:
    """Who is away in the weeks to come, and a closing day; sessions that stand in them wait for the front desk."""
    monday = scene.day + dt.timedelta(days=8 - scene.day.isoweekday())
    _away(scene, "doctor2", AbsenceKind.TRAINING, monday + dt.timedelta(days=10), 1, "Course on scars")
    _away(scene, "nurse", AbsenceKind.LEAVE, monday + dt.timedelta(weeks=6), 12, "")
    _away(scene, None, AbsenceKind.CLOSED, monday + dt.timedelta(weeks=4, days=4), 1, "Stocktaking")


def _away(scene: Scene, login: str | None, kind: AbsenceKind, first: dt.date, days: int, note: str) -> None:
    begin, until = absences.days_span(first, first + dt.timedelta(days=days - 1))
    who = scene.staff[login] if login else None
    absence = Absence(practitioner=who, kind=kind, starts_at=begin, ends_at=until, note=note)
    absences.record(absence, by=scene.staff["admin"], at=scene.at - dt.timedelta(days=1))
