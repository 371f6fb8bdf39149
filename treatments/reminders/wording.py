"""Which text a message is written from: the clinic's newest version, or the one that ships."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from clinic.languages import FIRST_LANGUAGE
from treatments.reminders.models import Message, Wording

SHIPPED = Path(__file__).parent / "data" / "wordings.yaml"


@dataclass(frozen=True, slots=True)
class Text:
    """What a message is written from, and in which language it turned out to be."""

    subject: str
    body: str
    language: str
    version: Wording | None = None  # None: it ships


@cache
def shipped() -> dict[tuple[str, str, str], Text]:
    """The texts that ship, by (kind, channel, language)."""
    kinds = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    return {
        (kind, channel, language): Text(text.get("subject", ""), text["body"].rstrip("\n"), language)
        for kind, channels in kinds.items()
        for channel, languages in channels.items()
        for language, text in languages.items()
    }


class Remembered:
    """`text_of` for many messages that are written together: each text is asked for once."""

    def __init__(self) -> None:
        self.texts: dict[tuple[str, str, str], Text] = {}

    def __call__(self, message: Message, language: str) -> Text:
        key = (message.kind, message.channel, language)
        if key not in self.texts:
            self.texts[key] = text_of(message, language)
        return self.texts[key]


def text_of(message: Message, language: str) -> Text:
    """The text for a message in this language; in the first language where there is none in it. One query."""
    versions = Wording.objects.filter(kind=message.kind, channel=message.channel, language=language)
    newest = versions.order_by("-number").first()
    if newest is not None:
        return Text(newest.subject, newest.body, language, newest)
    key = (message.kind, message.channel, language)
    return (
        shipped()[key] if key in shipped() or language == FIRST_LANGUAGE else text_of(message, FIRST_LANGUAGE)
    )
