"""What follows from the catalogue's rows: plain values in, plain values out. No Django, no clock."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any, Literal, TypeVar

from contraindications.reading import undocumented_site

T = TypeVar("T")

# What ships

Merged = Literal["added", "updated", "same", "kept", "left out"]


def merged(
    shipped: Mapping[str, Any], last: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> Merged:
    """What becomes of a row that ships as `shipped`, shipped `last` time as that, and is `now` in the database.

    The clinic has the last word: what it changed stays as it is, what it deleted stays away.
    """
    if now is None:
        return "added" if last is None else "left out"
    if now == shipped:
        return "same"
    return "updated" if now == last else "kept"


# What patients read in other languages

LONGEST_TRANSLATION = 200  # signs; German needs a third more than English


def translation_problem(said: Any, languages: Mapping[str, object]) -> str | None:
    """What is wrong with {language: text}, or None. A language that is missing is read in English.

    `languages`: what each is called.

    >>> translation_problem({"de": "Sonnenbaden"}, {"de": "German"})
    >>> translation_problem({"de": " "}, {"de": "German"})
    'The text in German is empty.'
    """
    if not isinstance(said, Mapping):
        return "It has to be texts by language."
    for language, text in said.items():
        if language not in languages:
            return f"Patients are not written to in {language!r}."
        if not isinstance(text, str) or not text.strip():
            return f"The text in {languages[language]} is empty."
        if len(text) > LONGEST_TRANSLATION or not text.isprintable():
            return f"The text in {languages[language]} is too long, or more than a line."
    return None


def left_behind(was: str, now: str, before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    """The languages whose text still says what the words `was` said, which are others `now`.

    >>> left_behind("Sauna", "Sauna and pool", {"de": "Sauna"}, {"de": "Sauna"})
    ['de']
    """
    return [code for code, text in after.items() if was != now and before.get(code) == text]


# What the documents name together


@dataclass(frozen=True, slots=True)
class Site:
    """The area that a plan treats, and the larger one that it is part of."""

    code: str
    region: str
    parent: str | None = None

    def within(self, areas: Collection[str]) -> bool:
        """Is the area, or the one that it is part of, among `areas`?"""
        return self.code in areas or self.parent in areas


def names_area(areas: Collection[str], site: Site) -> bool:
    """Does a document name the goal of these areas for the site? One without areas is named for none in particular."""
    return not areas or site.within(areas)


def documented(
    technique: str, family: str, families: Collection[str], areas: Collection[str], site: Site
) -> bool:
    """Does a document name this technique's family for the goal (of `families` and `areas`) at this site?

    The eyelids are documented for the derma pen only (S1 L123).
    """
    named = family in families and names_area(areas, site)
    return named and undocumented_site(technique, site.code) is None


def why_suggested(
    goal: str, for_goals: Collection[str], areas: Collection[str], site: Site, *, scalp_mix: bool
) -> Literal["goal", "scalp mix"] | None:
    """Why an ingredient is suggested for a goal at a site: a document names it for the goal, or puts it into the
    scalp mixtures that it describes (S3 L29). None: no document does, and nothing is suggested.
    """
    if goal in for_goals and names_area(areas, site):
        return "goal"
    return "scalp mix" if scalp_mix and site.region == "scalp" else None


def pairs(codes: Iterable[str], says: Mapping[frozenset[str], T]) -> list[tuple[str, str, T | None]]:
    """Every pair of distinct codes with what a document says of it; None is "no data", never "compatible"."""
    return [
        (one, other, says.get(frozenset((one, other)))) for one, other in combinations(sorted(set(codes)), 2)
    ]


def outside_documented(value: Decimal, numbers: Sequence[float]) -> bool:
    """Is the value outside [low, high], or none of three or more single values? Then it is undocumented, not wrong."""
    exact = [Decimal(str(number)) for number in numbers]
    if len(exact) > 2:
        return value not in exact
    return not min(exact) <= value <= max(exact)


# How a day runs


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step as the catalogue keeps it; `areas` empty: of every area."""

    code: str
    label: str
    minutes: int | None
    minutes_by_area: Mapping[str, int]
    areas: Collection[str]
    optional: bool
    frees_practitioner: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a session. Room and patient are occupied all the time, the practitioner unless the step frees them."""

    code: str
    label: str
    minutes: int
    frees_practitioner: bool


def steps_of_day(rows: Iterable[StepRow], site: Site, substances: Collection[str]) -> tuple[Step, ...]:
    """The steps of a session at this site, in order. An optional one only if its substance is in the plan (S1 L61)."""
    return tuple(
        Step(row.code, row.label, _minutes(row, site), row.frees_practitioner)
        for row in rows
        if (not row.optional or row.code in substances) and (not row.areas or site.within(row.areas))
    )


def _minutes(row: StepRow, site: Site) -> int:
    """By area where the clinic set it so; an area without a number is given the longest, never too short a time."""
    by_area = row.minutes_by_area
    if not by_area:
        return row.minutes or 0
    for code in (site.code, site.parent):
        if code is not None and code in by_area:
            return by_area[code]
    return max(by_area.values())


# What a person may enter


def ranges_problem(ranges: Any, parameters: Collection[str]) -> str | None:
    """What is wrong with documented ranges as entered, in words; None if {parameter: [low, high] or values} it is."""
    if not isinstance(ranges, Mapping):
        return 'Enter ranges such as {"needle_length_mm": [4, 13]}.'
    for name, numbers in ranges.items():
        if name not in parameters:
            return f"{name!r} is no parameter: use {', '.join(parameters)}."
        if not isinstance(numbers, list) or len(numbers) < 2 or not all(map(_positive, numbers)):
            return f"{name}: enter the lowest and the highest, or three or more single values."
        if sorted(numbers) != numbers:
            return f"{name}: enter the lowest first."
    return None


def minutes_problem(minutes: Any, areas: Collection[str]) -> str | None:
    """What is wrong with minutes by area as entered, in words; None if {area: whole minutes} it is."""
    if not isinstance(minutes, Mapping):
        return 'Enter minutes such as {"face": 20}.'
    for area, number in minutes.items():
        if area not in areas:
            return f"{area!r} is no area."
        if type(number) is not int or not 0 < number <= 480:
            return f"{area}: enter whole minutes, 1 to 480."
    return None


def _positive(number: Any) -> bool:
    return type(number) in (int, float) and 0 < number < 1000
