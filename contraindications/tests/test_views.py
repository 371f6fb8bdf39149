"""The pages: who may see what, what is recorded, what is refused."""

import datetime as dt

import pytest
from django.urls import reverse

from clinic.models import AccessLog
from clinic.tests.unchanged import nothing_changes
from contraindications import actions
from contraindications.deciding import worklist
from contraindications.models import Decision, Screening
from contraindications.screening import CannotScreen
from contraindications.tests import factories

HERPES = {"herpes": {"state": "ended", "until": "2026-11-20"}}  # S1-C06: a hold
STROKE = {"stroke": "current"}  # S4-C03: a caution
HTMX = {"HX-Request": "true"}
NSAID = {"nsaid": "current"}  # S1-C02: a stop that a doctor can release


def page(screening):
    return reverse("contraindications:screening", args=[screening.pk])


def door(screening):
    return reverse("contraindications:decide", args=[screening.pk])


def form(**changes):
    return {
        "kind": "decide",
        "seen": "0",
        "items": ["S1-C06"],
        "goes_ahead": "yes",
        "reason": "examined",
        "text": "Healed.",
        **changes,
    }


# ---- A stored screening


@pytest.mark.parametrize("who", ["doctor", "nurse"])
def test_clinical_staff_see_a_screening_and_leave_a_trace(request, as_, screened, who):
    screening = screened(**HERPES)
    answer = as_(request.getfixturevalue(who)).get(page(screening))

    assert answer.status_code == 200
    for said in (
        "A doctor must decide",
        "Herpes: ended",
        "item 6, line 92",
        screening.digest,
        "the same to the byte",
    ):
        assert said in answer.content.decode()
    log = AccessLog.objects.get(view="contraindications:screening")
    assert (log.patient_id, log.actor_id) == (screening.patient_id, request.getfixturevalue(who).pk)


@pytest.mark.parametrize("who", ["front_desk", "catalogue_admin", "clinic_admin", "stranger"])
def test_nobody_else_sees_or_decides(request, as_, screened, who):
    screening = screened(**HERPES)
    browser = as_(request.getfixturevalue(who))

    with nothing_changes():
        assert browser.get(page(screening)).status_code == 403
        assert browser.post(door(screening), form()).status_code == 403
        assert browser.get(reverse("contraindications:worklist")).status_code == 403


def test_a_screening_that_is_not_there_is_not_found(as_, doctor):
    for name in ("screening", "decide"):
        url = reverse(f"contraindications:{name}", args=[10**17])
        assert as_(doctor).post(url).status_code == (405 if name == "screening" else 404)
        assert as_(doctor).get(url).status_code == (404 if name == "screening" else 405)


def test_a_screening_that_cannot_be_read_says_so(as_, doctor, screened, monkeypatch):
    def broken(digest):
        raise CannotScreen(digest)

    screening = screened()
    monkeypatch.setattr("contraindications.screening.compiled_rules", broken)
    answer = as_(doctor).get(page(screening))

    assert answer.status_code == 200
    assert b"Cannot screen: do not treat this as clear" in answer.content
    assert b"No listed contraindication" not in answer.content
    assert as_(doctor).post(door(screening), form()).status_code == 409


def test_a_screening_that_comes_out_differently_says_so(as_, doctor, evaluated, ana, at):
    stored = evaluated(**HERPES).stored
    result = {**stored["result"], "verdict": "clear", "findings": []}
    original = actions.store_screening(evaluated(**HERPES), patient=ana, by=doctor, at=at)
    fields = {f.name: getattr(original, f.name) for f in Screening._meta.concrete_fields if f.name != "id"}
    forged = Screening.objects.create(
        **{**fields, "result": result, "verdict": "clear", "finding_digests": {}}
    )

    assert b"it comes out differently" in as_(doctor).get(page(forged)).content


def queries(django_assert_max_num_queries, browser, url):
    with django_assert_max_num_queries(40) as counted:
        assert browser.get(url).status_code == 200
    return len(counted)


def test_a_page_asks_no_more_questions_for_more_findings(
    as_, doctor, screened, at, django_assert_max_num_queries
):
    short = screened(**HERPES)
    long = screened(**HERPES, **STROKE, **NSAID, malignancy="current", allergies=["bees", "zinc"])
    for minute in range(5):
        actions.decide(
            long,
            kind="decide",
            goes_ahead=True,
            items=["S1-C06"],
            reason="mild",
            text="Again.",
            by=doctor,
            at=at + dt.timedelta(minutes=minute),
        )
    browser = as_(doctor)
    browser.get(page(short))

    few = queries(django_assert_max_num_queries, browser, page(short))
    assert (
        queries(django_assert_max_num_queries, browser, page(long)) <= few + 2
    )  # labels of named substances


# ---- Deciding


def test_a_doctor_decides(as_, doctor, screened):
    screening = screened(**HERPES)
    answer = as_(doctor).post(door(screening), form())

    assert (answer.status_code, answer["Location"]) == (302, page(screening))
    decision = Decision.objects.get()
    assert (decision.by, decision.kind, decision.goes_ahead, decision.text) == (
        doctor,
        "decide",
        True,
        "Healed.",
    )
    assert "Decided: it can be confirmed" in as_(doctor).get(page(screening)).content.decode()


def test_a_doctor_decides_against(as_, doctor, screened):
    screening = screened(**HERPES)
    as_(doctor).post(door(screening), form(goes_ahead="no"))

    assert Decision.objects.get().goes_ahead is False
    assert b"It was decided not to go ahead" in as_(doctor).get(page(screening)).content


def test_a_nurse_reads_who_must_decide_and_cannot(as_, nurse, screened):
    screening = screened(**HERPES)
    answer = as_(nurse).get(page(screening)).content

    assert b"A doctor must decide this." in answer
    assert b"Record the decision" not in answer
    assert as_(nurse).post(door(screening), form()).status_code == 403
    assert not Decision.objects.exists()


def test_a_nurse_acknowledges(as_, nurse, screened):
    screening = screened(**STROKE)
    as_(nurse).post(door(screening), form(kind="acknowledge", items=["S4-C03"]))

    assert Decision.objects.get().by == nurse


def test_only_a_doctor_releases(as_, doctor, nurse, screened):
    screening = screened(**NSAID)
    release = form(kind="release", items=["S1-C02"])

    assert as_(nurse).post(door(screening), release).status_code == 403
    assert not Decision.objects.exists()
    assert as_(doctor).post(door(screening), release).status_code == 302


def test_what_nobody_can_release_is_offered_to_nobody(as_, doctor, screened):
    screening = screened(pregnancy="current")
    answer = as_(doctor).get(page(screening)).content

    assert b"Nobody can release this plan" in answer
    assert b"Record the decision" not in answer
    assert as_(doctor).post(door(screening), form(kind="release", items=["S1-C05"])).status_code == 422
    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"items": []}, id="nothing chosen"),
        pytest.param({"items": ["S1-C02"]}, id="a finding that is not met"),
        pytest.param({"items": ["S1-C06\0"]}, id="NUL in a finding"),
        pytest.param({"goes_ahead": ""}, id="no decision"),
        pytest.param({"goes_ahead": "maybe"}, id="unknown decision"),
        pytest.param({"reason": ""}, id="no reason"),
        pytest.param({"reason": "because"}, id="unknown reason"),
        pytest.param({"text": " "}, id="no text"),
        pytest.param({"text": "x" * 501}, id="text too long"),
        pytest.param({"text": "a\0b"}, id="NUL in the text"),
        pytest.param({"kind": ""}, id="no kind"),
        pytest.param({"kind": "shrug"}, id="unknown kind"),
        pytest.param({"kind": "acknowledge"}, id="another kind"),
        pytest.param({"seen": "-1"}, id="negative"),
        pytest.param({"seen": "9" * 40}, id="huge"),
        pytest.param({"seen": ""}, id="not said what was seen"),
        pytest.param({"next": "x" * 501}, id="too far"),
    ],
)
def test_a_decision_that_cannot_be_is_said_so_and_keeps_what_was_typed(as_, doctor, screened, changes):
    screening = screened(**HERPES)
    answer = as_(doctor).post(door(screening), form(**{"text": "Typed before.", **changes}))

    assert answer.status_code in (400, 422)
    assert not Decision.objects.exists()
    if answer.status_code == 422 and not {"kind", "text"} & set(changes):
        assert b"Typed before." in answer.content
        assert b"Nothing was recorded yet." in answer.content


def test_whoever_comes_second_is_told_and_loses_nothing(as_, doctor, screened):
    screening = screened(**HERPES)
    browser = as_(doctor)
    browser.post(door(screening), form())
    answer = browser.post(door(screening), form(goes_ahead="no", text="I see it differently."))

    assert answer.status_code == 409
    assert b"Somebody has decided meanwhile." in answer.content
    assert b"I see it differently." in answer.content
    assert f'name="seen" value="{Decision.objects.get().pk}"'.encode() in answer.content
    again = form(goes_ahead="no", text="I see it differently.", seen=str(Decision.objects.get().pk))
    assert browser.post(door(screening), again).status_code == 302
    assert [decision.goes_ahead for decision in Decision.objects.order_by("pk")] == [True, False]


@pytest.mark.parametrize(
    ("back", "leads_to"),
    [("/courses/7/", "/courses/7/"), ("https://evil.example/", None), ("//evil.example/", None), ("", None)],
)
def test_a_decision_leads_back_to_our_own_pages_only(as_, doctor, screened, back, leads_to):
    screening = screened(**HERPES)
    answer = as_(doctor).post(door(screening), form(next=back))

    assert answer["Location"] == (leads_to or page(screening))


# ---- The worklist


@pytest.fixture
def plans(monkeypatch):
    """The screenings that an upper app says its plans stand on, oldest first."""
    found = []
    monkeypatch.setattr(worklist, "_sources", {"tests": lambda: found})
    return found


def candidate(screening, **more):
    loaded = Screening.objects.select_related("patient", "rule_set").get(pk=screening.pk)
    return worklist.Candidate(loaded, "Wrinkles, Face", "/courses/1/", **more)


def test_what_is_due_first_stands_first_and_says_why(as_, doctor, screened, plans, at):
    waits, later, soon = (screened(factories.plan(area=area), **HERPES) for area in ("neck", "hands", "face"))
    plans += [
        candidate(waits),
        candidate(later, by_when=at + dt.timedelta(9)),
        candidate(soon, by_when=at + dt.timedelta(2), cause="The lists changed.", how_many=3),
    ]

    answer = as_(doctor).get(reverse("contraindications:worklist"))
    assert [line.screening.pk for line in answer.context["waiting"]] == [soon.pk, later.pk, waits.pk]
    for said in (
        b"The lists changed.",
        b"3 sessions are held",
        b"Decide before Wednesday 25 November, 09:30",
    ):
        assert said in answer.content


def test_the_worklist_shows_what_a_doctor_holds_up(as_, doctor, nurse, screened, plans):
    held, stopped, careful = screened(**HERPES), screened(**HERPES, **NSAID), screened(**STROKE)
    incomplete = screened(**HERPES, anaemia="unsure")
    plans += [candidate(one) for one in (held, stopped, careful, incomplete)]

    for who in (doctor, nurse):
        answer = as_(who).get(reverse("contraindications:worklist"))
        assert [line.screening.pk for line in answer.context["waiting"]] == [held.pk]
        assert b"Herpes: ended" in answer.content


def test_a_decision_takes_it_off_the_worklist(as_, doctor, screened, plans):
    held = screened(**HERPES)
    plans.append(candidate(held))
    as_(doctor).post(door(held), form())

    answer = as_(doctor).get(reverse("contraindications:worklist"))
    assert answer.context["waiting"] == []
    assert b"Nothing waits" in answer.content


def test_a_longer_worklist_asks_no_more_questions(
    as_, doctor, screened, plans, django_assert_max_num_queries
):
    browser, url = as_(doctor), reverse("contraindications:worklist")
    plans.append(candidate(screened(**HERPES)))
    browser.get(url)
    few = queries(django_assert_max_num_queries, browser, url)
    plans += [candidate(screened(factories.plan(area=area), **HERPES)) for area in ("neck", "hands", "body")]

    assert queries(django_assert_max_num_queries, browser, url) == few
    assert len(browser.get(url).context["waiting"]) == 4


def test_what_was_decided_before_does_not_hide_what_was_not(as_, doctor, screened, plans, monkeypatch):
    monkeypatch.setattr(worklist, "LONGEST", 1)
    decided = screened(**HERPES)
    as_(doctor).post(door(decided), form())
    waits = screened(factories.plan(area="neck"), **HERPES)
    plans += [candidate(decided), candidate(waits)]

    answer = as_(doctor).get(reverse("contraindications:worklist"))
    assert [line.screening.pk for line in answer.context["waiting"]] == [waits.pk]


def test_a_screening_whose_digest_is_not_its_own_says_so(as_, doctor, screened):
    original = screened(**HERPES)
    fields = {f.name: getattr(original, f.name) for f in Screening._meta.concrete_fields if f.name != "id"}
    forged = Screening.objects.create(**{**fields, "digest": "0" * 64})

    assert b"it comes out differently" in as_(doctor).get(page(forged)).content


# ---- The nurse asks a doctor


def ask_door(screening):
    return reverse("contraindications:ask", args=[screening.pk])


def test_a_nurse_asks_and_the_doctor_reads_it_in_the_list_and_decides_there(
    as_, doctor, nurse, screened, plans
):
    stopped, worklist_url = screened(**NSAID), reverse("contraindications:worklist")
    plans.append(candidate(stopped))
    assert as_(doctor).get(worklist_url).context["waiting"] == []
    assert b"Ask a doctor" in as_(nurse).get(page(stopped)).content

    answer = as_(nurse).post(ask_door(stopped), {"text": "Two weeks ago?", "next": "/courses/1/"})
    assert (answer.status_code, answer["Location"]) == (302, "/courses/1/")
    assert b"Ask a doctor</h2>" not in as_(nurse).get(page(stopped)).content

    answer = as_(doctor).get(worklist_url).content
    for said in (b"Natalia asks a doctor", b"Two weeks ago?", b"non-steroidal", b">Decide<"):
        assert said.lower() in answer.lower(), said
    part = as_(doctor).get(reverse("contraindications:todo", args=[stopped.pk]), headers=HTMX)
    assert f'name="next" value="{worklist_url}"'.encode() in part.content
    answer = as_(doctor).post(door(stopped), form(kind="release", items=["S1-C02"], next=worklist_url))
    assert answer["Location"] == worklist_url
    answer = as_(doctor).get(worklist_url)
    assert answer.context["waiting"] == []
    assert b"The decision is recorded." in answer.content


def test_a_nurse_reads_the_list_and_decides_nothing_there(as_, nurse, screened, plans):
    plans.append(candidate(screened(**HERPES)))
    answer = as_(nurse).get(reverse("contraindications:worklist")).content
    assert b"Herpes: ended" in answer
    assert b"Decide<" not in answer


def test_who_looks_at_the_list_is_logged_for_each_patient_once(as_, doctor, nurse, screened, plans, ana, at):
    held, cleared = screened(**HERPES), screened(**STROKE)
    plans += [candidate(held), candidate(held), candidate(cleared)]
    as_(doctor).get(reverse("contraindications:worklist"))
    rows = AccessLog.objects.filter(view="contraindications:worklist")
    assert [(row.patient_id, row.actor_id, row.listed) for row in rows] == [(ana.pk, doctor.pk, True)]


def test_what_holds_a_plan_and_its_sessions_is_one_line(as_, doctor, screened, plans, at):
    held = screened(**HERPES)
    plans += [candidate(held), candidate(held, by_when=at, how_many=2)]
    (line,) = as_(doctor).get(reverse("contraindications:worklist")).context["waiting"]
    assert line.candidate.how_many == 2


@pytest.mark.parametrize("who", ["doctor", "front_desk", "catalogue_admin", "clinic_admin", "stranger"])
def test_only_a_nurse_asks(request, as_, screened, who):
    screening, browser = screened(**HERPES), as_(request.getfixturevalue(who))
    with nothing_changes():
        assert browser.post(ask_door(screening), {}).status_code == 403


def test_a_question_that_cannot_be_is_said_so(as_, nurse, screened):
    screening = screened(**HERPES)
    browser = as_(nurse)
    with nothing_changes():
        assert browser.get(ask_door(screening)).status_code == 405
        answer = browser.post(ask_door(screening), {"text": "x" * 501})
        assert (answer.status_code, b"x" * 501 in answer.content) == (422, True)
        assert browser.post(ask_door(screening), {"text": "a\0"}).status_code in (400, 422)
    assert browser.post(reverse("contraindications:ask", args=[10**17]), {}).status_code == 404


def test_where_nothing_waits_there_is_nothing_to_ask(as_, nurse, screened):
    screening, browser = screened(**STROKE), as_(nurse)
    with nothing_changes():
        assert browser.post(ask_door(screening), {}).status_code == 409


def test_the_part_to_decide_on_by_itself_leads_to_the_page(as_, doctor, screened):
    screening = screened(**HERPES)
    url = reverse("contraindications:todo", args=[screening.pk])
    assert as_(doctor).get(url)["Location"] == page(screening)
    assert as_(doctor).post(url).status_code == 405


def test_what_a_doctor_decided_against_is_headed_so(as_, doctor, nurse, screened):
    screening = screened(**HERPES)
    as_(doctor).post(door(screening), form(goes_ahead="no"))
    answer = as_(nurse).get(page(screening)).content
    assert b"A doctor decided not to go ahead</h2>" in answer
    assert b"A doctor must decide</h2>" not in answer
    assert b"Ask a doctor</h2>" not in answer
