"""A day on paper: words only, so that the page and the PDF say the same."""

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from clinic.models import Clinic, User
from treatments.schedule.away.absences import days_span
from treatments.schedule.equipment import devices_of
from treatments.schedule.models import Absence, Session


@dataclass(frozen=True, slots=True)
class Group:
    """The sessions of a practitioner, in a room or with a device: as many cells a row as the head has."""

    heading: str
    count: str
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole day sheet, ready to be read."""

    language: str
    title: str
    eyebrow: str
    name: str  # of the file
    notes: tuple[str, ...]  # who is away, or that the clinic is closed
    head: tuple[str, ...]
    widths: tuple[int, ...]  # of the columns, beside each other
    groups: tuple[Group, ...]
    nothing: str
    printed: str
    footer: str  # with {page} and {of}


WIDTHS = (3, 7, 7, 5, 5)


def sessions_of(day: dt.date) -> list[Session]:
    """Those of the clinic's day. One SQL query."""
    return list(Session.objects.standing().of_day(*days_span(day, day)))


def sheet_of(sessions: Iterable[Session], day: dt.date, *, by: str, reader: User, at: dt.datetime) -> Sheet:
    """The sheet of `day` by practitioner, room or device, for `reader`. Two SQL queries, three by device.

    By device it has only the sessions that need one, once for each.

    Only who treats reads what is done; the others read a telephone number in its place.
    """
    clinic = Clinic.current()
    printed = {"when": date_format(timezone.localtime(at), "j M Y, H:i"), "who": reader}
    title = _("Day sheet, %(day)s") % {"day": date_format(day, "l j F Y")}
    return Sheet(
        language=(get_language() or "en").partition("-")[0],
        title=title,
        eyebrow=clinic.name,
        name=f"day-{day.isoformat()}.pdf",
        notes=tuple(_note(absence) for absence in Absence.objects.of_day(*days_span(day, day))),
        head=_head(by, clinical=reader.is_clinical),
        widths=WIDTHS,
        groups=_groups(sessions, by, clinical=reader.is_clinical),
        nothing=_("No session with a device on this day.")
        if by == "device"
        else _("No session on this day."),
        printed=_("Printed %(when)s by %(who)s. Later changes are not on it.") % printed,
        footer=_("%(title)s. Page {page} of {of}") % {"title": title},
    )


def _head(by: str, *, clinical: bool) -> tuple[str, ...]:
    about = _("Treatment") if clinical else _("Telephone")
    others = {"practitioner": _("Room"), "room": _("Practitioner"), "device": _("Practitioner, room")}
    return (_("Time"), _("Patient"), about, others[by], _("State"))


def _groups(sessions: Iterable[Session], by: str, *, clinical: bool) -> tuple[Group, ...]:
    found: dict[tuple[str, int], list[tuple[str, ...]]] = {}
    for session, thing, pk, other in _placed(list(sessions), by):
        found.setdefault((thing, pk), []).append(_row(session, other, clinical=clinical))
    return tuple(Group(name, _count(len(rows)), tuple(rows)) for (name, _pk), rows in sorted(found.items()))


def _placed(sessions: Collection[Session], by: str) -> Iterator[tuple[Session, str, int, str]]:
    """Each session with its group, by name and key, and with what else says where it is."""
    if by == "device":
        names = devices_of(sessions)
        for one in sessions:
            where = f"{one.practitioner}, {one.room}"
            yield from ((one, device, 0, where) for device in names.get(one.pk, []))
    elif by == "room":
        yield from ((one, str(one.room), one.room_id, str(one.practitioner)) for one in sessions)
    else:
        yield from ((one, str(one.practitioner), one.practitioner_id, str(one.room)) for one in sessions)


def _row(session: Session, other: str, *, clinical: bool) -> tuple[str, ...]:
    patient = session.course.patient
    begin, until = (timezone.localtime(moment) for moment in (session.starts_at, session.ends_at))
    born = _("born %(day)s") % {"day": date_format(patient.birth_date)}
    about = str(session.course) if clinical else (patient.phone.as_international if patient.phone else "")
    return (f"{begin:%H:%M}–{until:%H:%M}", f"{patient.name}, {born}", about, other, _state(session))


def _state(session: Session) -> str:
    """In words: whether it is held, what became of it, since when the patient is here."""
    said = [_("Held")] if session.held else []
    said.append(session.get_state_display())
    if session.confirmed_at and not session.arrived_at:
        said.append(_("confirmed by the patient"))
    if session.arrived_at:
        said.append(_("here since %(when)s") % {"when": f"{timezone.localtime(session.arrived_at):%H:%M}"})
    return ", ".join(said)


def _note(absence: Absence) -> str:
    if absence.is_closing:
        return str(absence.get_kind_display())
    if absence.whole_days:
        return _("%(name)s: away") % {"name": absence.who}
    begin, until = (timezone.localtime(moment) for moment in (absence.starts_at, absence.ends_at))
    times = {"from": date_format(begin, "j M, H:i"), "to": date_format(until, "j M, H:i")}
    return _("%(name)s: away %(from)s to %(to)s") % {"name": absence.who, **times}


def _count(n: int) -> str:
    return ngettext("%(n)d session", "%(n)d sessions", n) % {"n": n}
