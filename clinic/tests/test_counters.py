"""The small numbers beside entries of the rail."""

import re

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import NOW
from treatments.courses.models import Course
from treatments.reminders.models import Deed
from treatments.reminders.tests.factories import someone
from treatments.schedule import actions
from treatments.schedule.models import Session
from treatments.schedule.tests import factories

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_the_day")]
COUNTED = ("schedule:given_up", "reminders:changed")


@pytest.fixture
def sessions(doctor):
    factories.working_hours(doctor)
    return factories.booked(factories.confirmed_course(by=doctor), factories.room(), practitioner=doctor)


def beside(browser, name, page="settings"):
    """The number beside an entry of the rail, as it is seen and as it is heard; None where there is none."""
    rail = browser.get(reverse(page)).text.partition("</ul>")[0]
    entry = rail.partition(f'href="{reverse(name)}"')[2].partition("</a>")[0]
    found = re.search(
        r'aria-hidden="true">([^<]+)</b><span class="visually-hidden">, (\S+) to see to<', entry
    )
    return found and (found[1] if found[1] == found[2] else found.groups())


def called(by, how_many):
    for _one in range(how_many):
        Deed.objects.create(kind="call_me", patient=someone(by), done_at=NOW)


def seen(browser, deed):
    browser.post(reverse("reminders:seen", args=[deed.pk]), {"shown": deed.pk})


def test_what_waits_stands_beside_the_entry_until_it_is_seen_to(as_, front_desk, sessions, doctor):
    browser = as_(front_desk)
    assert [beside(browser, name, "waiting:list") for name in COUNTED] == [None, None]
    for row in sessions[1:3]:
        actions.cancel_by_patient(row, version=1, at=NOW)
    called(doctor, 1)
    # Both sessions are of one course, which is one entry of the page.
    assert [beside(browser, name, "waiting:list") for name in COUNTED] == ["2", "2"]
    for deed in Deed.objects.all():
        seen(browser, deed)
    assert [beside(browser, name, "waiting:list") for name in COUNTED] == ["2", None]


@pytest.mark.parametrize(("how_many", "said"), [(9, "9"), (10, "9+"), (12, "9+")])
def test_many_are_not_counted_to_the_end(as_, front_desk, doctor, how_many, said):
    called(doctor, how_many)
    assert beside(as_(front_desk), "reminders:changed", "waiting:list") == said


def test_all_are_counted_in_one_question_and_by_nobody_who_may_not_open_them(
    as_, front_desk, clinic_admin, sessions, doctor
):
    called(doctor, 1)

    def asked(person, page):
        browser = as_(person)
        browser.get(reverse(page))
        with CaptureQueriesContext(connection) as questions:
            browser.get(reverse(page))
        return sum("reminders_deed" in one["sql"] for one in questions)

    assert asked(front_desk, "waiting:list") == 1
    assert asked(clinic_admin, "settings") == 0


@pytest.fixture
def kept(settings):
    """Pages keep what they ask for a minute."""
    settings.NOTICE_KEPT_SECONDS = 60
    caches["process"].clear()
    yield
    caches["process"].clear()


def test_for_some_seconds_nobody_asks_again_but_whoever_did_something(kept, front_desk, nurse, doctor):
    desk, other = Client(), Client()
    desk.force_login(front_desk)
    other.force_login(nurse)
    called(doctor, 2)

    def said():
        return [beside(one, "reminders:changed", "waiting:list") for one in (other, desk)]

    assert said() == ["2", "2"]
    called(doctor, 1)
    assert said() == ["2", "2"]
    for deed in Deed.objects.all()[:2]:
        seen(desk, deed)
    assert said() == ["2", "1"]  # as this process kept it, and as the desk made it
    assert said() == ["1", "1"]


def test_what_is_seen_to_anywhere_is_not_counted_on_the_page_that_follows(kept, as_, nurse, sessions):
    browser, row = as_(nurse), sessions[2]
    actions.cancel_by_patient(row, version=1, at=NOW)
    assert beside(browser, "schedule:given_up", "waiting:list") == "1"
    version = Course.objects.get(pk=row.course_id).version
    gone = browser.post(reverse("courses:cancel", args=[row.course_id]), {"version": version})
    assert gone.status_code == 302
    assert beside(browser, "schedule:given_up", "waiting:list") is None


@pytest.mark.parametrize(
    ("method", "page", "for_seconds"),
    [("post", "patients:list", 60), ("get", "patients:list", None), ("post", "schedule:given_up", None)],
    ids=["something was done", "something was looked at", "something was refused"],
)
def test_the_browser_says_so_for_as_long_as_anything_is_kept(
    kept, as_, front_desk, method, page, for_seconds
):
    cookie = getattr(as_(front_desk), method)(reverse(page)).cookies.get("acted")
    assert (cookie and cookie["max-age"]) == for_seconds


def test_the_gaps_of_a_large_calendar_are_found_by_an_index(sessions):
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        assert "session_given_up" in Session.objects.given_up(NOW).values("pk")[:10].explain()
