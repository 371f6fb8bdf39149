"""The small numbers beside entries of the rail."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic import counters
from conftest import NOW
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


def test_for_some_seconds_nobody_asks_again_but_who_changed_it_sees_it_at_once(
    as_, front_desk, doctor, settings
):
    settings.NOTICE_KEPT_SECONDS = 60
    counters.forget()
    browser = as_(front_desk)
    called(doctor, 1)
    assert beside(browser, "reminders:changed", "waiting:list") == "1"
    called(doctor, 1)
    assert beside(browser, "reminders:changed", "waiting:list") == "1"
    seen(browser, Deed.objects.first())
    assert beside(browser, "reminders:changed", "waiting:list") == "1"
    seen(browser, Deed.objects.unseen().get())
    assert beside(browser, "reminders:changed", "waiting:list") is None
    counters.forget()


def test_the_gaps_of_a_large_calendar_are_found_by_an_index(sessions):
    with connection.cursor() as cursor:
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        assert "session_given_up" in Session.objects.given_up(NOW).values("pk")[:10].explain()
