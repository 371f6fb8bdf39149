"""What is typed to find people stays out of addresses, and yet is there again after a reload and on the way back."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from treatments.reminders.tests.factories import reminder, someone
from treatments.reminders.views import paging

LISTS = [reverse(name) for name in ("patients:list", "reminders:messages", "reminders:maintenance")]
LEDGER = LISTS[1]
HTMX = {"HX-Request": "true"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def zofia(doctor):
    row = someone(doctor, name="Zofia Zając")
    reminder(doctor, patient=row, due_at=timezone.now(), not_after=timezone.now() + dt.timedelta(days=9))
    return row


def typed(browser, there, text="zajac zofia", **asked):
    """The address at which the browser stands after this was typed, without scripts."""
    answer = browser.post(there, {"q": text, **asked})
    assert answer.status_code == 302
    return answer["Location"]


@pytest.mark.parametrize("there", LISTS)
def test_what_is_typed_is_in_no_address_and_shown_whenever_it_is_opened_again(as_, front_desk, zofia, there):
    browser = as_(front_desk)
    plain = typed(browser, there)
    part = browser.post(there, {"q": "zajac zofia"}, headers=HTMX)
    assert "Zofia Zając" in part.text
    assert "<html" not in part.text
    for address in (plain, part["HX-Replace-Url"]):
        assert address.startswith(f"{there}?find=")
        assert "zofia" not in address
        for _reload in range(2):
            shown = browser.get(address).text
            assert 'value="zajac zofia"' in shown
            assert "Zofia Zając" in shown


@pytest.mark.parametrize("there", LISTS)
def test_nothing_typed_leads_to_the_plain_address(as_, front_desk, there):
    assert typed(as_(front_desk), there, "") == there


@pytest.mark.parametrize("there", LISTS)
def test_the_seal_of_another_session_and_text_that_stands_in_an_address_are_nothing_typed(
    as_, front_desk, nurse, zofia, there
):
    address = typed(as_(front_desk), there)
    browser = as_(nurse)
    assert 'value="zajac zofia"' not in browser.get(address).text
    assert 'value="zofia"' not in browser.get(there, {"q": "zofia"}).text
    browser.logout()
    assert 'value="zajac zofia"' not in as_(front_desk).get(address).text


@pytest.mark.parametrize("token", ["", "x", "ż", "A" * 5_000, "gAAAAA" * 9], ids=lambda one: one[:9])
def test_a_broken_seal_is_nothing_typed(as_, front_desk, zofia, token):
    page = as_(front_desk).get(LEDGER, {"find": token})
    assert page.status_code == 200
    assert "Zofia Zając" in page.text


def test_choices_stay_readable_and_what_is_nothing_is_not_said(as_, front_desk, zofia):
    address = typed(as_(front_desk), LEDGER, "zofia", state="due", kind="", csrfmiddlewaretoken="x")
    assert address.startswith(f"{LEDGER}?state=due&find=")
    assert address.count("=") == 2 + address.partition("find=")[2].count("=")
    assert typed(as_(front_desk), LEDGER, "", state="due") == f"{LEDGER}?state=due"


@pytest.mark.parametrize(
    ("before", "asked", "step"),
    [
        pytest.param("", {"q": "zo"}, "HX-Replace-Url", id="typing"),
        pytest.param("?find=abc", {"q": "zof"}, "HX-Replace-Url", id="typing on"),
        pytest.param("?find=abc", {"q": ""}, "HX-Replace-Url", id="typing nothing any more"),
        pytest.param("?state=due", {"q": "z", "state": "due"}, "HX-Replace-Url", id="typing beside a choice"),
        pytest.param("", {"state": "due"}, "HX-Push-Url", id="a choice"),
        pytest.param("?state=due", {"q": "z", "state": "failed"}, "HX-Push-Url", id="another choice"),
        pytest.param("?state=due", {"q": "z"}, "HX-Push-Url", id="a choice less"),
    ],
)
def test_a_choice_is_a_step_back_and_a_pause_in_typing_is_none(as_, front_desk, before, asked, step):
    here = {"HX-Current-URL": f"http://testserver{LEDGER}{before}"}
    answer = as_(front_desk).post(LEDGER, asked, headers=HTMX | here)
    assert [one for one in ("HX-Replace-Url", "HX-Push-Url") if one in answer] == [step]


def test_what_makes_no_sense_leaves_the_address_alone(as_, front_desk):
    answer = as_(front_desk).post(LEDGER, {"q": "x" * 101}, headers=HTMX)
    assert answer.status_code == 422
    assert not {"HX-Replace-Url", "HX-Push-Url"} & set(answer.headers)
    assert as_(front_desk).get(typed(as_(front_desk), LEDGER, "x" * 5_000)).status_code == 422


@pytest.mark.parametrize("state", ["", "due", "failed"])
def test_the_next_page_keeps_what_was_typed_and_does_not_say_it(
    as_, front_desk, doctor, monkeypatch, zofia, state
):
    monkeypatch.setattr(paging, "ON_A_PAGE", 1)
    second = reminder(doctor, patient=zofia)
    reminder(doctor)
    second._meta.model.objects.update(state=state or "due", why="because")
    browser = as_(front_desk)
    more = browser.get(typed(browser, LEDGER, "zofia", state=state)).context["more"]
    assert "zofia" not in more
    following = browser.get(f"{LEDGER}?{more}").context
    assert [row.patient for row in following["rows"]] == [zofia]
    assert following["more"] == ""
