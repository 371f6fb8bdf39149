"""The texts that ship: they say only what their kind may say, fit into an SMS, and name nothing clinical."""

import datetime as dt

import pytest
from django.utils import translation

from treatments.reminders import kinds, placeholders, wording, writing

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


def test_every_link_a_letter_promises_can_be_followed():
    for (kind, channel, _language), text in TEXTS:
        if "link" in kinds.PLACEHOLDERS[kind]:
            assert "{link}" in text.body, (kind, channel)


SMS = [(key, text) for key, text in TEXTS if key[1:] == ("sms", "en") and kinds.topic_of(key[0])]


@pytest.mark.parametrize(("key", "text"), SMS, ids=[key[0] for key, _text in SMS])
def test_an_sms_is_one_message_of_plain_signs(key, text):
    body = placeholders.filled(text.body, said() | {"more": ""})
    assert len(body) <= 160
    assert body.isascii()
