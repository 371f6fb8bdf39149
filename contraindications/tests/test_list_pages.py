"""The pages about the lists: the sources side by side, and two versions compared."""

import copy
import html
import random
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.tests.unchanged import nothing_changes
from contraindications.reading import read_case
from contraindications.rulebook import compared, sources
from contraindications.rules import SHIPPED_SETTINGS, screen
from contraindications.rules.screening import known_on
from contraindications.screening import CannotScreen
from contraindications.tests import documented, factories, random_cases, random_edits
from contraindications.tests.test_side_by_side import DOCUMENTED
from contraindications.views import lists

SOURCES, COMPARE = "rules:sources", "rules:compare"
PLACED = {"technique": "microneedle", "area": "other"}
UNKNOWN = ["99", "0", "x", "-1", "1.5", "9" * 30, "¹"]

pytestmark = pytest.mark.django_db


def words(text):
    """What stands in a piece of HTML, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", text)))


def said(answer):
    """The words of a page."""
    return words(answer.content.decode())


def row(answer, anchor):
    """The words of one condition's row."""
    return words(answer.content.decode().split(f'id="{anchor}"')[1].split("</tr>")[0])


@pytest.fixture
def newer(rule_set):
    """A second version: an item changed, one retired, one added, a setting and a reach changed."""
    content = copy.deepcopy(documented.content())
    changed, retired = (next(i for i in content["items"] if i["id"] == code) for code in ("S4-C08", "S3-P04"))
    content["items"].remove(retired)
    content["items"].append({**retired, "id": "S3-P06", "item": "no retinoids before the procedure"})
    changed["strength"] = "must_not"
    changed["when"] = changed["when"][:1]
    content["settings"] = {**SHIPPED_SETTINGS, "minimum_age": 16, "absolute": ["pregnancy", "allergen"]}
    content["scope"]["reach"]["S3"]["needle_free"]["scalp"] = "not_stated"
    return factories.published(**content)


# ---- Who


@pytest.mark.parametrize("who", ["doctor", "nurse", "catalogue_admin"])
@pytest.mark.parametrize("name", [SOURCES, COMPARE])
def test_clinical_staff_and_the_catalogue_s_admin_read_the_lists(request, as_, rule_set, who, name):
    browser = as_(request.getfixturevalue(who))
    with nothing_changes():
        assert browser.get(reverse(name)).status_code == 200


@pytest.mark.parametrize(("who", "compares"), [("front_desk", 403), ("clinic_admin", 200), ("stranger", 403)])
def test_who_else_may_compare_only_or_nothing(request, as_, rule_set, who, compares):
    browser = as_(request.getfixturevalue(who))

    assert browser.get(reverse(SOURCES)).status_code == 403
    assert browser.get(reverse(COMPARE)).status_code == compares


@pytest.mark.parametrize("name", [SOURCES, COMPARE])
def test_nothing_can_be_sent_there(as_, doctor, rule_set, name):
    assert as_(doctor).post(reverse(name)).status_code == 405


# ---- The sources side by side


def test_a_row_says_force_place_match_and_states_and_who_is_silent(as_, doctor, rule_set):
    answer = as_(doctor).get(reverse(SOURCES))

    assert row(answer, "fact-epilepsy").count("silent") == 3
    assert "contraindicated now: named recent, past: the wording leaves it open" in row(
        answer, "fact-epilepsy"
    )
    assert "S1, item 9, line 95" in row(answer, "fact-epilepsy")
    assert "as one of a group" in row(answer, "fact-vitiligo")
    assert "younger than 6" in row(answer, "age")
    assert "6 to 17 years" in row(answer, "age")
    assert "younger than 18, the clinic's minimum age" in row(answer, "age")
    assert "the clinic's own rule: a doctor decides" in row(answer, "fact-corticosteroid")
    for word in ("safe", "suitable"):
        assert word not in said(answer).lower()


def test_documents_that_disagree_stand_out_and_silence_does_not(as_, doctor, rule_set):
    answer = as_(doctor).get(reverse(SOURCES))

    assert "documents disagree how strictly: barred (S0, S1, S3); with care (S4)" in row(
        answer, "fact-malignancy"
    )
    assert "documents disagree when: now (S0); now, recent, past (S1, S3)" in row(answer, "fact-herpes")
    assert "disagree" not in row(answer, "fact-epilepsy")


def test_only_where_they_disagree(as_, doctor, rule_set):
    text = as_(doctor).get(reverse(SOURCES), {"disputed": "on"}).content.decode()

    shown = set(re.findall(r'<tr id="([\w-]+)"', text))
    assert shown == {line.condition.key for line in DOCUMENTED.lines if line.dispute}


def test_a_document_without_a_list_is_named_once(as_, doctor, rule_set):
    answer = as_(doctor).get(reverse(SOURCES), PLACED)

    assert said(answer).count("has no list of contraindications") == 1
    assert len(re.findall(r"\bS2\b", said(answer))) == 1


def test_the_table_is_one_for_a_screen_reader(as_, doctor, rule_set):
    text = as_(doctor).get(reverse(SOURCES)).content.decode()

    assert text.count('<th scope="col"') == 6
    assert text.count('<th scope="row">') == len(DOCUMENTED.lines)
    assert "<td></td>" not in re.sub(r"\s+", "", text)


def test_without_technique_and_area_nothing_is_said_of_what_follows(as_, doctor, rule_set):
    for asked in ({}, {"technique": "needle"}, {"area": "scalp"}):
        answer = as_(doctor).get(reverse(SOURCES), asked)
        assert "Choose a technique and an area" in said(answer)
        assert "a doctor decides" not in row(answer, "fact-epilepsy")


def test_a_technique_and_an_area_say_how_far_each_list_reaches_and_what_follows(as_, doctor, rule_set):
    answer = as_(doctor).get(reverse(SOURCES), PLACED)

    assert "Reaches this technique by extension. It calls microneedle mesotherapy the same procedure" in said(
        answer
    )
    assert "S1 113" in said(answer)
    assert "Written for another area" in said(answer)
    assert "now: named stop recent, past: the wording leaves it open a doctor decides" in row(
        answer, "fact-epilepsy"
    )
    assert "now: the wording leaves it open note" in row(answer, "fact-inflammation_elsewhere")


def test_an_older_version_can_be_looked_at(as_, doctor, rule_set, newer):
    assert "must not" in row(as_(doctor).get(reverse(SOURCES)), "fact-urticaria")
    assert "may trigger" in row(
        as_(doctor).get(reverse(SOURCES), {"ruleset": rule_set.version}), "fact-urticaria"
    )


@pytest.mark.parametrize("version", UNKNOWN)
def test_a_version_that_is_not_there_is_not_found(as_, doctor, rule_set, version):
    assert as_(doctor).get(reverse(SOURCES), {"ruleset": version}).status_code == 404


@pytest.mark.parametrize("asked", [{"technique": "laser"}, {"area": "face", "technique": "needle"}])
def test_an_unknown_technique_or_area_is_said_to_be_one(as_, doctor, rule_set, asked):
    answer = as_(doctor).get(reverse(SOURCES), asked)

    assert answer.status_code == 422
    assert "Select a valid choice" in said(answer)


def test_a_rule_set_that_cannot_be_relied_on_is_not_shown(as_, doctor, rule_set, monkeypatch):
    def broken(digest):
        raise CannotScreen

    monkeypatch.setattr(lists, "compiled_rules", broken)
    answer = as_(doctor).get(reverse(SOURCES))

    assert "do not treat this as clear" in said(answer)
    assert "fact-herpes" not in answer.content.decode()


def test_where_nothing_is_published_the_pages_say_so(as_, doctor, monkeypatch):
    monkeypatch.setattr(lists, "_versions", list)

    assert "No rule set is published" in said(as_(doctor).get(reverse(SOURCES)))
    assert as_(doctor).get(reverse(COMPARE)).status_code == 404


def test_the_pages_ask_as_many_questions_however_long_the_lists(as_, doctor, rule_set):
    browser = as_(doctor)

    def queries():
        for name in (SOURCES, COMPARE):
            browser.get(reverse(name), PLACED)  # what a process keeps is there
        with CaptureQueriesContext(connection) as asked:
            for name in (SOURCES, COMPARE):
                browser.get(reverse(name), PLACED)
        return len(asked)

    before = queries()
    more = [{**item, "id": f"N-{n}"} for n, item in enumerate(documented.content()["items"])]
    factories.published(items=[*documented.content()["items"], *more])
    factories.published()
    assert queries() == before


# ---- From a finding to its row


def test_every_finding_leads_to_a_row_that_says_it():
    lines = {line.condition.key: line for line in DOCUMENTED.lines}
    for case in random_cases.cases(11, 400):
        if random_cases.is_spoiled(case):
            continue
        read, ruleset = read_case(case, documented.catalogue()), documented.ruleset()
        known = known_on(read.as_of, read.patient, read.plan, ruleset)
        for found in screen(read.patient, read.plan, ruleset, read.as_of).findings:
            if condition := sources.condition_met(found.item, known, ruleset):
                items = {s.item.id for cell in lines[condition.key].cells for s in cell.says}
                assert found.item in items
            else:
                assert found.item in ("scope-none", "allergy-unmatched")


@pytest.mark.parametrize("page", ["screening", "why"])
def test_pages_of_a_screening_link_each_finding_and_tell_nobody_of_whom(as_, doctor, screened, page):
    screening = screened(herpes="current", allergies=["bees"])
    links = links_of(as_(doctor).get(reverse(f"contraindications:{page}", args=[screening.pk])))

    assert [link.fragment for link in links] == ["fact-herpes"] * 4 + ["sources"]
    for link in links:
        assert parse_qs(link.query) == {"ruleset": ["1"], "technique": ["needle"], "area": ["other"]}
        assert as_(doctor).get(link.geturl()).status_code == 200


def links_of(answer):
    """The links of a page to the sources, those of its frame left out."""
    found = re.findall(r'href="(/rules/sources/[^"]+)" target', answer.content.decode())
    return [urlsplit(html.unescape(link)) for link in found]


# ---- Two versions compared


def test_what_changed_is_said_item_by_item_in_words(as_, doctor, rule_set, newer):
    text = said(as_(doctor).get(reverse(COMPARE), {"from": rule_set.version, "to": newer.version}))

    for sentence in (
        "1 item added, 1 retired, 1 changed.",
        "added S3-P06 No retinoids before the procedure",
        "retired S3-P04",
        "Force may trigger a reaction must not",
        "Met by Urticaria (hives): now (named) Urticaria (hives): recent, past (the wording leaves it open)",
        "Minimum age 18 16",
        "S3: Needle-free, Scalp Reaches this technique weakly Not stated for this technique",
        "What nobody can release Pregnancy Breast-feeding An allergy to a substance of the plan",
    ):
        assert sentence in text


def test_without_numbers_the_last_two_are_compared(as_, doctor, rule_set, newer):
    assert f"From rule set {rule_set.version} to {newer.version}" in said(as_(doctor).get(reverse(COMPARE)))


@pytest.mark.parametrize("ends", [{"from": "1", "to": "1"}, {}])
def test_one_and_the_same_version_does_not_differ(as_, doctor, rule_set, ends):
    text = said(as_(doctor).get(reverse(COMPARE), ends))

    assert "There is no difference" in text
    assert "one and the same version" in text


def test_two_versions_that_say_the_same_do_not_differ(as_, doctor, rule_set):
    factories.published(items=documented.content()["items"][::-1])

    assert "Both say the same." in said(as_(doctor).get(reverse(COMPARE)))


@pytest.mark.parametrize("end", ["from", "to"])
@pytest.mark.parametrize("version", UNKNOWN)
def test_a_version_that_is_not_there_cannot_be_compared(as_, doctor, rule_set, end, version):
    assert as_(doctor).get(reverse(COMPARE), {end: version}).status_code == 404


def test_versions_that_cannot_be_read_are_not_compared(as_, doctor, rule_set, newer, monkeypatch):
    def broken(old, new, facts):
        raise lists.RuleSetError

    monkeypatch.setattr(compared, "show", broken)
    assert "do not treat this as clear" in said(as_(doctor).get(reverse(COMPARE)))


@pytest.mark.parametrize("seed", range(30))
def test_whatever_was_edited_can_be_put_into_words(seed):
    rng, old = random.Random(seed), documented.content()
    new = random_edits.edited(rng, old, edits=8)
    shown = compared.show(old, new, {})

    assert {(one.code, one.kind) for one in shown.items} == {
        (code, kind)
        for code, kind in (
            (code, kind_of(by_id(old).get(code), by_id(new).get(code))) for code in {*by_id(old), *by_id(new)}
        )
        if kind
    }
    assert all(change.what for one in shown.items for change in one.changes)
    assert not shown.same


def by_id(content):
    return {item["id"]: item for item in content["items"]}


def kind_of(old, new):
    if old == new:
        return None
    return "added" if old is None else "retired" if new is None else "changed"
