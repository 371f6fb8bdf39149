"""Letters are written: the text of the kind, filled with what this one says.

Nothing clinical is in a letter: who is greeted, which clinic writes, when, and a link.
"""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.html import escape

from clinic import moments
from clinic.languages import FIRST_LANGUAGE, written_in
from clinic.models import Clinic
from treatments.reminders import kinds, links, placeholders, wording, words
from treatments.reminders.channels import Letter, sms
from treatments.reminders.channels.email import one_line
from treatments.reminders.leaving import way_out
from treatments.reminders.models import Channel, Message

LINK = re.compile(r"(https?://[^\s<>\"]+)")


@dataclass(frozen=True, slots=True)
class Written:
    """A letter, and what is kept of it: the same text with words where a secret stood."""

    letter: Letter
    kept_text: str
    text: wording.Text


def write(
    message: Message,
    values: kinds.Values,
    clinic: Clinic,
    *,
    at: dt.datetime,
    text_of: Callable[[Message, str], wording.Text] = wording.text_of,
) -> Written:
    """Write a message to whom it goes. Raises LinkDead or OfferGone when its link cannot be minted any more."""
    text = text_of(message, language_of(message))
    address, out = address_of(message, values, at=at), way_out(message, at=at)
    with written_in(text.language):
        said = said_by(message, values, clinic, address)
        subject, body = (placeholders.filled(part, said) for part in (text.subject, text.body))
        body = with_way_out(body, out.line, message.channel)
    letter = Letter(
        to=to(message),
        text=body,
        message_id=message.message_id,
        subject=one_line(subject),
        html=html(subject, body, text.language) if message.channel == Channel.EMAIL else "",
        sender=clinic.name,
        reply_to=clinic.email,
        headers=out.headers,
        attachments=values.attachments,
    )
    return Written(letter, without(body, address, out.address), text)


def with_way_out(body: str, line: str, channel: str) -> str:
    """The text and the line under it; in a text message each sign counts."""
    return ("\n" if channel == Channel.SMS else "\n\n").join(filter(None, [body, line]))


def without(body: str, *secrets: str) -> str:
    """The text with words where a secret stood: what is kept of a letter opens nothing."""
    for secret in filter(None, secrets):
        body = body.replace(secret, str(words.PERSONAL_LINK))
    return body


def to(message: Message) -> str:
    """Where a message goes; "" if nobody knows."""
    if message.channel == Channel.SMS:
        return str(message.patient.phone or "") if message.patient else ""
    person = message.patient or message.staff
    return person.email if person else ""


def language_of(message: Message) -> str:
    """The language that its reader chose."""
    return message.patient.language if message.patient else FIRST_LANGUAGE


def address_of(message: Message, values: kinds.Values, *, at: dt.datetime) -> str:
    """Where the personal link of this attempt leads, "" for a message without one. Raises LinkDead, OfferGone."""
    if values.purpose is None:
        return kinds.KINDS[message.kind].address(message, at)
    token = links.mint(message, values.purpose, until=values.link_until, at=at)
    return settings.BASE_URL + reverse("messages:enter", args=[token])


def said_by(message: Message, values: kinds.Values, clinic: Clinic, address: str) -> dict[str, str]:
    """What stands for each placeholder, in the language that is active."""
    person = message.patient
    name = person.greeted if person else message.staff.name  # type: ignore[union-attr]
    common = {
        "greet": one_line(name),
        "clinic": one_line(clinic.name),
        "phone": one_line(clinic.phone),
        "signature": "\n".join(filter(None, [clinic.name, clinic.address])),
        "link": address,
    }
    plain = message.channel == Channel.SMS
    return common | {key: in_words(one, plain=plain) for key, one in values.said.items()}


def in_words(one: kinds.Said, *, plain: bool = False) -> str:
    """Words, or a moment on the clinic's wall, in the language that is active; of several each on its line.

    `plain`: days are written without marks, one of which would make a text message cost twice.
    """
    if isinstance(one, tuple):
        return "\n".join(in_words(each, plain=plain) for each in one)
    if isinstance(one, dt.date):
        said = moments.at(one) if isinstance(one, dt.datetime) else moments.on(one)
        return sms.plain(said) if plain else said
    return str(one)


def html(subject: str, body: str, language: str) -> str:
    """The same text as a page: paragraphs, lines, and links that can be followed.

    Put together here: a template takes longer for it than the mail server for the letter.
    """
    parts = [part for part in re.split(r"\n{2,}", body) if part.strip()]
    paragraphs = "".join(f"<p>{'<br>'.join(map(_linked, part.split(chr(10))))}</p>\n" for part in parts)
    head = (
        f'<meta charset="utf-8"><meta name="referrer" content="no-referrer"><title>{escape(subject)}</title>'
    )
    narrow = '<meta name="viewport" content="width=device-width">'
    return (
        f'<!doctype html>\n<html lang="{escape(language)}">\n<head>{head}{narrow}</head>\n'
        f"<body>\n{paragraphs}</body>\n</html>\n"
    )


def _linked(line: str) -> str:
    """A line as HTML, with its addresses as links."""
    parts = [escape(part) for part in LINK.split(line)]
    return "".join(f'<a href="{part}">{part}</a>' if n % 2 else part for n, part in enumerate(parts))
