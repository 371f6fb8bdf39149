"""How a text would read: filled with what a demo patient would be told."""

import datetime as dt
from dataclasses import dataclass

from clinic.languages import written_in
from clinic.models import Clinic
from patients.models import Channel
from treatments.reminders import leaving, placeholders, writing
from treatments.reminders.channels.sms import Length, length
from treatments.reminders.pieces import piece
from treatments.reminders.texts.listing import Place
from treatments.reminders.texts.meanings import MEANINGS


@dataclass(frozen=True, slots=True)
class Preview:
    """Subject and paragraphs as they would be read; of a text message how long it is."""

    subject: str
    body: str
    length: Length | None


def preview(subject: str, body: str, place: Place, *, at: dt.datetime) -> Preview:
    """A text for this place, which holds no faults: filled with samples, the way out under it. One query."""
    clinic, sms = Clinic.current(), place.channel == Channel.SMS
    samples = {name: MEANINGS[name].sample(at, clinic) for name in place.allowed | {"link"}}
    with written_in(place.language):
        said = {name: writing.in_words(one, plain=sms) for name, one in samples.items()}
        subject, body = (placeholders.filled(part, said) for part in (subject, body))
        way_out = leaving.words_of(place.kind, place.channel)
        line = piece(way_out, address=said["link"]) if way_out else ""
        body = writing.with_way_out(body, line, place.channel)
    return Preview(subject, body, length(body) if sms else None)
