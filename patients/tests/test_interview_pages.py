"""The interview, the patient's page and the versions, as people meet them."""

import datetime as dt
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import AccessLog
from clinic.querysets import AccessLogQuerySet
from clinic.tests.thorough import examples
from conftest import NOW
from patients import panels
from patients.actions import save_draft, submit_interview
from patients.interviews import questions
from patients.models import HealthFact, Interview, Patient, Substance
from patients.tests.factories import clear_interview, interview, patient
from patients.tests.fixtures import facts

__all__ = ["facts"]
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ana(facts, nurse):
    return patient(by=nurse)


def page(ana, tail="interview/"):
    return f"/patients/{ana.pk}/{tail}"


def filled(ana, *, standing=0, draft=0, but=(), **more):
    """A whole interview of "no" and "none known", as a browser posts it."""
    answers = {f"answer.{f.code}": "no" for f in questions(ana) if f.code not in but}
    return {**answers, "allergies": "none", "standing": standing, "draft": draft, **more}


def text(response):
    return " ".join(response.content.decode().split())


def asked(response):
    """The page from its questions on."""
    return text(response).partition('id="interview"')[2]


# Asking


def test_nothing_is_chosen_in_a_first_interview(as_, nurse, ana):
    response = as_(nurse).get(page(ana))
    assert " checked" not in asked(response)
    assert "0 of 45 answered" in text(response)


@pytest.mark.parametrize(("sex", "asked"), [("female", True), ("male", False), ("unspecified", True)])
def test_a_question_is_shown_to_those_it_is_asked_of(as_, nurse, facts, sex, asked):
    response = as_(nurse).get(page(patient(by=nurse, sex=sex)))
    assert ("Are you pregnant" in text(response)) is asked


def test_only_the_answers_that_make_sense_are_offered(as_, nurse, ana):
    form = as_(nurse).get(page(ana)).context["form"]
    assert [s for s, _ in form.questions["herpes"].choices] == ["current", "ended", "no", "unsure"]
    assert [s for s, _ in form.questions["vitiligo"].choices] == ["current", "no", "unsure"]


def test_facts_that_one_question_covers_are_shown_together(as_, nurse, ana):
    groups = dict(as_(nurse).get(page(ana)).context["form"].groups)
    assert [len(block) for block in groups["metabolism"]] == [3, 1, 1]
    assert [group for group, _ in as_(nurse).get(page(ana)).context["form"].groups].count(
        "heart and vessels"
    ) == 1


def test_later_the_former_answer_is_shown_and_not_chosen(as_, nurse, ana):
    clear_interview(ana, nurse)
    response = as_(nurse).get(page(ana))
    assert "Last time (23 Nov 2026): no" in text(response)
    assert " checked" not in asked(response)


def test_a_whole_interview_becomes_the_version_that_stands(as_, nurse, ana):
    response = as_(nurse).post(page(ana), filled(ana))
    made = Interview.objects.get()
    assert (response.status_code, response.url) == (302, ana.get_absolute_url())
    assert (made.number, made.submitted_by, len(made.answers)) == (1, nurse, 44)
    assert made.answers["herpes"] == {"state": "no", "on": "2026-11-23"}
    assert made.allergies == {"substances": [], "texts": [], "on": "2026-11-23"}


def test_ended_takes_a_date_or_says_that_it_is_not_known(as_, nurse, ana):
    more = {
        "answer.herpes": "ended", "until.herpes": "2026-11-01",
        "answer.eczema": "ended", "unknown.eczema": "yes",
    }  # fmt: skip
    as_(nurse).post(page(ana), filled(ana, **more))
    answers = Interview.objects.get().answers
    assert answers["herpes"] == {"state": "ended", "until": "2026-11-01", "on": "2026-11-23"}
    assert answers["eczema"] == {"state": "ended", "on": "2026-11-23"}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        pytest.param({"until.herpes": "2026-11-24"}, "lies in the future", id="future"),
        pytest.param({"until.herpes": "1989-05-01"}, "before the patient was born", id="before birth"),
        pytest.param({"until.herpes": "yesterday"}, "Write the day", id="no date"),
        pytest.param({}, "Say when it ended", id="neither"),
        pytest.param({"until.herpes": "2026-11-01", "unknown.herpes": "yes"}, "not both", id="both"),
        pytest.param({"answer.herpes": "perhaps"}, "Choose one of the answers", id="unknown answer"),
        pytest.param({"answer.vitiligo": "ended", "unknown.vitiligo": "yes"}, "Choose one", id="not offered"),
        pytest.param({"substance": "vitamin_c"}, "does not go with entries", id="none known and a substance"),
        pytest.param({"text": "bees"}, "does not go with entries", id="none known and a text"),
        pytest.param({"allergies": "some"}, "Name at least one", id="these, and none"),
        pytest.param(
            {"allergies": "some", "substance": "dragon"}, "not in the catalogue", id="unknown substance"
        ),
        pytest.param({"allergies": "some", "text": "x" * 121}, "At most 120", id="long text"),
        pytest.param(
            {"allergies": "some", "text": [f"t{i}" for i in range(21)]}, "At most 20", id="many texts"
        ),
        pytest.param({"allergies": "perhaps"}, "Choose one", id="unknown allergies"),
    ],
)
def test_what_cannot_be_is_refused_in_place_and_kept(as_, nurse, ana, wrong, said):
    ended = {"answer.herpes": "ended"} if "herpes" in str(wrong) or not wrong else {}
    response = as_(nurse).post(page(ana), filled(ana, **{**ended, **wrong}))
    assert response.status_code == 422
    assert said in text(response)
    assert response.context["form"].answers["eczema"] == {"state": "no"}
    assert not Interview.objects.exists()


@pytest.mark.parametrize("typed", ["vitamin c", "VITAMIN-C", "Vítamin  C"])
def test_a_typed_allergy_that_is_a_substance_becomes_it(as_, nurse, ana, typed):
    as_(nurse).post(page(ana), filled(ana, allergies="some", text=[typed, "", " bee  venom "]))
    told = Interview.objects.get().allergies
    assert (told["substances"], told["texts"]) == (["vitamin_c"], ["bee venom"])


def test_an_allergy_named_without_saying_these_is_taken(as_, nurse, ana):
    as_(nurse).post(page(ana), filled(ana, allergies="", substance=["lidocaine"]))
    assert Interview.objects.get().allergies["substances"] == ["lidocaine"]


def test_what_is_not_answered_is_listed_before_anything_is_submitted(as_, nurse, ana):
    form = filled(ana, but={"herpes", "eczema"}, **{"answer.anaemia": "unsure", "allergies": ""})
    response = as_(nurse).post(page(ana), form)
    assert response.status_code == 422
    assert "4 questions are not answered: a plan cannot be screened" in text(response)
    assert not Interview.objects.exists()
    assert as_(nurse).post(page(ana), {**form, "incomplete": "yes"}).status_code == 302
    made = Interview.objects.get()
    assert "herpes" not in made.answers
    assert made.allergies is None


def test_what_is_not_asked_again_is_said_to_stand(as_, nurse, ana):
    clear_interview(ana, nurse)
    response = as_(nurse).post(page(ana), filled(ana, standing=1, but={"herpes"}))
    assert response.status_code == 422
    assert "1 question was not asked this time" in text(response)


def test_a_fact_not_asked_of_this_patient_is_not_taken(as_, nurse, facts):
    jan = patient(by=nurse, sex="male")
    as_(nurse).post(page(jan), filled(jan, **{"answer.pregnancy": "no", "answer.dragon_pox": "no"}))
    assert {"pregnancy", "dragon_pox"}.isdisjoint(Interview.objects.get().answers)


# Drafts


def test_a_draft_saves_itself_and_says_when(as_, nurse, ana):
    response = as_(nurse).post(
        page(ana, "interview/draft/"), {"answer.herpes": "no", "standing": 0, "draft": 0}, headers=HTMX
    )
    assert "saved 09:30" in text(response)
    assert 'name="draft" value="1"' in text(response)
    assert Interview.objects.get().submitted_at is None
    assert as_(nurse).get(page(ana)).context["form"].questions["herpes"].chosen == "no"


def test_a_draft_keeps_what_can_be_kept_and_says_what_not(as_, nurse, ana):
    form = {
        "answer.herpes": "ended",
        "until.herpes": "2030-01-01",
        "answer.eczema": "no",
        "standing": 0,
        "draft": 0,
    }
    response = as_(nurse).post(page(ana, "interview/draft/"), form, headers=HTMX)
    assert "lies in the future" in text(response)
    assert Interview.objects.get().answers == {"eczema": {"state": "no", "on": "2026-11-23"}}


def test_without_javascript_a_draft_leads_back_to_the_patient_or_to_the_wrong_answer(as_, nurse, ana):
    url, form = page(ana, "interview/draft/"), {"answer.eczema": "no", "standing": 0}
    assert as_(nurse).post(url, {**form, "draft": 0}).url == ana.get_absolute_url()
    assert as_(nurse).post(url, {**form, "draft": 1, "allergies": "some"}).status_code == 422


def test_two_people_at_one_interview_are_told_and_lose_nothing(as_, nurse, doctor, ana):
    theirs = {"herpes": {"state": "current"}, "anaemia": {"state": "no"}}
    save_draft(ana, answers=theirs, allergies=None, by=doctor, at=NOW)
    mine = {"answer.herpes": "no", "answer.eczema": "no", "standing": 0, "draft": 0, "incomplete": "yes"}
    kept = as_(nurse).post(page(ana, "interview/draft/"), mine, headers=HTMX)
    assert kept.status_code == 409
    assert "Dorota saved this interview on 23 Nov, 09:30" in text(kept)
    response = as_(nurse).post(page(ana), mine)
    form = response.context["form"]
    assert response.status_code == 409
    assert (form.questions["herpes"].chosen, form.questions["herpes"].theirs) == ("no", "yes, now")
    assert (form.questions["eczema"].chosen, form.questions["anaemia"].chosen) == ("no", "no")
    assert Interview.objects.get().answers["herpes"]["state"] == "current"
    on = response.context["seen"]
    assert as_(nurse).post(page(ana), {**mine, "standing": on.standing, "draft": on.draft}).status_code == 302


def test_an_interview_submitted_meanwhile_is_said(as_, nurse, doctor, ana):
    clear_interview(ana, doctor)
    response = as_(nurse).post(page(ana), filled(ana, **{"answer.herpes": "current"}))
    assert response.status_code == 409
    assert "Dorota submitted an interview" in text(response)
    assert response.context["form"].questions["herpes"].chosen == "current"
    assert Interview.objects.count() == 1


def test_the_same_interview_sent_twice_is_one_version(as_, nurse, ana):
    form = filled(ana)
    assert [as_(nurse).post(page(ana), form).status_code for _ in range(2)] == [302, 302]
    assert Interview.objects.count() == 1


def test_a_draft_can_be_thrown_away_unless_it_moved(as_, nurse, ana):
    save_draft(ana, answers={}, allergies=None, by=nurse, at=NOW)
    url = page(ana, "interview/discard/")
    assert as_(nurse).post(url, {"standing": 0, "draft": 7}).status_code == 409
    assert Interview.objects.exists()
    assert as_(nurse).post(url, {"standing": 0, "draft": 1}).status_code == 302
    assert not Interview.objects.exists()


@settings(
    max_examples=examples(50),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    fields=st.dictionaries(
        st.sampled_from(
            [
                "answer.herpes", "until.herpes", "unknown.herpes", "answer.vitiligo", "answer.", "allergies",
                "substance", "text", "standing", "draft", "incomplete",
            ]
        ),
        st.sampled_from(["", "no", "ended", "current", "none", "some", "0", "1", "-1", "9" * 30])
        | st.sampled_from(["2026-11-01", "vitamin_c"])
        | st.text(max_size=150)
        | st.lists(st.text(max_size=30), max_size=4),
    ),
    tail=st.sampled_from(["interview/", "interview/draft/", "interview/discard/"]),
    htmx=st.booleans(),
)  # fmt: skip
def test_the_interview_takes_any_form(as_, nurse, ana, fields, tail, htmx):
    response = as_(nurse).post(page(ana, tail), fields, headers=HTMX if htmx else {})
    assert response.status_code in (200, 302, 400, 409, 422)


# The patient's page


def test_the_page_shows_what_stands_today(as_, nurse, ana):
    answers = {
        "herpes": {"state": "ended", "until": "2026-11-01"},
        "nsaid": "current",
        "eczema": "unsure",
        "stroke": None,
    }
    interview(ana, by=nurse, answers=answers, allergies=["vitamin_c", "bees"], at=NOW - dt.timedelta(days=12))
    seen = text(as_(nurse).get(page(ana, "")))
    for said in (
        "ended 1 Nov 2026",
        "NSAID",
        "Eczema",
        "Stroke",
        "Vitamin C",
        "bees",
        "40 questions answered “no”",
    ):
        assert said in seen
    assert "11 Nov 2026 (12 days ago)" in seen
    assert "2 questions are not answered: a plan cannot be screened" in seen


def test_what_was_told_is_shown_even_when_it_is_no_longer_asked(as_, nurse, ana):
    interview(ana, by=nurse, answers={"pregnancy": "current"})
    Patient.objects.update(sex="male")
    seen = text(as_(nurse).get(page(ana, "")))
    assert "<h3>Yes, now</h3><ul> <li><b>Pregnancy</b>" in seen
    assert "not answered" not in seen


def test_a_patient_never_asked_is_never_shown_as_fine(as_, nurse, ana):
    seen = text(as_(nurse).get(page(ana, "")))
    assert "Not interviewed yet." in seen
    assert "none known" not in seen


def test_a_draft_does_not_count_on_the_page(as_, nurse, ana):
    save_draft(ana, answers={"herpes": {"state": "current"}}, allergies=None, by=nurse, at=NOW)
    seen = text(as_(nurse).get(page(ana, "")))
    assert "does not count yet" in seen
    assert "Herpes" not in seen


def test_the_page_asks_as_many_questions_with_ten_interviews_as_with_one(as_, nurse, ana):
    browser = as_(nurse)
    browser.get(page(ana, ""))  # the first request also opens the session

    def count():
        with CaptureQueriesContext(connection) as queries:
            browser.get(page(ana, ""))
        return len(queries)

    interview(ana, by=nurse, allergies=["vitamin_c"])
    one = count()
    for _ in range(9):
        interview(ana, by=nurse, allergies=["vitamin_c", "lidocaine"])
    assert count() == one <= 20


def test_panels_of_other_apps_are_shown_to_their_people(as_, nurse, front_desk, ana, monkeypatch):
    panel = panels.Panel(
        "t", 1, ("nurse",), "_conflict.html", lambda request, p: {"conflict": f"panel of {p.name}"}
    )
    monkeypatch.setattr(panels, "_panels", {"t": panel})
    assert f"panel of {ana.name}" in text(as_(nurse).get(page(ana, "")))
    assert "panel of" not in text(as_(front_desk).get(page(ana, "")))


CANARY = "ZZCANARYZZ"


def test_nothing_clinical_reaches_the_front_desk(as_, front_desk, nurse, ana):
    HealthFact.objects.update(label=CANARY, question=CANARY)
    Substance.objects.update(label=CANARY)
    interview(ana, by=nurse, answers={"herpes": "current"}, allergies=["lidocaine", CANARY])
    with_it = [text(as_(front_desk).get(f"/patients/{p}")) for p in ("", f"{ana.pk}/", f"{ana.pk}/edit/")]
    assert not any(CANARY in seen or "nterview" in seen or "llerg" in seen for seen in with_it)
    assert CANARY in text(as_(nurse).get(page(ana, "")))
    for tail in ("interview/", "interviews/1/"):
        assert CANARY not in text(as_(front_desk).get(page(ana, tail)))


def test_the_front_desk_sees_the_same_page_with_and_without_an_interview(as_, front_desk, nurse, ana):
    browser = as_(front_desk)

    def seen():
        return re.sub(r'"\w{64}"', "", text(browser.get(page(ana, ""))))

    before = seen()
    clear_interview(ana, nurse)
    assert seen() == before


@pytest.mark.parametrize("tail", ["", "edit/", "interview/", "interviews/1/"])
def test_opening_leaves_one_row_in_the_access_log(as_, nurse, ana, tail):
    clear_interview(ana, nurse)
    assert as_(nurse).get(page(ana, tail)).status_code == 200
    assert AccessLog.objects.get().patient_id == ana.pk


def test_a_draft_that_shows_the_page_is_logged_and_one_that_saves_itself_is_not(as_, nurse, ana):
    url, wrong = page(ana, "interview/draft/"), {"allergies": "some", "standing": 0, "draft": 0}
    as_(nurse).post(url, wrong, headers=HTMX)
    assert not AccessLog.objects.exists()
    assert as_(nurse).post(url, wrong | {"draft": 1}).status_code == 422
    assert AccessLog.objects.get().patient_id == ana.pk


def test_no_row_no_page(as_, nurse, ana, monkeypatch):
    def fail(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr(AccessLogQuerySet, "read", fail)
    with pytest.raises(ConnectionError):
        as_(nurse).get(page(ana, ""))


# Versions


def test_a_version_shows_what_changed_since_the_one_before(as_, nurse, ana):
    clear_interview(ana, nurse)
    submit_interview(
        ana,
        answers={"herpes": {"state": "current"}},
        allergies={"substances": ["lidocaine"], "texts": []},
        by=nurse,
        at=NOW,
    )
    seen = text(as_(nurse).get(page(ana, "interviews/2/")))
    assert "2 answers differ from interview 1" in seen
    assert "<b>Herpes</b>: <del>no</del> → <ins>yes, now</ins>" in seen
    assert "<del><bdi>none known</bdi></del> → <ins><bdi>Lidocaine</bdi></ins>" in seen


def test_any_two_versions_can_be_compared(as_, nurse, ana):
    for state in ("no", "current", "no"):
        interview(ana, by=nurse, answers={"herpes": state})
    assert "0 answers differ from interview 1" in text(as_(nurse).get(page(ana, "interviews/3/?against=1")))
    assert "1 answer differs from interview 2" in text(as_(nurse).get(page(ana, "interviews/3/")))


@pytest.mark.parametrize("query", ["?against=x", "?against=999999999999", "?against=-1", "?against="])
def test_a_made_up_comparison_shows_a_version_all_the_same(as_, nurse, ana, query):
    clear_interview(ana, nurse)
    assert as_(nurse).get(page(ana, "interviews/1/") + query).status_code == 200


def test_versions_of_somebody_else_and_drafts_are_not_found(as_, nurse, ana):
    clear_interview(patient(by=nurse), nurse)
    save_draft(ana, answers={}, allergies=None, by=nurse, at=NOW)
    for number in ("1", "0", "9" * 18):
        assert as_(nurse).get(page(ana, f"interviews/{number}/")).status_code == 404
