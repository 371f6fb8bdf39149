"""How a text would read: filled with what a demo patient would be told."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import translation

from clinic.models import Clinic
from patients.models import Channel
from treatments.reminders import placeholders, writing
from treatments.reminders.channels.sms import Length, length
from treatments.reminders.texts.meanings import MEANINGS


@dataclass(frozen=True, slots=True)
class Preview:
    """Subject and paragraphs as they would be read; of a text message how long it is."""

    subject: str
    body: str
    length: Length | None


def preview(
    subject: str, body: str, names: Iterable[str], *, channel: str, language: str, at: dt.datetime
) -> Preview:
    """The text, which holds no faults, with samples in the place of `names`. One query."""
    clinic = Clinic.current()
    with translation.override(language):
        said = {name: writing.in_words(MEANINGS[name].sample(at, clinic)) for name in names}
        subject, body = (placeholders.filled(part, said) for part in (subject, body))
    return Preview(subject, body, length(body) if channel == Channel.SMS else None)
