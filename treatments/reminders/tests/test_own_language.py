"""Everything a patient reads is in the patient's language: pages behind links, calendar files, text messages."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic
from clinic.tests.test_translations import forget_what_was_compiled
from conftest import NOW
from patients.models import Patient
from treatments.courses.tests.factories import cleared_patient
from treatments.reminders import actions
from treatments.reminders.models import LinkPurpose, LinkToken, Message
from treatments.reminders.tests import letters
from treatments.reminders.tests.factories import finished_course, reminder, someone
from treatments.reminders.tests.gateway import Gateway
from treatments.reminders.tests.letters import Phone
from treatments.schedule.feeds.files import feed_of
from treatments.schedule.ics import content
from treatments.schedule.tests import factories

pytestmark = pytest.mark.django_db
TOKEN = re.compile(r"hx-headers='[^']*'")  # against forged requests, another each time
LANG = re.compile(r'<html lang="(\w+)"')


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Lipa", "phone": "+48 12 345 67 89"})


@pytest.fixture
def sessions(doctor):
    ana = cleared_patient(by=doctor, name="Anna Nowak", called="Ania", email="ana@mail.example")
    factories.working_hours(doctor, weekdays=range(1, 8))
    return factories.booked(
        factories.confirmed_course(by=doctor, patient=ana), factories.room(), practitioner=doctor
    )


def reading(language):
    Patient.objects.update(language=language)


SAID = {
    "en": ("Hello", "Yes, I will come", "Add it to my calendar", "Tuesday 15 December 2026"),
    "de": ("Guten Tag", "Ja, ich komme", "In meinen Kalender eintragen", "Dienstag, 15. Dezember 2026"),
    "pl": ("Dzień dobry", "Tak, przyjdę", "Dodać do kalendarza", "15 grudnia 2026 (wtorek)"),
}


@pytest.mark.parametrize("language", SAID)
def test_a_session_is_read_in_the_language_of_its_patient(sessions, language):
    reading(language)
    page = Phone(letters.of_session(sessions[1])).page()
    assert LANG.search(page)[1] == language
    assert [said for said in SAID[language] if said not in page] == []
    assert [said for other in SAID if other != language for said in SAID[other] if said in page] == []


@pytest.mark.parametrize(
    ("language", "said"),
    [("de", "Das ist mehr als ein Jahr im Voraus."), ("pl", "To więcej niż rok naprzód.")],
)
def test_what_is_wrong_is_said_in_it_too(sessions, language, said):
    reading(language)
    phone = Phone(letters.of_session(sessions[1]))
    assert said in phone.get("move", sessions[1].pk, day="2029-01-01").content.decode()


def test_the_choice_of_messages_is_polish_but_names_each_language_in_its_own(doctor):
    jan = someone(doctor, name="Jan")
    phone = Phone(
        letters.letter(jan, "maintenance", course=finished_course(jan, by=doctor)), LinkPurpose.WISHES
    )
    reading("pl")
    page = phone.page()
    for said in ("Z przypomnieniem przed wizytą", "Piszemy przez", "Deutsch", "English", "Polski"):
        assert said in page
    assert "German" not in page


def test_a_recall_is_read_in_german(doctor):
    jan = someone(doctor, name="Jan")
    phone = Phone(
        letters.letter(jan, "maintenance", course=finished_course(jan, by=doctor)), LinkPurpose.RECALL
    )
    reading("de")
    assert "Es ist Zeit, an Ihren nächsten Besuch bei" in phone.page()


def test_without_compiled_words_the_page_is_english_and_says_so(sessions, settings, tmp_path):
    phone = Phone(letters.of_session(sessions[1]))
    reading("de")
    settings.LOCALE_PATHS = [tmp_path]
    forget_what_was_compiled()
    answer = phone.get()
    forget_what_was_compiled()
    assert answer.status_code == 200
    assert (answer["Content-Language"], LANG.search(answer.content.decode())[1]) == ("en", "en")
    assert "Tuesday 15 December 2026" in answer.content.decode()


def test_nobody_is_asked_to_call_where_there_is_no_phone(sessions):
    phone = Phone(letters.of_session(sessions[1]))
    assert "call us:" in phone.page()
    Clinic.objects.update(phone="")
    assert "call us:" not in phone.page()


# Who nobody knows


def gone(address, language):
    return Client().get(address, headers={"Accept-Language": language})


@pytest.mark.parametrize(
    ("asked", "language", "said"),
    [
        ("de-CH,en;q=0.5", "de", "Dieser Link öffnet zurzeit nichts."),
        ("pl", "pl", "Ten link teraz niczego nie otwiera."),
        ("fr", "en", "This link does not open anything now."),
    ],
)
def test_a_link_that_opens_nothing_speaks_the_language_of_the_browser(sessions, asked, language, said):
    phone = Phone(letters.of_session(sessions[1]))
    reading("pl")
    unknown = gone(reverse("messages:enter", args=["x" * 43]), asked)
    known = gone(phone.url(), asked)
    ended = phone.browser.get(phone.url("session", 10**6), headers={"Accept-Language": asked})
    for answer in (unknown, known, ended):
        assert (answer.status_code, answer["Content-Language"]) == (404, language)
        assert "Accept-Language" in answer["Vary"]
        assert said in answer.content.decode()
    assert len({TOKEN.sub("", answer.content.decode()) for answer in (unknown, known, ended)}) == 1


# Files for the calendar


@pytest.mark.parametrize(("language", "summary"), [("de", "Termin bei Lipa"), ("pl", "Wizyta w Lipa")])
def test_calendar_files_speak_to_the_patient_and_feeds_to_staff(sessions, doctor, language, summary):
    reading(language)
    phone = Phone(letters.of_session(sessions[1]))
    file = phone.get("calendar", sessions[1].pk).content.decode()
    assert f"SUMMARY:{summary}" in file
    assert "DESCRIPTION:Telefon: +48 12 345 67 89" in file
    assert "SUMMARY:Session 1 of 5" in content(feed_of(doctor, at=NOW)).decode()


def test_the_file_with_a_letter_is_in_the_language_of_the_letter(sessions, mailoutbox):
    reading("de")
    message = Message.objects.get(kind="booked")
    assert actions.deliver(message.pk, at=message.due_at) == "sent"
    [file] = mailoutbox[0].attachments
    assert "SUMMARY:Termin bei Lipa" in str(file[1])


# Text messages


def texted(doctor, language):
    patient = someone(doctor, name="Jan", phone="+48601234567", channel="sms", language=language)
    message = reminder(doctor, patient=patient, channel="sms")
    actions.deliver(message.pk, at=message.due_at)
    message.refresh_from_db()
    return message.sent_text


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Opt out: reply STOP"), ("de", "Abmelden mit STOP"), ("pl", "Rezygnacja: SMS STOP")],
)
def test_a_text_says_how_to_get_no_more(doctor, settings, tmp_path, language, said):
    settings.SMS_FILE_PATH = str(tmp_path)
    assert texted(doctor, language).endswith(f"\n{said}")
    assert not LinkToken.objects.filter(purpose=LinkPurpose.WISHES).exists()


def test_a_text_under_a_name_cannot_be_answered_and_has_a_link(doctor, gateway):
    assert texted(doctor, "de").endswith("\nAbmelden: [personal link]")
    [text] = gateway.texts
    address = re.search(r"Abmelden: (\S+)", text["Body"])[1]
    assert "Speichern" in Client().get(address, follow=True).content.decode()


@pytest.fixture
def gateway(settings):
    server = Gateway()
    settings.SMS_GATEWAY, settings.SMS_API = "twilio", server.address
    settings.SMS_ACCOUNT, settings.SMS_TOKEN, settings.SMS_FROM = "AC1", "secret", "LIPA"
    yield server
    server.stop()


def test_days_in_texts_do_not_make_them_cost_twice(sessions, settings, tmp_path):
    settings.SMS_FILE_PATH = str(tmp_path)
    Patient.objects.update(language="pl", channel="sms", phone="+48601234567")
    message = letters.of_session(sessions[0], channel="sms", state="due", sent_at=None)
    assert actions.deliver(message.pk, at=NOW) == "sent"
    [file] = tmp_path.iterdir()
    assert "24 listopada 2026 (wtorek), 10:00" in file.read_text()
    assert "GSM-7" in file.read_text()
