"""The course that a plan leads to: how many sessions, how far apart, how long, and who says so."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contraindications.citations import Citation, parse
from treatments.catalogue import questions
from treatments.catalogue.models import Protocol
from treatments.catalogue.shelf import Shelf
from treatments.courses.picked import Picked

OWN_INTERVAL = 21  # days, where no protocol covers the plan: a start for the practitioner's own number
OWN_MARGIN = 7  # days, own: a session may be later than the practitioner's number, never earlier


@dataclass(frozen=True, slots=True)
class Run:
    """Numbers of a course, each with the words that say where it comes from."""

    protocol: Protocol | None
    sessions: int
    interval: tuple[int, int, int]  # shortest, intended, longest, in days
    minutes: int

    @property
    def sessions_said(self) -> str:
        if self.protocol is None:
            return ""
        return _("%(min)s to %(max)s") % {
            "min": self.protocol.sessions_min,
            "max": self.protocol.sessions_max,
        }

    @property
    def sessions_citations(self) -> list[Citation]:
        return _read(self.protocol.sessions_citations) if self.protocol else []

    @property
    def sessions_outside(self) -> bool:
        """More or fewer than the protocol says: allowed, and said."""
        if self.protocol is None:
            return False
        return not self.protocol.sessions_min <= self.sessions <= self.protocol.sessions_max

    @property
    def interval_said(self) -> str:
        shortest, intended, longest = self.interval
        return _("%(intended)s days apart, %(shortest)s to %(longest)s") % {
            "intended": intended,
            "shortest": shortest,
            "longest": longest,
        }

    @property
    def interval_citations(self) -> list[Citation]:
        if self.protocol is None:
            return []
        return _read([*self.protocol.interval_citations, *self.protocol.bounds_citations])

    @property
    def maintenance_said(self) -> str:
        if self.protocol is None:
            return ""
        return _("maintenance after %(first)s weeks, then every %(every)s") % {
            "first": self.protocol.maintenance_first_weeks,
            "every": self.protocol.maintenance_every_weeks,
        }

    @property
    def maintenance_citations(self) -> list[Citation]:
        return _read(self.protocol.maintenance_citations) if self.protocol else []


def run_of(shelf: Shelf, picked: Picked) -> Run | None:
    """The course that what is chosen so far leads to; None until area and technique are chosen."""
    if picked.goal is None or picked.area is None or picked.technique is None:
        return None
    protocol = questions.protocol_for(shelf.protocols, picked.area, picked.technique.family)
    used = {i.code for i in (*picked.inside(), *picked.procedure_substances)}
    steps = questions.steps(shelf.steps, picked.area, used)
    own = picked.interval or OWN_INTERVAL
    interval = (
        (protocol.interval_min, protocol.interval_target, protocol.interval_max)
        if protocol
        else (own, own, own + OWN_MARGIN)
    )
    usual = protocol.sessions_default if protocol else 1
    return Run(protocol, picked.sessions or usual, interval, sum(step.minutes for step in steps))


def _read(citations: Sequence[str]) -> list[Citation]:
    return [parse(text) for text in dict.fromkeys(citations)]
