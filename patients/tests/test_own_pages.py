"""The interview by the patient, through its door: one cookie, one purpose, one report."""

import datetime as dt
import io
import logging
import re

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.urls import reverse

from clinic.logs import WithoutSecrets
from clinic.models import AccessLog, Clinic
from clinic.tests.test_access import DOORS
from clinic.tests.unchanged import digests, nothing_changes
from conftest import NOW
from patients import actions, steps, visitors
from patients.models import InterviewLink, Report
from patients.tests.factories import interview, patient
from patients.tests.fixtures import facts

__all__ = ["facts"]

pytestmark = pytest.mark.usefixtures("on_the_day")

BORN = dt.date(1989, 5, 2)
BORN_TYPED = {"day": "2", "month": "05", "year": "1989"}
WRONG_TYPED = BORN_TYPED | {"day": "3"}
HERE = "/interview/"
REVIEW = "/interview/review/"
DEAD = "This link does not work any more."
PAYLOADS = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "</textarea><svg onload=1>",
]


@pytest.fixture
def ana(facts, front_desk):
    return patient(by=front_desk, name="Anna Maria Wiśniewska", birth_date=BORN, email="ana@mail.example")


@pytest.fixture
def made(ana, front_desk):
    """A link and its token."""
    return actions.show_code(ana, by=front_desk, at=NOW)


@pytest.fixture
def phone(made):
    """A phone that has opened the link."""
    browser = Client()
    browser.get(door(made[1]))
    return browser


@pytest.fixture
def inside(phone):
    """A phone on which the date of birth was given."""
    phone.post(HERE, BORN_TYPED)
    return phone


def door(token):
    return f"/interview/with/{token}/"


def part(number):
    return f"/interview/part/{number}/"


def typed(one, **changes):
    """The form of a part as a browser sends it: everything "no", no allergies known."""
    said = {f"answer.{fact.code}": "no" for fact in one.facts}
    return said | ({"allergies": "none"} if one.allergies else {}) | changes


def answer_all(browser, person):
    for one in steps.steps(person):
        browser.post(part(one.number), typed(one))


def sign(browser, name="Anna"):
    """Sign the answers as the page of the review shows them."""
    seen = re.search(r'name="seen" value="(\d+)"', browser.get(REVIEW).text)[1]
    return browser.post(REVIEW, {"signature": name, "seen": seen})


def is_dead(answer):
    return answer.status_code == 404 and DEAD in answer.text and answer["Referrer-Policy"] == "no-referrer"


# Opening


def test_a_link_leads_to_a_clean_address_with_a_cookie_of_the_interview_alone(made):
    answer = Client().get(door(made[1]))
    assert (answer.status_code, answer["Location"]) == (302, HERE)
    assert answer["Referrer-Policy"] == "no-referrer"
    assert "no-store" in answer["Cache-Control"]
    cookie = answer.cookies[visitors.COOKIE.key]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/interview/", True, "Lax")
    assert made[1] not in cookie.value


def test_scanners_open_the_link_again_and_again_and_it_still_works(made, ana):
    with nothing_changes():
        for _visit in range(5):
            scanner = Client()
            scanner.get(door(made[1]), follow=True)
            scanner.head(door(made[1]), follow=True)
    phone = Client()
    phone.get(door(made[1]))
    assert phone.post(HERE, BORN_TYPED, follow=True).status_code == 200
    assert InterviewLink.objects.get().opened_at == NOW


def test_every_link_that_opens_nothing_answers_the_same(made, ana, front_desk):
    good = made[1]
    revoked, taken_back = actions.show_code(ana, by=front_desk, at=NOW)
    actions.revoke_link(revoked, by=front_desk, at=NOW)
    closed, guessed = actions.show_code(ana, by=front_desk, at=NOW)
    InterviewLink.objects.filter(pk=closed.pk).update(tries=5)
    _old, run_out = actions.show_code(ana, by=front_desk, at=NOW - dt.timedelta(days=7))
    bad = [taken_back, guessed, run_out, good[:-1], good.swapcase(), good + "a", "x", "%20", "ż" * 500]
    answers = [Client().get(door(token)) for token in bad]
    assert all(is_dead(answer) for answer in answers)
    said = {re.sub(r'CSRFToken": "\w+', "", answer.text) for answer in answers}
    assert len(said) == 1
    assert not any(answer.cookies.get(visitors.COOKIE.key) for answer in answers)


def test_a_used_link_answers_as_if_it_had_never_been(inside, ana, made):
    answer_all(inside, ana)
    sign(inside)
    assert is_dead(Client().get(door(made[1])))


def test_who_guesses_tokens_is_slowed_down_and_a_good_link_still_opens(made):
    answers = [Client().get(door("x")).status_code for _guess in range(11)]
    assert answers == [404] * 10 + [429]
    assert Client().get(door(made[1])).status_code == 302


@pytest.mark.parametrize("cookie", ["", "x", "a:b:c", "eyJsaW5rIjoxfQ:1:x"])
def test_a_cookie_that_we_did_not_sign_is_nobody(made, cookie):
    browser = Client()
    browser.cookies[visitors.COOKIE.key] = cookie
    for address in (HERE, part(1), REVIEW):
        assert is_dead(browser.get(address))
        assert is_dead(browser.post(address))


@pytest.mark.parametrize("address", [part(1), part(99), REVIEW])
def test_before_the_date_of_birth_there_are_no_questions(phone, address):
    for answer in (phone.get(address), phone.post(address, {"signature": "x", "answer.herpes": "no"})):
        assert (answer.status_code, answer["Location"]) == (302, HERE)
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("post", "/interview/with/x/", 405),
        ("put", HERE, 405),
        ("get", "/interview/leave/", 405),
        ("put", REVIEW, 405),
    ],
)
def test_the_wrong_method_is_refused(inside, method, address, status):
    assert getattr(inside, method)(address).status_code == status


@pytest.mark.parametrize("address", [part(0), part(99), part(10**17)])
def test_a_part_that_is_not_there_leads_to_the_beginning(inside, address):
    assert inside.get(address)["Location"] == HERE
    assert inside.post(address)["Location"] == HERE


# The date of birth


def test_before_the_date_of_birth_nothing_of_the_record_is_shown(phone, ana):
    page = phone.get(HERE)
    assert page.status_code == 200
    assert not {"Anna", "Wiśniewska", "1989", "mail.example"} & set(re.findall(r"[\w.]+", page.text))


def test_the_right_date_makes_another_cookie_and_greets_by_the_first_name_alone(phone, ana):
    before = phone.cookies[visitors.COOKIE.key].value
    answer = phone.post(HERE, BORN_TYPED)
    assert (answer.status_code, answer["Location"]) == (302, HERE)
    assert phone.cookies[visitors.COOKIE.key].value != before
    page = phone.get(HERE).text
    assert "Anna" in page
    assert not any(known in page for known in ("Maria", "Wiśniewska", "1989", "mail.example"))


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"day": "31", "month": "2", "year": "1989"},
        {"day": "x", "month": "5", "year": "1989"},
        {"day": "2", "month": "5", "year": "9" * 40},
        {"day": "-2", "month": "5", "year": "1989"},
    ],
)
def test_what_is_no_date_is_not_a_try(phone, said):
    answer = phone.post(HERE, said)
    assert answer.status_code == 422
    assert "Write the day, the month and the year" in answer.text
    assert InterviewLink.objects.get().tries == 0


def test_wrong_dates_are_counted_in_words_and_the_fifth_closes_the_link(phone, made, caplog):
    answers = [phone.post(HERE, WRONG_TYPED) for _try in range(5)]
    assert [answer.status_code for answer in answers] == [422] * 4 + [404]
    assert "4 more tries" in answers[0].text
    assert "One more try" in answers[3].text
    assert is_dead(answers[4])
    assert is_dead(phone.post(HERE, BORN_TYPED))
    assert is_dead(Client().get(door(made[1])))
    assert caplog.text.count("wrong date of birth") == 5


def test_the_tries_of_two_devices_are_counted_together(phone, made):
    other = Client()
    other.get(door(made[1]))
    for browser in (phone, other, phone, other):
        browser.post(HERE, WRONG_TYPED)
    assert is_dead(phone.post(HERE, WRONG_TYPED))
    assert is_dead(other.post(HERE, BORN_TYPED))


def test_from_one_address_only_so_many_dates_a_minute(facts, front_desk):
    phones = []
    for _patient in range(3):
        _link, token = actions.show_code(patient(by=front_desk, birth_date=BORN), by=front_desk, at=NOW)
        phones.append(Client())
        phones[-1].get(door(token))
    said = [browser.post(HERE, WRONG_TYPED).status_code for browser in phones for _try in range(4)]
    assert said == [422] * 10 + [429] * 2


def test_after_half_an_hour_the_date_of_birth_is_asked_again_and_the_answers_are_there(inside):
    inside.post(part(1), {"answer.pregnancy": "no"})
    with time_machine.travel(NOW + dt.timedelta(minutes=31), tick=False):
        assert inside.get(part(1))["Location"] == HERE
        assert "When were you born?" in inside.get(HERE).text
        assert inside.post(part(1), {}, headers={"HX-Request": "true"})["HX-Redirect"] == HERE
        inside.post(HERE, BORN_TYPED)
        assert 'value="no" checked' in inside.get(part(1)).text


def test_who_goes_on_answering_is_not_asked_again(inside):
    for minutes in (20, 40, 60):
        with time_machine.travel(NOW + dt.timedelta(minutes=minutes), tick=False):
            assert inside.get(part(1)).status_code == 200


@pytest.mark.parametrize("ends", ["revoked", "expired"])
def test_a_link_that_ends_meanwhile_ends_at_once(inside, made, front_desk, ends):
    later = NOW
    if ends == "revoked":
        actions.revoke_link(made[0], by=front_desk, at=NOW)
    else:
        InterviewLink.objects.update(expires_at=NOW)
    with time_machine.travel(later, tick=False):
        for answer in (inside.get(HERE), inside.get(part(1)), inside.post(part(1), {}), inside.post(REVIEW)):
            assert is_dead(answer)
        assert inside.post(part(1), {}, headers={"HX-Request": "true"})["HX-Redirect"] == HERE
    assert not Report.objects.exists()


# Nothing else


def test_the_cookie_opens_the_interview_and_nothing_else(inside, ana):
    for one in DOORS:
        if not one.name.startswith("interview:"):
            address = one.address.replace(str(10**17), str(ana.pk))
            assert inside.get(address).status_code == Client().get(address).status_code, address
    inside.cookies["session"] = inside.cookies[visitors.COOKIE.key].value
    assert "/login/" in inside.get(f"/patients/{ana.pk}/")["Location"]


def test_what_the_clinic_knows_is_not_filled_in(inside, ana, nurse):
    interview(ana, by=nurse, answers={"herpes": "current"}, allergies=["kiwi fruit"])
    pages = "".join(inside.get(part(one.number)).text for one in steps.steps(ana)) + inside.get(REVIEW).text
    assert " checked" not in pages
    assert "kiwi" not in pages
    assert "Last time" not in pages


def test_staff_who_open_a_link_see_no_way_into_the_house_from_it(made, nurse, as_):
    browser = as_(nurse)
    page = browser.get(door(made[1]), follow=True)
    assert page.status_code == 200
    assert "rail" not in page.text
    assert not re.search(r'href="/(?!interview/|static/)', page.text)


# Answering


def test_every_question_is_asked_one_group_at_a_time(inside, ana):
    parts = steps.steps(ana)
    pages = [inside.get(part(one.number)).text for one in parts]
    assert sum(page.count('class="q') for page in pages) == 45
    assert f"Part 1 of {len(parts)}" in pages[0]
    assert [("None known" in page) for page in pages].count(True) == 1


def test_going_on_keeps_and_leads_to_the_next_part(inside, ana):
    one = steps.steps(ana)[0]
    answer = inside.post(part(1), typed(one))
    assert (answer.status_code, answer["Location"]) == (302, part(2))
    assert set(Report.objects.get().answers) == {"pregnancy", "breastfeeding"}


@pytest.mark.parametrize(
    ("at_part", "go", "leads_to"), [(1, "back", HERE), (2, "back", part(1)), (2, "review", REVIEW)]
)
def test_every_way_out_of_a_part_keeps_what_was_answered(inside, ana, at_part, go, leads_to):
    one = steps.steps(ana)[at_part - 1]
    assert inside.post(part(at_part), typed(one, go=go))["Location"] == leads_to
    assert len(Report.objects.get().answers) == len(one.facts)


def test_after_the_last_part_comes_the_review(inside, ana):
    last = steps.steps(ana)[-1]
    assert inside.post(part(last.number), typed(last))["Location"] == REVIEW


def test_it_keeps_itself_and_says_so(inside):
    answer = inside.post(part(1), {"answer.pregnancy": "no"}, headers={"HX-Request": "true"})
    assert "Kept 09:30" in answer.text
    assert Report.objects.get().answers["pregnancy"]["state"] == "no"


def test_an_answer_that_cannot_be_is_said_beside_it_and_not_kept(inside):
    answer = inside.post(part(1), {"answer.pregnancy": "ended", "answer.breastfeeding": "no"})
    assert answer.status_code == 422
    assert "Say when it ended" in answer.text
    assert set(Report.objects.get().answers) == {"breastfeeding"}


def test_left_and_gone_on_with_on_another_device(inside, made, ana):
    inside.post(part(1), {"answer.pregnancy": "unsure"})
    assert "Your answers so far are kept" in inside.post("/interview/leave/").text
    assert is_dead(inside.get(HERE))
    other = Client()
    other.get(door(made[1]))
    other.post(HERE, BORN_TYPED)
    assert "Your answers so far are kept" in other.get(HERE).text
    assert 'value="unsure" checked' in other.get(part(1)).text


@pytest.mark.parametrize("text", ["\x00", "a" * 100_000, "‮evil", "😀" * 60, *PAYLOADS])
def test_whatever_is_typed_is_no_fault_of_ours(inside, ana, text):
    one = next(one for one in steps.steps(ana) if one.allergies)
    said = {"allergies": "some", "text": text, "substance": text, f"answer.{one.facts[0].code}": text}
    for address, form in [
        (part(one.number), said),
        (HERE, dict.fromkeys(BORN_TYPED, text)),
        (REVIEW, {"signature": text}),
    ]:
        assert inside.post(address, form).status_code in {302, 400, 422}


# Signing


def test_a_blank_form_cannot_be_signed_and_says_what_is_missing(inside):
    page = inside.get(REVIEW).text
    assert "45 questions are not answered" in page
    assert "Sign and send" not in page
    before = digests()
    answer = inside.post(REVIEW, {"signature": "Anna"})
    assert (answer.status_code, digests()) == (422, before)
    assert f'href="{part(1)}#q-pregnancy"' in answer.text


def test_one_question_left_out_is_named_with_the_way_to_it(inside, ana):
    answer_all(inside, ana)
    one = next(one for one in steps.steps(ana) if "herpes" in one.codes)
    inside.post(part(one.number), {k: v for k, v in typed(one).items() if k != "answer.herpes"})
    answer = inside.post(REVIEW, {"signature": "Anna"})
    assert answer.status_code == 422
    assert "1 question is not answered" in answer.text
    assert f"{part(one.number)}#q-herpes" in answer.text
    assert Report.objects.get().submitted_at is None


@pytest.mark.parametrize("name", ["", "   ", "\u200b", "x" * 201])
def test_without_a_name_nothing_is_signed(inside, ana, name):
    answer_all(inside, ana)
    assert inside.post(REVIEW, {"signature": name}).status_code == 422
    assert Report.objects.get().submitted_at is None


def test_signed_it_is_received_and_a_second_time_it_was_received_already(inside, ana, made):
    answer_all(inside, ana)
    other = Client()
    other.get(door(made[1]))
    other.post(HERE, BORN_TYPED)
    answer = sign(inside, " Anna  W. ")
    assert (answer.status_code, answer["Location"]) == (302, HERE)
    report = Report.objects.get()
    assert (report.signature, report.submitted_at, report.link) == ("Anna W.", NOW, made[0])
    assert "We have received your answers" in inside.get(HERE).text
    for browser, address in [(inside, REVIEW), (other, REVIEW), (other, part(1))]:
        again = browser.post(address, {"signature": "Anna"})
        assert again.status_code == 409
        assert "already received" in again.text
    kept = other.post(part(1), {}, headers={"HX-Request": "true"})
    assert (kept.status_code, "already received" in kept.text) == (409, True)
    assert inside.get(part(1))["Location"] == HERE
    assert Report.objects.count() == 1


def test_only_what_was_looked_through_is_signed(inside, ana, made):
    """Another tab says something else after the review was opened: nobody has read it there."""
    answer_all(inside, ana)
    page = inside.get(REVIEW).text
    seen = re.search(r'name="seen" value="(\d+)"', page)[1]
    one = next(one for one in steps.steps(ana) if "herpes" in one.codes)
    other = Client()
    other.get(door(made[1]))
    other.post(HERE, BORN_TYPED)
    other.post(part(one.number), typed(one) | {"answer.herpes": "current"})
    answer = inside.post(REVIEW, {"signature": "Anna", "seen": seen})
    assert (answer.status_code, Report.objects.get().submitted_at) == (409, None)
    assert "Look again, then sign" in answer.text
    assert inside.post(REVIEW, {"signature": "Anna"}).status_code == 409
    assert sign(inside).status_code == 302


def test_what_is_saved_again_unchanged_can_be_signed(inside, ana):
    answer_all(inside, ana)
    seen = re.search(r'name="seen" value="(\d+)"', inside.get(REVIEW).text)[1]
    inside.post(part(1), typed(steps.steps(ana)[0]))
    assert inside.post(REVIEW, {"signature": "Anna", "seen": seen}).status_code == 302


def test_a_form_of_somebody_else_on_the_same_phone_answers_for_nobody(inside, ana, made, front_desk):
    """Two of a family share a phone: a page left open in one tab belongs to the link of the other."""
    page = inside.get(part(1)).text
    mine = re.search(r'name="link" value="(\d+)"', page)[1]
    son = patient(by=front_desk, name="Jan Wiśniewski", birth_date=BORN)
    link, token = actions.show_code(son, by=front_desk, at=NOW)
    inside.get(door(token))
    tries = inside.post(HERE, WRONG_TYPED | {"link": mine})
    assert (tries["Location"], InterviewLink.objects.get(pk=link.pk).tries) == (HERE, 0)
    inside.post(HERE, BORN_TYPED | {"link": str(link.pk)})
    said = {"answer.pregnancy": "no", "link": mine}
    assert inside.post(part(1), said)["Location"] == HERE
    assert inside.post(part(1), said, headers={"HX-Request": "true"})["HX-Redirect"] == HERE
    assert inside.post(REVIEW, {"signature": "Anna", "link": mine})["Location"] == HERE
    assert not Report.objects.exists()


def test_signed_with_the_submitted_text_shown_back_as_text(inside, ana):
    answer_all(inside, ana)
    one = next(one for one in steps.steps(ana) if one.allergies)
    inside.post(part(one.number), typed(one) | {"allergies": "some", "text": PAYLOADS})
    page = inside.get(REVIEW).text
    assert not any(payload in page for payload in PAYLOADS if "<" in payload)
    assert "&lt;script&gt;" in page
    assert "{{7*7}}" in page


def test_looking_at_any_of_its_pages_changes_nothing(inside, ana):
    answer_all(inside, ana)
    with nothing_changes():
        for address in (HERE, REVIEW, *(part(one.number) for one in steps.steps(ana))):
            assert inside.get(address).status_code == 200
            assert inside.head(address).status_code == 200
    assert not AccessLog.objects.exists()


def test_no_page_asks_the_database_more_often_because_more_is_answered(
    inside, ana, django_assert_max_num_queries
):
    answer_all(inside, ana)
    for address in (HERE, REVIEW, part(3)):
        with django_assert_max_num_queries(16):
            inside.get(address)


# Secrets


def test_the_token_is_in_no_log_no_table_and_no_page(made, ana, settings):
    token, out = made[1], io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(WithoutSecrets(settings.LOGGING["formatters"]["plain"]["format"], style="{"))
    loggers = [logging.getLogger(), logging.getLogger("django")]
    for logger in loggers:
        logger.addHandler(handler)
    browser = Client()
    pages = [browser.get(door(token), follow=True), browser.post(HERE, BORN_TYPED, follow=True)]
    pages += [browser.get(door(token + "x")), browser.post(door(token)), browser.get(REVIEW)]
    answer_all(browser, ana)
    pages.append(browser.post(REVIEW, {"signature": "Anna"}, follow=True))
    pages.append(browser.get(door(token)))
    for logger in loggers:
        logger.removeHandler(handler)
    assert "/interview/with/[secret]/" in out.getvalue()
    assert token not in out.getvalue()
    assert not any(token in page.text for page in pages)
    assert not any(token in row for row in _all_rows())


def _all_rows():
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT string_agg(t::text, ' ') FROM \"{table}\" t")  # noqa: S608
            yield cursor.fetchone()[0] or ""


def test_the_web_server_writes_no_token_either():
    from gunicorn.config import Config

    from clinic.logs import WebServerLogger

    config = Config()
    config.set("accesslog", "-")
    log, out = WebServerLogger(config), io.StringIO()
    for one in (log.access_log, log.error_log):
        one.handlers[-1].setStream(out)
        one.warning('GET /interview/with/abcDEF_-1/ HTTP/1.1" "http://x/interview/with/abcDEF_-1/"')
        one.handlers.clear()
    assert out.getvalue().count("[secret]") == 4
    assert "abcDEF" not in out.getvalue()


def test_the_clinic_is_named_and_how_to_reach_it(phone):
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Klinika <b>", "phone": "+48 22 000 00 00"})
    assert "+48 22 000 00 00" in Client().get(door("x")).text
    assert "Klinika &lt;b&gt;" in phone.get(HERE).text


def test_forms_from_elsewhere_are_refused(made):
    browser = Client(enforce_csrf_checks=True)
    browser.get(door(made[1]))
    for address in (HERE, part(1), REVIEW, reverse("interview:leave")):
        assert browser.post(address, BORN_TYPED).status_code == 403
