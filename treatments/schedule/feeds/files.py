"""From sessions and absences to calendar files. Nothing clinical is in any of them."""

import datetime as dt
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo

from django.apps import apps
from django.conf import settings
from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.languages import speaking
from clinic.models import Clinic, User
from treatments.courses.models import Course
from treatments.schedule.ics import CalendarFile, Entry
from treatments.schedule.models import Absence, Session, SessionState
from treatments.schedule.rules import wall

BACK, AHEAD = 30, 366  # days that a feed reaches, of the clinic; ours
REFRESH = dt.timedelta(hours=1)
TAKES_PLACE = (SessionState.BOOKED, SessionState.PERFORMED)


def feed_of(practitioner: User, *, at: dt.datetime) -> CalendarFile:
    """The practitioner's sessions and absences, from BACK days ago to AHEAD days on. Three SQL queries."""
    clinic, zone = Clinic.installed(), _zone()
    day = timezone.localdate(at)
    begin, until = (wall(day + dt.timedelta(n), dt.time.min, zone) for n in (-BACK, AHEAD))
    sessions = dated(_in_feed(practitioner, begin, until, at))
    absences = Absence.objects.standing().overlapping(begin, until)
    absences = absences.filter(Q(practitioner=practitioner) | Q(practitioner=None)).order_by(
        "starts_at", "pk"
    )
    entries = [_for_practitioner(session, clinic) for session in sessions]
    entries += [_away(absence, clinic) for absence in absences]
    name = _("%(clinic)s: %(name)s") % {"clinic": clinic.name, "name": practitioner}
    return CalendarFile(name, zone, entries, refresh=REFRESH)


def _in_feed(
    practitioner: User, begin: dt.datetime, until: dt.datetime, at: dt.datetime
) -> "QuerySet[Session]":
    """Their sessions between two moments; those that do not take place only for a while, so that programs learn it."""
    then = at - dt.timedelta(days=BACK)
    lately = Q(cancelled_at__gte=then) | Q(missed_at__gte=then)
    stands = Q(state__in=TAKES_PLACE)
    rows = Session.objects.filter(practitioner=practitioner, starts_at__gte=begin, starts_at__lt=until)
    return rows.filter(stands | lately).select_related("room", "course__patient").order_by("starts_at", "pk")


def course_file(course: Course, *, at: dt.datetime) -> CalendarFile:
    """All sessions of a course to hand to the patient; those cancelled that were still to come say so."""
    called_off = Q(state=SessionState.CANCELLED, starts_at__gte=at)
    sessions = course.sessions.filter(Q(state__in=TAKES_PLACE) | called_off)
    return _for_patient(sessions.order_by("starts_at", "pk"), course, at=at)


def session_file(session: Session, *, at: dt.datetime) -> CalendarFile:
    """One session to hand to the patient."""
    return _for_patient(Session.objects.filter(pk=session.pk), session.course, at=at)


def _for_patient(sessions: "QuerySet[Session]", course: Course, *, at: dt.datetime) -> CalendarFile:
    """Two SQL queries, and one where the patient of the course is not loaded.

    The files of one session, handed out again, are told apart by their sequence.
    """
    language = course.patient.language
    return patient_file(dated(sessions), Clinic.installed(), language=language, at=at)


def patient_file(
    sessions: Iterable[Session],
    clinic: Clinic,
    *,
    language: str,
    at: dt.datetime,
    method: str = "PUBLISH",
) -> CalendarFile:
    """A file of sessions that `dated` found, for the calendar of their patient, in their language. No SQL."""
    with speaking(language):
        entries = [_appointment(session, clinic) for session in sessions]
    organizer = (clinic.name, clinic.email)
    return CalendarFile("", _zone(), entries, method=method, made_at=at, organizer=organizer)


def _appointment(session: Session, clinic: Clinic) -> Entry:
    """What a patient's calendar says: where and when."""
    phone = _("Telephone: %(phone)s") % {"phone": clinic.phone} if clinic.phone else ""
    summary = _("Appointment at %(clinic)s") % {"clinic": clinic.name}
    return _entry(session, clinic, summary, location=clinic.address or clinic.name, description=phone)


def _for_practitioner(session: Session, clinic: Clinic) -> Entry:
    """What a practitioner's calendar says: which session where, and whose only where the clinic wants it."""
    said = {
        "n": session.number,
        "of": session.course.sessions_planned,
        "room": session.room,
        "name": session.course.patient.name,
    }
    words = (
        _("%(name)s, session %(n)s of %(of)s, %(room)s")
        if clinic.feed_names
        else _("Session %(n)s of %(of)s, %(room)s")
    )
    place = ", ".join(filter(None, (str(session.room), clinic.name, clinic.address)))
    address = settings.BASE_URL.rstrip("/") + reverse("schedule:session", args=[session.pk])
    return _entry(session, clinic, words % said, location=place, url=address)


def _entry(session: Session, clinic: Clinic, summary: str, **words: str) -> Entry:
    return Entry(
        uid=f"session-{session.pk}@{clinic.installation}",
        summary=summary,
        begin=session.starts_at,
        until=session.ends_at,
        changed_at=session.changed_at,
        sequence=session.version,
        cancelled=session.state not in TAKES_PLACE,
        **words,
    )


def _away(absence: Absence, clinic: Clinic) -> Entry:
    """Busy, and not why: that somebody is ill is nothing for a calendar elsewhere."""
    whole = absence.whole_days
    return Entry(
        uid=f"absence-{absence.pk}@{clinic.installation}",
        summary=_("Clinic closed") if absence.is_closing else _("Away"),
        begin=absence.first_day if whole else absence.starts_at,
        until=absence.last_day + dt.timedelta(days=1) if whole else absence.ends_at,
        changed_at=absence.recorded_at,
    )


def dated(sessions: Any) -> "QuerySet[Session]":
    """`changed_at`: since when each session is at its version, as the history has it."""
    history = apps.get_model("schedule", "SessionEvent").objects
    alike = history.filter(pgh_obj=OuterRef("pk"), version=OuterRef("version"))
    first = alike.order_by("pgh_id").values("pgh_created_at")[:1]
    known = Coalesce(
        Subquery(first), F("cancelled_at"), F("missed_at"), F("booked_at"), output_field=DateTimeField()
    )
    return sessions.annotate(changed_at=known)


def _zone() -> ZoneInfo:
    zone = timezone.get_default_timezone()
    assert isinstance(zone, ZoneInfo)  # noqa: S101
    return zone
