"""What a patient minds after a session, and until when. Source of each number: the care rule's citations.

A rule without a documented number lasts as long as the clinic says, and says so. Where two rules cover the same
behaviour the longer one wins (domain notes, K19).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

# What the documented rules cover, by the rule's code: words that tell nothing about a treatment, and so may stand in
# a letter. A rule that is not here is a behaviour of its own and is shown on the page behind the link only.
BEHAVIOURS = {
    "pool_sauna": ("pool", "sauna"),
    "solarium_sauna": ("solarium", "sauna"),
    "sun": ("sun",),
    "alcohol": ("alcohol",),
}
COVERED_TOO = {"head_massage": "massage"}  # the same behaviour under the name of its place


@dataclass(frozen=True, slots=True)
class CareRule:
    """A row of the catalogue. No areas or families: all of them. `hours` None: no document gives a number."""

    code: str
    label: str
    areas: frozenset[str]
    families: frozenset[str]
    hours: int | None
    citations: tuple[str, ...] = ()
    same_day: bool = False
    translations: Mapping[str, str] = field(default_factory=dict, hash=False)

    def said_in(self, language: str) -> str:
        """What it says in a language; in the first one where it is not worded in it, and never nothing."""
        return self.translations.get(language) or self.label

    def covers(self, areas: Collection[str], family: str) -> bool:
        """Does it hold for this technique family, and one of these areas (the area, and what it is part of)?"""
        return (not self.areas or not self.areas.isdisjoint(areas)) and (
            not self.families or family in self.families
        )

    @property
    def general(self) -> bool:
        """Said to everybody, and so it tells nothing about the treatment."""
        return not self.areas and not self.families


@dataclass(frozen=True, slots=True)
class Care:
    """A behaviour, when it is allowed again, and the rules that say so, the longest first.

    `own`: the clinic gives the number, no document does. `behaviour`: a key of `BEHAVIOURS`' words, "" for a rule that
    stands for itself.
    """

    behaviour: str
    label: str
    until: dt.datetime
    own: bool
    rules: tuple[CareRule, ...]


def lasts_until(rule: CareRule, ended_at: dt.datetime, few_days_hours: int, zone: dt.tzinfo) -> dt.datetime:
    """Until when it holds after a session that really ended at `ended_at`."""
    if rule.hours is None and rule.same_day:
        tomorrow = ended_at.astimezone(zone).date() + dt.timedelta(days=1)
        return dt.datetime.combine(tomorrow, dt.time.min, tzinfo=zone).astimezone(dt.UTC)
    return ended_at.astimezone(dt.UTC) + dt.timedelta(
        hours=rule.hours if rule.hours is not None else few_days_hours
    )


def aftercare(
    rules: Iterable[CareRule], ended_at: dt.datetime, few_days_hours: int, zone: dt.tzinfo
) -> list[Care]:
    """Each behaviour once, by the rule that lasts longest, in the order in which they are allowed again."""
    each = [(key, rule) for rule in rules for key in _keys(rule)]
    each.sort(key=lambda pair: pair[0])
    found = []
    for key, pairs in groupby(each, key=lambda pair: pair[0]):
        lasting = sorted(
            ((lasts_until(rule, ended_at, few_days_hours, zone), rule) for _key, rule in pairs),
            key=lambda one: (one[0], one[1].hours is not None),
            reverse=True,
        )
        until, longest = lasting[0]
        word = key if any(key in words for words in BEHAVIOURS.values()) else ""
        own = longest.hours is None and not longest.same_day
        found.append(Care(word, longest.label, until, own, tuple(rule for _until, rule in lasting)))
    return sorted(found, key=lambda care: (care.until, care.label))


def _keys(rule: CareRule) -> tuple[str, ...]:
    return BEHAVIOURS.get(rule.code) or (COVERED_TOO.get(rule.code, rule.code),)
