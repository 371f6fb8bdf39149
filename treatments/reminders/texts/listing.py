"""Which texts there are, and which of them the clinic changed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from django.http import Http404

from clinic.languages import FIRST_LANGUAGE, LANGUAGES
from treatments.reminders import kinds, placeholders, wording
from treatments.reminders.models import SUBJECTS, Channel, MessageKind, Wording


@dataclass(frozen=True, slots=True)
class Place:
    """A kind of message on a channel in a language: what is worded."""

    kind: str
    channel: str
    language: str

    @property
    def labels(self) -> dict[str, str]:
        """The same in words."""
        language = dict(LANGUAGES)[self.language]
        return {
            "kind": str(MessageKind(self.kind).label),
            "channel": str(Channel(self.channel).label),
            "language": str(language),
        }

    @property
    def allowed(self) -> frozenset[str]:
        """The placeholders that its text may hold."""
        return placeholders.COMMON | kinds.KINDS[self.kind].placeholders

    @property
    def required(self) -> set[str]:
        """Those without which the message is of no use: what the shipped text says besides what every message says.

        A text message also says for whom it is: a phone number is often a family's.
        """
        own = placeholders.named(self.shipped.body) - placeholders.COMMON
        return own | {"greet"} if self.channel == Channel.SMS else own

    @property
    def shipped(self) -> wording.Text:
        """The text that ships; in the first language where it ships in no other."""
        texts = wording.shipped()
        first = texts[self.kind, self.channel, FIRST_LANGUAGE]
        return texts.get((self.kind, self.channel, self.language), first)

    def columns(self) -> dict[str, str]:
        return {"kind": self.kind, "channel": self.channel, "language": self.language}

    def versions(self) -> Any:
        """What the clinic wrote, the newest first, with who wrote it."""
        return Wording.objects.filter(**self.columns()).select_related("made_by").order_by("-number")


def place(kind: str, channel: str, language: str) -> Place:
    """What an address names; 404 if there is no such text."""
    if (kind, channel, FIRST_LANGUAGE) not in wording.shipped() or language not in languages_of(kind):
        raise Http404
    return Place(kind, channel, language)


def languages_of(kind: str) -> list[str]:
    """The languages in which a kind can go out: those of patients, or the one of staff."""
    return [FIRST_LANGUAGE] if kind in SUBJECTS["staff"] else [code for code, _name in LANGUAGES]


@dataclass(frozen=True, slots=True)
class Stands:
    """How a text stands: its newest version (None: as it ships), and its other languages that the clinic worded.

    A language that the clinic did not word goes out as it ships, in the reader's language, whatever the others say.
    """

    place: Place
    newest: Wording | None
    worded_in: list[str]

    @property
    def differs(self) -> bool:
        """Does it go out as it ships although the clinic says it otherwise in another language?"""
        return self.newest is None and bool(self.worded_in)


def stands(place: Place, versions: Mapping[Place, Wording]) -> Stands:
    """How the text of a place stands among the newest `versions` of all."""
    others = [replace(place, language=code) for code in languages_of(place.kind) if code != place.language]
    return Stands(place, versions.get(place), [one.labels["language"] for one in others if one in versions])


def newest_versions(**columns: str) -> dict[Place, Wording]:
    """The newest version of each text that the clinic worded. One query."""
    rows = Wording.objects.filter(**columns).select_related("made_by")
    newest = rows.order_by("kind", "channel", "language", "-number").distinct("kind", "channel", "language")
    return {Place(row.kind, row.channel, row.language): row for row in newest}


def groups() -> list[dict]:
    """Every kind with how its texts stand. One query."""
    versions = newest_versions()
    found = sorted(
        {(kind, channel) for kind, channel, _language in wording.shipped()}, key=lambda one: _order(*one)
    )
    places = [Place(kind, channel, code) for kind, channel in found for code in languages_of(kind)]
    return [
        {"label": MessageKind(kind).label, "texts": [stands(one, versions) for one in some]}
        for kind, some in groupby(places, key=lambda one: one.kind)
    ]


def _order(kind: str, channel: str) -> tuple[int, int]:
    return MessageKind.values.index(kind), Channel.values.index(channel)
