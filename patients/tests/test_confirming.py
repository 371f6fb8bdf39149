"""Confirming what a patient reported: what counts from when, what is refused, two practitioners at once."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from clinic import events
from clinic.models import AccessLog
from conftest import NOW
from patients import actions
from patients.events import FactsChanged
from patients.models import Interview, Report
from patients.tests import factories
from treatments.schedule.tests.test_races import at_once

pytestmark = pytest.mark.django_db
EVENING = NOW + dt.timedelta(hours=9)
NEXT_DAY = NOW + dt.timedelta(days=1)
NONE = {"substances": [], "texts": []}


@pytest.fixture
def ana(doctor):
    """Everything was "no" on 23 November; she once had herpes."""
    person = factories.patient(by=doctor)
    until = {"state": "ended", "until": "2026-05-01"}
    factories.interview(person, by=doctor, answers={"herpes": until}, allergies=("zinc",))
    return person


@pytest.fixture
def report(ana, doctor):
    """In the evening she says: pregnant, an NSAID until yesterday, herpes as before, allergic to latex as well."""
    answers = {
        "pregnancy": "current",
        "nsaid": {"state": "ended", "until": "2026-11-22"},
        "herpes": {"state": "ended", "until": "2026-05-01"},
    }
    return factories.reported(ana, by=doctor, at=EVENING, answers=answers, allergies=("zinc", "latex gloves"))


@pytest.fixture
def tomorrow(time_machine):
    time_machine.move_to(NEXT_DAY, tick=False)
    return NEXT_DAY


@pytest.fixture
def url(ana):
    return reverse("patients:confirm_report", args=[ana.pk])


def taken(row, **changes):
    """The form with everything taken as reported, but for `changes`."""
    return {
        "report": row.pk,
        "standing": 1,
        "answer.pregnancy": "current",
        "answer.nsaid": "ended",
        "until.nsaid": "2026-11-22",
        "allergies": "some",
        "substance": ["zinc"],
        "text": ["latex gloves"],
        **changes,
    }


def confirm(report, *, by, at=NEXT_DAY, standing=1, **answers):
    given = {"pregnancy": {"state": "current"}, "nsaid": {"state": "ended", "until": "2026-11-22"}, **answers}
    return actions.confirm_report(
        report,
        answers=given,
        allergies={"substances": ["zinc"], "texts": ["latex gloves"]},
        standing=standing,
        by=by,
        at=at,
    )


def unchanged():
    return Interview.objects.count() == 1 and Report.objects.unsettled().count() == 1


# The page


def test_page_shows_both_side_by_side_and_chooses_nothing(as_, nurse, ana, report, url, tomorrow):
    page = as_(nurse).get(url).content.decode()
    assert "2 answers changed" in page
    assert "ended 22 Nov 2026" in page
    assert "latex gloves" in page
    assert f"Signed “{ana.name}”, 23 Nov 2026, 18:30" in page
    radios = page.split('class="confirm"')[1].split("</form>")[0]
    assert 'value="current" checked' not in radios
    assert 'value="some" checked' not in radios
    assert AccessLog.objects.filter(view="patients:confirm_report").count() == 1


def test_taking_it_makes_the_next_version_with_the_day_of_the_report(as_, nurse, ana, report, url, tomorrow):
    assert as_(nurse).post(url, taken(report))["Location"] == ana.get_absolute_url()
    made, report = Interview.objects.standing(ana), Report.objects.get()
    assert (made.number, made.submitted_by, made.report) == (2, nurse, report)
    assert made.answers["pregnancy"] == {"state": "current", "on": "2026-11-23"}
    assert made.answers["nsaid"] == {"state": "ended", "until": "2026-11-22", "on": "2026-11-23"}
    assert made.allergies == {"substances": ["zinc"], "texts": ["latex gloves"], "on": "2026-11-23"}
    assert (report.settled_at, report.settled_by, report.set_aside) == (tomorrow, nurse, "")


def test_a_correction_counts_from_the_day_it_is_made(as_, nurse, ana, report, url, tomorrow):
    changes = {"answer.pregnancy": "no", "substance": [], "text": ["kiwi"]}
    assert as_(nurse).post(url, taken(report, **changes)).status_code == 302
    made = Interview.objects.standing(ana)
    assert made.answers["pregnancy"] == {"state": "no", "on": "2026-11-24"}
    assert made.allergies == {"substances": [], "texts": ["kiwi"], "on": "2026-11-24"}
    assert Report.objects.get().answers["pregnancy"]["state"] == "current"


def test_what_was_asked_since_keeps_its_later_day(doctor, ana, report):
    factories.interview(ana, by=doctor, at=NEXT_DAY)
    made = confirm(report, by=doctor, standing=2, herpes={"state": "ended", "until": "2026-05-01"})
    assert made.answers["epilepsy"] == {"state": "no", "on": "2026-11-24"}
    assert made.answers["herpes"]["on"] == "2026-11-23"


def test_first_answers_of_no_are_taken_together_once_gone_through(as_, nurse, doctor, tomorrow):
    person = factories.patient(by=doctor)
    row = factories.reported(person, by=doctor, at=EVENING, answers={"nsaid": "current"})
    url = reverse("patients:confirm_report", args=[person.pk])
    fields = {"report": row.pk, "standing": 0, "answer.nsaid": "current", "allergies": "none"}
    answer = as_(nurse).post(url, fields)
    assert answer.status_code == 422
    assert "Go through these with the patient" in answer.content.decode()
    assert not Interview.objects.exists()
    fields |= {"gone_through": "yes", "answer.epilepsy": "unsure"}
    assert as_(nurse).post(url, fields).status_code == 302
    made = Interview.objects.standing(person)
    assert made.answers["stroke"] == {"state": "no", "on": "2026-11-23"}
    assert made.answers["epilepsy"] == {"state": "unsure", "on": "2026-11-24"}


def test_facts_changed_is_announced(doctor, report, monkeypatch):
    heard = []
    monkeypatch.setitem(events._listeners, FactsChanged, [heard.append])
    confirm(report, by=doctor)
    assert heard == [FactsChanged(report.patient_id, NEXT_DAY)]


def test_setting_aside_is_announced_and_keeps_what_stands(as_, nurse, ana, report, tomorrow, monkeypatch):
    heard = []
    monkeypatch.setitem(events._listeners, FactsChanged, [heard.append])
    url = reverse("patients:set_aside_report", args=[ana.pk])
    fields = {"report": report.pk, "reason": "Her sister filled it in."}
    assert [as_(nurse).post(url, fields).status_code for _ in "ab"] == [302, 302]
    row = Report.objects.get()
    assert (row.settled_by, row.set_aside) == (nurse, "Her sister filled it in.")
    assert Interview.objects.count() == 1
    assert len(heard) == 1


# What is refused


@pytest.mark.parametrize("left_out", ["answer.pregnancy", "answer.nsaid", "allergies"])
def test_every_change_has_to_be_decided(as_, nurse, report, url, tomorrow, left_out):
    fields = taken(report)
    del fields[left_out]
    answer = as_(nurse).post(url, fields)
    assert answer.status_code == 422
    assert "Take it or correct it." in answer.content.decode()
    assert unchanged()


@pytest.mark.parametrize(
    "changes",
    [
        {"answer.pregnancy": "maybe"},
        {"until.nsaid": "2030-01-01"},
        {"until.nsaid": ""},
        {"allergies": "none"},
        {"substance": ["unobtainium"]},
        {"text": ["x" * 121]},
    ],
)
def test_answers_that_cannot_be_are_422(as_, nurse, report, url, tomorrow, changes):
    assert as_(nurse).post(url, taken(report, **changes)).status_code == 422
    assert unchanged()


def test_the_action_itself_wants_every_change_decided(doctor, report):
    with pytest.raises(ValidationError) as refused:
        actions.confirm_report(report, answers={}, allergies=None, standing=1, by=doctor, at=NEXT_DAY)
    assert set(refused.value.message_dict) == {"pregnancy", "nsaid", "allergies"}
    assert unchanged()


@pytest.mark.parametrize("reason", ["", "x" * 501])
def test_a_report_is_set_aside_for_a_reason(as_, nurse, ana, report, tomorrow, reason):
    url = reverse("patients:set_aside_report", args=[ana.pk])
    assert as_(nurse).post(url, {"report": report.pk, "reason": reason}).status_code == 422
    assert unchanged()


def test_what_was_asked_meanwhile_is_shown_first(as_, nurse, doctor, ana, report, url, tomorrow):
    factories.interview(ana, by=doctor, at=NEXT_DAY, answers={"nsaid": "current"}, allergies=("zinc",))
    answer = as_(nurse).post(url, taken(report))
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Dorota submitted an interview" in page
    assert 'name="standing" value="2"' in page
    assert Report.objects.unsettled().exists()


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 30, "123456"])
def test_a_report_of_nobody_is_not_confirmed(as_, nurse, ana, report, url, tomorrow, number):
    answer = as_(nurse).post(url, taken(report, report=number))
    assert answer["Location"] == ana.get_absolute_url()
    assert unchanged()


def test_the_report_of_somebody_else_is_not_confirmed_here(as_, nurse, doctor, report, tomorrow):
    other = factories.patient(by=doctor)
    as_(nurse).post(reverse("patients:confirm_report", args=[other.pk]), taken(report))
    assert unchanged()


# Twice, and two people


def test_posting_twice_is_one_version(as_, nurse, report, url, tomorrow):
    assert [as_(nurse).post(url, taken(report)).status_code for _ in "ab"] == [302, 302]
    assert Interview.objects.count() == 2


def test_the_second_of_two_people_reads_who_was_first(as_, nurse, doctor, ana, report, url, tomorrow):
    as_(doctor).post(url, taken(report))
    answer = as_(nurse).post(url, taken(report))
    assert answer.status_code == 409
    assert "Dorota confirmed this report on 24 Nov, 09:30." in answer.content.decode()
    aside = reverse("patients:set_aside_report", args=[ana.pk])
    assert as_(nurse).post(aside, {"report": report.pk, "reason": "no"}).status_code == 409
    assert Interview.objects.count() == 2


def test_nothing_is_confirmed_that_was_set_aside(as_, nurse, doctor, report, url, tomorrow):
    actions.set_aside(report, reason="Her sister.", by=doctor, at=NEXT_DAY)
    answer = as_(nurse).post(url, taken(report))
    assert answer.status_code == 409
    assert "set this report aside" in answer.content.decode()
    assert Interview.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_settle_it_at_once_one_does(doctor, nurse):
    person = factories.patient(by=doctor)
    factories.interview(person, by=doctor, allergies=("zinc",))
    answers = {"pregnancy": "current", "nsaid": {"state": "ended", "until": "2026-11-22"}}
    row = factories.reported(person, by=doctor, at=EVENING, answers=answers, allergies=("latex gloves",))
    results = at_once(
        lambda: confirm(row, by=doctor),
        lambda: confirm(row, by=nurse),
        lambda: actions.set_aside(row, reason="Her sister.", by=nurse, at=NEXT_DAY),
    )
    kinds = sorted(type(outcome).__name__ for outcome, _took in results)
    assert kinds.count("AlreadySettled") == 2
    assert Interview.objects.count() == 1 + kinds.count("Interview")
    assert not Report.objects.unsettled().exists()


# Where it shows


def test_what_nobody_confirmed_is_marked_on_the_patients_page(as_, nurse, front_desk, ana, report, url):
    page = as_(nurse).get(ana.get_absolute_url()).content.decode()
    assert page.count("reported by the patient, not confirmed") == 3  # pregnancy, NSAID, latex
    assert url in page
    page = as_(front_desk).get(ana.get_absolute_url()).content.decode()
    assert "latex" not in page
    assert url not in page


# The door


def test_without_an_open_report_the_page_leads_back(as_, nurse, ana, url):
    assert as_(nurse).get(url)["Location"] == ana.get_absolute_url()


@pytest.mark.parametrize("name", ["confirm_report", "set_aside_report"])
@pytest.mark.parametrize("who", ["front_desk", "stranger", "clinic_admin", "catalogue_admin"])
def test_nobody_else_settles_a_report(as_, request, ana, report, name, who):
    address = reverse(f"patients:{name}", args=[ana.pk])
    answer = as_(request.getfixturevalue(who)).post(address, taken(report, reason="x"))
    assert answer.status_code == 403
    assert unchanged()


def test_wrong_methods_are_405_and_bad_ids_404(as_, nurse, ana, url):
    assert as_(nurse).delete(url).status_code == 405
    assert as_(nurse).get(reverse("patients:set_aside_report", args=[ana.pk])).status_code == 405
    for name in ("confirm_report", "set_aside_report"):
        assert as_(nurse).post(reverse(f"patients:{name}", args=[10**17])).status_code == 404
