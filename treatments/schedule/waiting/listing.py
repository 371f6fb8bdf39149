"""What the page of the waiting list shows, as plain values."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from clinic.prepared import Prepared, asked
from treatments.schedule.models import Hold, Offer, Session, Waiting
from treatments.schedule.proposing.desk import Desk
from treatments.schedule.waiting import words as waiting_words

RUNNING = Prepared(
    lambda: Hold.objects.filter(
        ended_at=None, lapses_at__gt=asked("at"), practitioner__among=asked("people")
    ).order_by("begin")
)
LATELY = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Running:
    """A held time with the offers that can be answered, and for how many more minutes."""

    hold: Hold
    offers: list[Offer]
    minutes: int


@dataclass(frozen=True, slots=True)
class Line:
    """Who waits: for which session, when that is booked (None: it is missing), and what is wished in words.

    `query`: the wishes as an address carries them, to change them.
    """

    entry: Waiting
    session: Session | None
    wished: list[str]
    query: str


def of(at: dt.datetime) -> dict:
    """The offers that run, those settled lately, and all who wait. Four SQL queries, however many wait."""
    running = list(Offer.objects.open(at).for_page().order_by("hold__lapses_at", "hold", "pk"))
    settled = Offer.objects.filter(settled_at__gt=at - LATELY).for_page().order_by("-settled_at", "-pk")
    entries = list(Waiting.objects.standing().for_page().order_by("added_at", "pk"))
    return {
        "running": [
            _running(hold, list(offers), at) for hold, offers in groupby(running, lambda one: one.hold)
        ],
        "settled": list(settled),
        "lines": _lines(entries, timezone.localdate(at)),
    }


def patients(shown: dict) -> set[int]:
    """Whom the page names, by key."""
    offers = [*shown["settled"], *(offer for one in shown["running"] for offer in one.offers)]
    entries = [*(offer.waiting for offer in offers), *(line.entry for line in shown["lines"])]
    return {entry.course.patient_id for entry in entries}


def beside_proposals(at_desk: Desk, wished: Iterable[tuple[str, str]]) -> dict:
    """What is held of the time of those who are asked about, and where to wait with these wishes. One SQL query."""
    people = at_desk.people
    holds = RUNNING.objects(at=at_desk.asked_at, people=list(people))
    address = reverse("waiting:add", args=[at_desk.course.pk])
    return {
        "held": [waiting_words.held_said(hold, people[hold.practitioner_id]) for hold in holds],
        "waiting_query": f"{address}?{urlencode(list(wished))}",
    }


def _running(hold: Hold, offers: list[Offer], at: dt.datetime) -> Running:
    return Running(hold, offers, -(-(hold.lapses_at - at) // dt.timedelta(minutes=1)))


def _lines(entries: Iterable[Waiting], today: dt.date) -> list[Line]:
    entries = list(entries)
    courses = {entry.course_id for entry in entries}
    rows = Session.objects.booked().filter(course__in=courses) if courses else ()
    sessions = {(row.course_id, row.number): row for row in rows}
    return [
        Line(
            entry,
            sessions.get((entry.course_id, entry.number)),
            waiting_words.wished_said(entry),
            urlencode(waiting_words.pairs(entry, today)),
        )
        for entry in entries
    ]
