"""What follows from a session that was missed or given up, in words for everybody who books."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clinic.models import Clinic
from patients.models import Patient
from treatments.courses.models import CourseState
from treatments.schedule import rules
from treatments.schedule.actions.cancelling import is_late
from treatments.schedule.actions.missing import may_come_after_all
from treatments.schedule.models import Reservation, Session, SessionState
from treatments.schedule.occupations import series_of
from treatments.schedule.rules import Series


@dataclass(frozen=True, slots=True)
class Broken:
    """How often a patient did not come, and how often they cancelled late."""

    missed: int
    late: int

    @property
    def said(self) -> list[str]:
        """In words, without what never happened."""
        found = []
        if self.missed:
            found.append(
                ngettext("Did not come %(n)s time", "Did not come %(n)s times", self.missed)
                % {"n": self.missed}
            )
        if self.late:
            found.append(
                ngettext("cancelled late %(n)s time", "cancelled late %(n)s times", self.late)
                % {"n": self.late}
            )
        return found


def broken_of(patient: Patient) -> Broken:
    """Of all sessions of the patient. One SQL query."""
    counts = Session.objects.filter(course__patient=patient).aggregate(
        missed=Count("pk", filter=Q(state="missed")), late=Count("pk", filter=Q(cancelled_late=True))
    )
    return Broken(**counts)


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What follows, sentence by sentence, and whether there is a session to book anew."""

    said: list[str]
    to_book: bool


def aftermath(session: Session, *, at: dt.datetime) -> Aftermath:
    """What follows from a session that was missed or given up: what is free, what is missing. Two SQL queries."""
    series = series_of(session.course)
    to_book = session.course.state == CourseState.CONFIRMED and session.number in series.missing
    said = _its_time(session, at)
    if to_book:
        said += [*_missing(session, series, at), *_too_far_apart(session, series)]
    return Aftermath(said, to_book)


def _its_time(session: Session, at: dt.datetime) -> list[str]:
    """What became of the time that is left of it; nothing where others have it. One SQL query."""
    begin, until = max(session.starts_at, at), session.ends_at
    if begin >= until:
        return []
    said = {"who": session.practitioner, "room": session.room, "until": _clock(until)}
    there = Reservation.objects.there(session.practitioner, session.room, begin, until, at=at)
    held = [lapses_at for lapses_at in there if lapses_at]
    if len(held) < len(there):
        return []
    if held:
        said["until"] = _clock(max(held))
        return [_("%(who)s and %(room)s are held for the waiting list until %(until)s.") % said]
    return [_("%(who)s and %(room)s are free again until %(until)s.") % said]


def _clock(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def _missing(session: Session, series: Series, at: dt.datetime) -> list[str]:
    """When the session that is missing can be had."""
    zone = timezone.get_default_timezone()
    days = rules.days_left(session.number, series, today=timezone.localdate(at), zone=zone)
    said: dict[str, object] = {
        "number": session.number,
        "min": series.at_least,
        "max": series.at_most,
    }
    if days is None:
        return [
            _(
                "Session %(number)s is missing, and no day is left %(min)s to %(max)s days from its neighbours: "
                "move the later sessions, or a doctor books it with a reason."
            )
            % said
        ]
    said |= {"first": _day(days.first), "last": _day(days.last) if days.last else ""}
    if days.last is None:
        return [_("Session %(number)s is missing. It can be had from %(first)s on.") % said]
    return [_("Session %(number)s is missing. It can be had from %(first)s to %(last)s.") % said]


def _too_far_apart(session: Session, series: Series) -> list[str]:
    """The neighbours that are too far apart until it is booked again."""
    gap = rules.gap_without(session.number, series, timezone.get_default_timezone())
    if gap is None:
        return []
    before, after, days = gap
    said = {"before": before, "after": after, "days": days, "max": series.at_most}
    return [
        _(
            "Until it is booked, sessions %(before)s and %(after)s are %(days)s days apart; "
            "at most %(max)s are intended."
        )
        % said
    ]


def _day(day: dt.date) -> str:
    return date_format(day, "j F Y")


def exceptional(session: Session, *, at: dt.datetime) -> dict:
    """What the page of a session says of missing it and of giving it up. Four SQL queries at most."""
    if session.state == SessionState.BOOKED:
        return {"late_now": is_late(session, Clinic.current().late_cancel_hours, at)}
    if session.state not in (SessionState.MISSED, SessionState.CANCELLED):
        return {}
    goes_on = not session.course.patient.has_ended
    return {
        "may_come_after_all": goes_on and may_come_after_all(session, timezone.localdate(at)),
        "aftermath": aftermath(session, at=at),
        "broken": broken_of(session.course.patient).said,
    }
