"""Whom a session would meet where it is to be, in words for everybody who books."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.versions import ChangedMeanwhile
from treatments.schedule import refusals
from treatments.schedule.actions.rehearsing import rehearse_over
from treatments.schedule.models import ReservationWhy, Session
from treatments.schedule.overlapping.meetings import Meeting, meetings
from treatments.schedule.rules import Span


@dataclass(frozen=True, slots=True)
class Encounter:
    """Another session that is met, or why else the time is taken. `may_be_squeezed`: by who is allowed to."""

    said: str
    may_be_squeezed: bool
    session: Session | None = None


def encounters(
    spans: Iterable[tuple[int, Span]], *, at: dt.datetime, but: Collection[int] = ()
) -> list[Encounter]:
    """What these (resource id, span) meet as things stand `at` a moment, each session once. Two SQL queries."""
    found = meetings(((0, *one) for one in spans), but=but, at=at)
    sessions = {one.session for one in found if one.session}
    rows = Session.objects.filter(pk__in=sessions).select_related("course__patient", "practitioner", "room")
    met = [_met(row, found) for row in rows.order_by("starts_at", "pk")]
    return met + [
        Encounter(_why(why), False) for why in sorted({one.why for one in found if not one.session})
    ]


def _met(session: Session, found: Iterable[Meeting]) -> Encounter:
    theirs = [one for one in found if one.session == session.pk]
    said = {
        "patient": session.course.patient.name,
        "from": _clock(session.starts_at),
        "until": _clock(session.ends_at),
        "who": session.practitioner,
        "room": session.room,
    }
    if any(one.of_patient for one in theirs):
        text = _("%(patient)s has another session then, %(from)s–%(until)s with %(who)s in %(room)s") % said
        return Encounter(text, False, session)
    return Encounter(_("%(patient)s, %(from)s–%(until)s with %(who)s in %(room)s") % said, True, session)


def _why(why: str) -> str:
    return {
        ReservationWhy.ABSENCE.value: _("somebody is away or the clinic is closed then"),
        ReservationWhy.CLOSED.value: _("the clinic is closed then"),
        ReservationWhy.OFFER.value: _("this time is held for the waiting list"),
    }[why]


def _clock(moment: dt.datetime) -> str:
    return f"{timezone.localtime(moment):%H:%M}"


def over_whom(deed: Callable[[], Iterable[Session]], *, by: User) -> list[Session]:
    """Over which sessions this person may do what `deed` does over others, soonest first; none where they may not."""
    if not by.may_overlap:
        return []
    try:
        met = rehearse_over(deed)
    except (refusals.SlotTaken, refusals.NotBookable, refusals.WrongTimes, ChangedMeanwhile):
        return []
    rows = Session.objects.filter(pk__in=met).select_related("course__patient", "practitioner", "room")
    return list(rows.order_by("starts_at", "pk"))
