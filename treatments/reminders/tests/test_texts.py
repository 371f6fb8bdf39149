"""The clinic words its messages: placeholders, preview, versions."""

import string

import pytest
from django.db import InternalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from clinic.languages import LANGUAGES
from clinic.models import Clinic
from clinic.versions import ChangedMeanwhile
from treatments.reminders import actions, kinds, pieces, placeholders, wording
from treatments.reminders.models import Message, Wording
from treatments.reminders.tests.factories import reminder
from treatments.reminders.texts import listing, rules
from treatments.reminders.texts.meanings import MEANINGS
from treatments.reminders.texts.preview import preview

PAGE = "/messages/texts/maintenance/email/en/"
BODY = "Dear {greet},\n\ncome again.\nCall {phone}.\n{link}\n\n{signature}"
TYPED = {"seen": 0, "subject": "Time to come to {clinic}", "body": BODY}
OTHERS = ["doctor", "nurse", "front_desk", "catalogue_admin", "stranger"]
PLACES = [listing.Place(*key) for key in wording.shipped()]
HTMX = {"HX-Request": "true"}


def worded(by, at, *, seen=0, body=BODY, kind="maintenance", channel="email", language="en"):
    subject = TYPED["subject"] if channel == "email" else ""
    return actions.reword(kind, channel, language, subject=subject, body=body, seen=seen, by=by, at=at)


# The rules


@given(st.text(alphabet="ab{}_ \n"))
def test_a_text_without_faults_can_be_filled_and_keeps_every_other_letter(text):
    said = dict.fromkeys(placeholders.named(text), "x")
    if not rules.faults(text, allowed=said.keys()):
        filled = placeholders.filled(text, said)
        assert "{" not in filled
        assert "}" not in filled
        assert len(filled.split("\n")) == len(text.split("\n"))


@given(said=st.text(alphabet=string.printable))
def test_what_is_put_in_is_never_looked_at_again(said):
    said = said.replace("\n", " ").replace("\r", " ") or "-"
    assert placeholders.filled("<{greet}>", {"greet": said, "clinic": "no"}) == f"<{said}>"


@pytest.mark.parametrize(
    "text",
    [
        "{greet.__class__}",
        "{{ greet }}",
        "{% load x %}",
        "{greet!r}",
        "{0}",
        "{}",
        "{",
        "}",
        "{password}",
        "{greet:>9}",
    ],
)
def test_nothing_but_the_fixed_placeholders_is_let_in(text):
    assert rules.faults(text, allowed={"greet"})


@pytest.mark.parametrize("place", PLACES, ids=lambda place: "-".join(place.columns().values()))
def test_every_text_that_ships_is_right_and_can_be_previewed(place, at, db):
    text = place.shipped
    assert not rules.faults(text.body, allowed=place.allowed, required=place.required)
    assert not rules.faults(text.subject, allowed=place.allowed - {"link"})
    shown = preview(text.subject, text.body, place, at=at)
    assert "{" not in shown.body + shown.subject
    assert "Ana" in shown.body  # the clinic of this test has no phone: no text may depend on one


def test_every_placeholder_is_explained():
    for kind in kinds.KINDS.values():
        assert (placeholders.COMMON | kind.placeholders) <= MEANINGS.keys(), kind.code


def test_every_text_ships_in_every_language():
    for kind, channel, _language in wording.shipped():
        for code in listing.languages_of(kind):
            assert (kind, channel, code) in wording.shipped()
    assert {frozenset(texts) for texts in pieces.shipped().values()} == {frozenset(dict(LANGUAGES))}


# What is sent


def test_a_german_letter_is_german_from_the_first_line_to_the_last(doctor, at, mailoutbox):
    message = reminder(doctor, at=at)
    type(message.patient).objects.filter(pk=message.patient_id).update(language="de", called="Ana")
    actions.deliver(message.pk, at=message.due_at)
    [letter] = mailoutbox
    assert letter.subject.startswith("Eine Erinnerung von ")
    assert letter.body.startswith("Guten Tag Ana,")
    assert "Welche Nachrichten möchten Sie von uns?" in letter.body
    assert 'lang="de"' in letter.alternatives[0].content
    for english in ("Hello", "Which", "call us", "message"):
        assert english not in letter.body


def test_messages_are_written_from_the_newest_version_and_say_which(doctor, clinic_admin, at, mailoutbox):
    worded(clinic_admin, at)
    newest = worded(clinic_admin, at, seen=1, body="Second thoughts, {greet}.")
    message = reminder(doctor, at=at)
    actions.deliver(message.pk, at=message.due_at)
    message.refresh_from_db()
    assert message.sent_text.startswith(f"Second thoughts, {message.patient.greeted}.")
    assert mailoutbox[0].body.startswith(f"Second thoughts, {message.patient.greeted}.")
    assert message.wording == newest
    worded(clinic_admin, at, seen=2, body="Third, {greet}.")
    message.refresh_from_db()
    assert message.sent_text.startswith("Second")


def test_what_ships_is_sent_until_the_clinic_words_it(doctor, at, mailoutbox):
    message = reminder(doctor, at=at)
    actions.deliver(message.pk, at=message.due_at)
    message.refresh_from_db()
    assert (message.wording, message.sent_subject) == (None, f"A reminder from {Clinic.current().name}")


def test_a_language_without_a_text_of_its_own_reads_the_first(doctor, clinic_admin, at, mailoutbox):
    message = reminder(doctor, at=at)
    type(message.patient).objects.filter(pk=message.patient_id).update(language="pl")
    worded(clinic_admin, at, language="pl", body="Dzień dobry {greet}")
    actions.deliver(message.pk, at=message.due_at)
    assert mailoutbox[0].body.startswith(f"Dzień dobry {message.patient.greeted}")
    assert Message.objects.get(pk=message.pk).language == "pl"


def test_versions_cannot_be_changed_or_deleted(clinic_admin, at):
    row = worded(clinic_admin, at)
    for change in (lambda: Wording.objects.update(body="forged"), row.delete):
        with pytest.raises(InternalError, match="wordings_are_kept"), transaction.atomic():
            change()
    assert Wording.objects.get().body == BODY


def test_two_who_word_it_at_once_do_not_write_over_each_other(clinic_admin, at):
    first = worded(clinic_admin, at)
    with pytest.raises(ChangedMeanwhile) as raised:
        worded(clinic_admin, at, body="Mine")
    assert (raised.value.row, Wording.objects.get()) == (first, first)


# The pages


def test_the_list_shows_every_kind_in_few_queries(as_, clinic_admin, at):
    browser = as_(clinic_admin)
    browser.get("/messages/texts/")
    with CaptureQueriesContext(connection) as few:
        page = browser.get("/messages/texts/")
    for kind in kinds.KINDS.values():
        assert f"/messages/texts/{kind.code}/email/en/" in page.text
    for code, _name in LANGUAGES:
        worded(clinic_admin, at, language=code)
    with CaptureQueriesContext(connection) as more:
        assert "version 1" in browser.get("/messages/texts/").text
    assert len(few) == len(more)


def test_who_reads_german_gets_the_german_that_ships_and_the_admin_is_told(as_, clinic_admin, doctor, at):
    worded(clinic_admin, at)
    message = reminder(doctor, at=at)
    text = wording.text_of(message, "de")
    assert (text.language, text.version, text.body) == ("de", None, wording.shipped()[text_key("de")].body)
    browser = as_(clinic_admin)
    assert browser.get("/messages/texts/").text.count("as it ships; worded by the clinic in English") == 2
    assert (
        "The clinic worded this in English. Who reads German gets the text"
        in browser.get(text_page("de")).text
    )
    worded(clinic_admin, at, language="de")
    assert (
        browser.get("/messages/texts/").text.count("as it ships; worded by the clinic in English, German")
        == 1
    )
    assert "The clinic worded this" not in browser.get(text_page("de")).text


def text_key(language):
    return ("maintenance", "email", language)


def text_page(language):
    return PAGE.replace("/en/", f"/{language}/")


@pytest.mark.parametrize(("language", "said"), [("de", "Guten Tag Ana,"), ("pl", "Dzień dobry Ana,")])
def test_the_preview_of_each_language_is_a_step_away_and_shows_the_way_out(as_, clinic_admin, language, said):
    assert f'href="{text_page(language)}"' in as_(clinic_admin).get(PAGE).text
    assert said in as_(clinic_admin).get(text_page(language)).text
    sms = as_(clinic_admin).get(text_page(language).replace("email", "sms")).text
    assert "One text message" in sms
    assert "STOP" in sms


def test_the_clinic_changes_a_text(as_, clinic_admin):
    page = as_(clinic_admin).post(PAGE, TYPED, follow=True)
    row = Wording.objects.get()
    assert (row.number, row.subject, row.body, row.made_by) == (1, TYPED["subject"], BODY, clinic_admin)
    assert "Saved." in page.text
    assert "Version 1" in page.text


@pytest.mark.parametrize(
    "typed",
    [
        {"body": "Hello {greet.__init__}"},
        {"body": "Hello {{greet}}"},
        {"body": "Hello {when}"},
        {"body": " \n "},
        {"body": "x" * 4001},
        {"subject": "{link}"},
        {"subject": ""},
        {"subject": "x" * 121},
        {"seen": "-1"},
        {"seen": "9" * 30},
    ],
)
def test_what_is_wrong_is_said_kept_in_the_form_and_not_saved(as_, clinic_admin, typed):
    page = as_(clinic_admin).post(PAGE, TYPED | typed)
    assert page.status_code == 422
    assert not Wording.objects.exists()


def test_something_is_left_where_the_clinic_has_no_phone(as_, clinic_admin):
    page = as_(clinic_admin).post(PAGE, TYPED | {"body": "Hello {greet}, call {phone}.\n{link}"})
    assert page.status_code == 422
    assert "Nothing would be left where {phone} is empty" in page.text


def test_a_link_that_the_message_lives_by_has_to_stay(as_, clinic_admin):
    page = as_(clinic_admin).post("/messages/texts/offer/email/en/", TYPED | {"body": "Hello {greet}"})
    assert page.status_code == 422
    assert "{link} has to be in it" in page.text


def test_a_text_message_says_for_whom_it_is(as_, clinic_admin):
    page = as_(clinic_admin).post("/messages/texts/maintenance/sms/en/", {"seen": 0, "body": "Come again."})
    assert page.status_code == 422
    assert "{greet} has to be in it" in page.text


def test_the_preview_saves_nothing(as_, clinic_admin):
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Derma", "phone": ""})
    browser = as_(clinic_admin)
    page = browser.post(PAGE, TYPED | {"preview": "1"})
    part = browser.post(PAGE, TYPED | {"preview": "1"}, headers=HTMX)
    for shown in (page, part):
        assert shown.status_code == 200
        assert "Dear Ana," in shown.text
        assert "Time to come to Derma" in shown.text
    assert "<html" not in part.text
    assert "Call ." not in part.text
    wrong = browser.post(PAGE, TYPED | {"preview": "1", "body": "{nonsense}"}, headers=HTMX)
    assert (wrong.status_code, Wording.objects.exists()) == (422, False)
    assert "There is no placeholder {nonsense} here." in wrong.text


def test_who_saves_second_sees_both_and_saves_with_open_eyes(as_, clinic_admin, at):
    worded(clinic_admin, at, body="Theirs, {greet}\n{link}")
    browser = as_(clinic_admin)
    page = browser.post(PAGE, TYPED | {"body": "Mine, {greet}\n{link}"})
    assert page.status_code == 409
    assert "Theirs, {greet}" in page.text
    assert "Mine, {greet}" in page.text
    assert Wording.objects.count() == 1
    browser.post(
        PAGE, TYPED | {"body": "Mine, {greet}\n{link}", "seen": page.context["form"]["seen"].value()}
    )
    assert list(Wording.objects.values_list("number", "body")) == [
        (2, "Mine, {greet}\n{link}"),
        (1, "Theirs, {greet}\n{link}"),
    ]


def test_a_save_that_is_pressed_twice_is_one_version(as_, clinic_admin):
    browser = as_(clinic_admin)
    assert [browser.post(PAGE, TYPED).status_code for _press in range(2)] == [302, 302]
    assert Wording.objects.get().number == 1


def test_who_saw_a_version_that_is_not_there_is_told_so_and_may_go_on(as_, clinic_admin):
    browser = as_(clinic_admin)
    page = browser.post(PAGE, TYPED | {"seen": "5"})
    assert (page.status_code, Wording.objects.exists()) == (409, False)
    assert "This text is as it ships" in page.text
    assert browser.post(PAGE, TYPED | {"seen": page.context["form"]["seen"].value()}).status_code == 302
    assert Wording.objects.get().number == 1


def test_an_old_version_and_the_shipped_text_can_be_taken_up_again(as_, clinic_admin, at):
    worded(clinic_admin, at, body="The first, {greet}")
    worded(clinic_admin, at, seen=1)
    browser = as_(clinic_admin)
    assert "The first, {greet}" in browser.get(PAGE, {"from": "1"}).text
    assert browser.get(PAGE, {"from": "1"}).context["form"]["seen"].value() == 2
    assert "it is time to think about" in browser.get(PAGE, {"from": "shipped"}).text
    assert browser.get(PAGE, {"from": "99"}).status_code == 404


@pytest.mark.parametrize("who", OTHERS)
def test_nobody_else_words_messages(as_, request, who):
    browser = as_(request.getfixturevalue(who))
    assert browser.get("/messages/texts/").status_code == 403
    assert browser.get(PAGE).status_code == browser.post(PAGE, TYPED).status_code == 403
    assert not Wording.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "pigeon/email/en/",
        "maintenance/pigeon/en/",
        "maintenance/email/xx/",
        "today/sms/en/",
        "today/email/de/",
    ],
)
def test_texts_that_are_not_there(as_, clinic_admin, path):
    assert as_(clinic_admin).get(f"/messages/texts/{path}").status_code == 404


def test_wrong_methods(as_, clinic_admin):
    browser = as_(clinic_admin)
    assert browser.post("/messages/texts/").status_code == 405
    assert browser.put(PAGE).status_code == browser.delete(PAGE).status_code == 405
