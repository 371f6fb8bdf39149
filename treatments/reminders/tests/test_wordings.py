"""The texts that ship: they say only what their kind may say, fit into an SMS, and name nothing clinical."""

import datetime as dt

import pytest
from django.utils import translation

from patients.models import Channel
from treatments.reminders import kinds, placeholders, wording, words, writing
from treatments.reminders.channels.sms import length
from treatments.reminders.pieces import piece

TEXTS = sorted(wording.shipped().items())
NAMES = [" ".join(key) for key, _text in TEXTS]
MOMENT = dt.datetime(2026, 11, 25, 14, 30, tzinfo=dt.UTC)
# An ordinary clinic, an ordinary address and a link as long as they are.
SAID = {
    "greet": "Ana",
    "clinic": "Dermea",
    "phone": "+48 600 000 000",
    "signature": "Dermea\n1 Long Street",
    "link": "https://dermea.example/m/with/" + "x" * 43 + "/",
    "when": MOMENT,
    "until": MOMENT,
    "sessions": (MOMENT, MOMENT),
    "more": "and 4 more sessions",
    "mind": ("- Tell us about allergies",),
    "care": ("- Sauna: from Friday 27 November, 14:30",),
    "needs": ("- 3 sessions are held",),
    "total": "3",
    "list": "https://dermea.example/worklist/",
}


def said():
    with translation.override("en"):
        return {name: writing.in_words(one) for name, one in SAID.items()}


@pytest.mark.parametrize(("key", "text"), TEXTS, ids=NAMES)
def test_it_says_only_what_its_kind_may_say_and_can_be_filled(key, text):
    used = placeholders.named(text.subject) | placeholders.named(text.body)
    assert used <= kinds.PLACEHOLDERS[key[0]]
    assert "{" not in placeholders.filled(text.subject, said()) + placeholders.filled(text.body, said())


def test_every_kind_has_a_text_for_every_way_it_can_go():
    for code, kind in kinds.KINDS.items():
        for channel in ("email", "sms") if kind.topic else ("email",):
            assert (code, channel, "en") in wording.shipped()


def test_for_every_way_there_are_words_for_who_cannot_be_reached_by_it():
    assert set(words.NO_ADDRESS) == set(Channel.values)
    assert "phone number" in words.NO_ADDRESS[Channel.SMS]


def test_every_link_a_letter_promises_can_be_followed():
    for (kind, channel, _language), text in TEXTS:
        if "link" in kinds.PLACEHOLDERS[kind]:
            assert "{link}" in text.body, (kind, channel)


SMS = [(key, text) for key, text in TEXTS if key[1] == "sms" and kinds.topic_of(key[0])]


@pytest.mark.parametrize(("key", "text"), SMS, ids=[" ".join(key) for key, _text in SMS])
def test_an_sms_is_one_message_of_usual_signs_with_its_way_out(key, text):
    with translation.override(key[2]):
        told = {name: writing.in_words(one, plain=True) for name, one in SAID.items()}
        body = placeholders.filled(text.body, told | {"more": ""})
        body = writing.with_way_out(body, piece("way_out_reply"), "sms")
    assert "STOP" in body
    assert length(body).encoding == "GSM-7"
    assert length(body).parts == 1, length(body)
