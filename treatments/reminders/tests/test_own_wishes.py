"""What patients answer to recalls and which messages they want: on the pages behind links, and by the mail program."""

import datetime as dt
import email

import pytest
from django.test import Client
from django.urls import reverse

from clinic.models import Clinic
from clinic.tests.unchanged import nothing_changes
from conftest import NOW
from treatments.reminders import actions
from treatments.reminders.models import LinkPurpose, LinkToken, Message, MessageWish, RecallAnswer, Topic
from treatments.reminders.tests import letters
from treatments.reminders.tests.factories import finished_course, reminder, someone
from treatments.reminders.tests.letters import Phone

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Clinic Lipa", "phone": "+48 12 345 67 89"})


@pytest.fixture
def ana(doctor):
    return someone(doctor, name="Anna Nowak", called="Ania")


@pytest.fixture
def recall(ana, doctor):
    """A recall that was sent. Another one waits for its day."""
    course = finished_course(ana, by=doctor)
    return letters.letter(ana, "maintenance", course=course)


@pytest.fixture
def phone(recall):
    return Phone(recall, LinkPurpose.RECALL)


@pytest.fixture
def choosing(recall):
    return Phone(recall, LinkPurpose.WISHES)


def waiting(patient):
    return set(Message.objects.filter(patient=patient).exclude(state="sent").values_list("state", flat=True))


def wishes(phone, **changed):
    said = {"wanted": Topic.values, "channel": "email", "language": "en", **changed}
    return phone.post("wishes", **said)


# Recalls


@pytest.mark.parametrize(
    ("answer", "said"), [("call_me", "We will call you"), ("declined", "not remind you again")]
)
def test_a_recall_is_answered_once_however_often_it_is_pressed(phone, ana, answer, said):
    for _press in range(2):
        assert phone.post("answer", answer=answer)["Location"] == phone.url()
    row = RecallAnswer.objects.get()
    assert (row.answer, row.said_at, row.said_by) == (answer, NOW, None)
    assert said in phone.page()
    assert waiting(ana) == {"suppressed"}


def test_who_declined_may_come_after_all(phone):
    phone.post("answer", answer="declined")
    assert "I would like to come after all" in phone.page()
    phone.post("answer", answer="call_me")
    assert RecallAnswer.objects.first().answer == "call_me"


def test_who_comes_after_all_is_told_of_the_call_though_reminders_are_stopped(phone):
    for answer in ("stop", "call_me"):
        assert "We will call you to find a time" not in phone.page()
        phone.post("answer", answer=answer)
    page = phone.page()
    assert "We will call you to find a time" in page
    assert "no more reminders of your next visit" in page


def test_never_again_stops_the_topic_and_nothing_else(phone, ana):
    MessageWish.objects.create(patient=ana, topic=Topic.CARE, wanted=False, how="link", said_at=NOW - DAY)
    phone.post("answer", answer="stop")
    assert MessageWish.objects.standing(ana.pk) == {"care": False, "maintenance": False}
    assert waiting(ana) == {"suppressed"}
    assert "no more reminders of your next visit" in phone.page()


@pytest.mark.parametrize("answer", ["", "x", "call_me2"])
def test_what_is_no_answer_is_refused(phone, answer):
    assert phone.post("answer", answer=answer).status_code == 422
    assert not RecallAnswer.objects.exists()


def test_looking_at_a_recall_answers_nothing(phone, choosing):
    with nothing_changes():
        for _time in range(5):
            assert phone.get().status_code == 200
            assert choosing.get().status_code == 200
            assert phone.get("answer").status_code == 405
            assert choosing.get("wishes").status_code == phone.get("wishes").status_code == 200


def test_each_purpose_opens_its_own_pages_alone(phone, choosing, recall):
    assert choosing.post("answer", answer="declined").status_code == 404
    assert not RecallAnswer.objects.exists()


def test_the_choice_is_behind_every_link_as_a_text_message_has_no_room_for_another(phone, ana):
    assert phone.url("wishes") in phone.page()
    assert wishes(phone, wanted=["sessions"])["Location"] == phone.url("wishes") + "?kept=yes"
    assert MessageWish.objects.standing(ana.pk) == {"reminders": False, "care": False, "maintenance": False}


# Wishes


def test_a_patient_says_what_is_wanted_and_each_change_is_kept(choosing, ana):
    assert "?kept=yes" in wishes(choosing, wanted=["sessions", "reminders"])["Location"]
    rows = MessageWish.objects.values_list("topic", "wanted", "how", "said_by", "said_at").order_by("topic")
    assert list(rows) == [
        ("care", False, "link", None, NOW),
        ("maintenance", False, "link", None, NOW),
    ]
    assert waiting(ana) == {"suppressed"}
    page = choosing.page()
    assert page.count("checked") == 3  # two topics and the channel
    wishes(choosing)
    assert waiting(ana) == {"due"}
    assert MessageWish.objects.count() == 4


def test_a_text_message_only_where_there_is_a_number(choosing, ana):
    assert 'value="sms"' not in choosing.page()
    assert wishes(choosing, channel="sms").status_code == 422
    ana.phone = "+48600100200"
    ana.save(update_fields=["phone"])
    assert 'value="sms"' in choosing.page()
    assert wishes(choosing, channel="sms", language="de").status_code == 302
    ana.refresh_from_db()
    assert (ana.channel, ana.language) == ("sms", "de")


@pytest.mark.parametrize("wrong", [{"wanted": ["x"]}, {"channel": "pigeon"}, {"language": "xx"}])
def test_what_the_page_does_not_offer_is_refused(choosing, ana, wrong):
    assert wishes(choosing, **wrong).status_code == 422
    ana.refresh_from_db()
    assert not MessageWish.objects.exists()
    assert (ana.channel, ana.language) == ("email", "en")


def test_who_wants_no_reminders_at_all_is_told_so(choosing, ana):
    type(ana).objects.filter(pk=ana.pk).update(reminders=False)
    assert "only when you have asked" in choosing.page()


# The button of the mail program


def test_one_click_stops_the_topic_without_a_cookie_and_without_a_page_of_ours(recall, ana):
    address = reverse("messages:unsubscribe", args=[letters.token(recall, LinkPurpose.WISHES)])
    for _press in range(2):
        answer = Client(enforce_csrf_checks=True).post(address, ONE_CLICK)
        assert answer.status_code == 200
        assert answer["Referrer-Policy"] == "no-referrer"
    row = MessageWish.objects.get()
    assert (row.topic, row.wanted, row.how, row.said_by) == ("maintenance", False, "unsubscribe", None)
    assert waiting(ana) == {"suppressed"}


def test_who_opens_the_address_of_the_button_gets_the_page_to_choose(recall):
    address = reverse("messages:unsubscribe", args=[letters.token(recall, LinkPurpose.WISHES)])
    with nothing_changes():
        browser = Client()
        for method in (browser.get, browser.head):
            assert method(address, follow=True).status_code == 200
        assert browser.post(address).status_code == 302
    assert "Keep this" in browser.get(address, follow=True).content.decode()


@pytest.mark.parametrize("purpose", [LinkPurpose.RECALL, None])
def test_another_token_is_no_word_of_the_patient(recall, purpose):
    token = letters.token(recall, purpose) if purpose else "x" * 43
    address = reverse("messages:unsubscribe", args=[token])
    assert Client().post(address, ONE_CLICK).status_code == 404
    assert not MessageWish.objects.exists()


def test_a_letter_has_the_button_and_the_line_and_what_is_kept_opens_nothing(doctor, mailoutbox, settings):
    settings.BASE_URL = "https://clinic.example"
    message = reminder(doctor)
    assert actions.deliver(message.pk, at=message.due_at) == "sent"
    [mail] = mailoutbox
    sent = email.message_from_bytes(mail.message().as_bytes())
    address = sent["List-Unsubscribe"].strip().strip("<>")
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    token = address.removeprefix("https://clinic.example/my/unsubscribe/").rstrip("/")
    assert f"https://clinic.example/my/with/{token}/" in mail.body
    assert token in mail.alternatives[0][0]
    message.refresh_from_db()
    assert token not in message.sent_text
    assert "[personal link]" in message.sent_text
    assert LinkToken.objects.filter(purpose="wishes").by_token(token).exists()
