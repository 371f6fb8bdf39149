"""The pages of the rule sets: who sees and does what, what is refused and left as it was, and that nobody is named."""

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from clinic.models import AccessLog
from clinic.roles import Role
from clinic.tests.unchanged import nothing_changes
from conftest import person
from contraindications import tasks
from contraindications.models import Draft, DraftChange, RuleSet
from contraindications.querysets import RuleSetQuerySet
from contraindications.rulebook import draft_actions, drafting, drafts
from contraindications.tests.documented import content
from contraindications.tests.draft_factories import add_item, previewed, propose, retire
from contraindications.tests.factories import published
from patients.tests.factories import interview
from treatments.courses.tests.factories import cleared_patient, course

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rule_set", "on_the_day")]
HTMX = {"HX-Request": "true"}
ROW = {
    "row-0-kind": "fact",
    "row-0-fact": "metabolic_unclear",
    "row-0-states": ["current"],
    "row-0-match": "direct",
}


def url(name, *args):
    return reverse(f"rules:{name}", args=args)


def said(answer):
    return answer.content.decode()


def item_form(**changes):
    return {
        "seen": drafting.seen(None),
        "source": "S1",
        "locator": "L102",
        "item": "gout",
        "strength": "contraindicated",
        "reason": "Read again",
        **ROW,
        **changes,
    }


def standing(code):
    return drafting.item_of(drafts.in_the_making(), code)


def source_form(**changes):
    places = [f"reach-{f}-{r}" for f in ("needle", "microneedle", "needle_free") for r in ("scalp", "other")]
    return {
        "seen": drafting.seen(None),
        "code": "S5",
        "title": "Another document",
        "about": "needles",
        "reason": "It came out",
        **dict.fromkeys(places, "direct"),
        "says-direct": "its list is about needles",
        "cite-direct": "S5 L3",
        **changes,
    }


def settings_form(**changes):
    now = drafts.in_the_making()["settings"]
    return {**now, "seen": drafting.seen(now), "reason": "Decided by the board", **changes}


@pytest.fixture
def proposed(catalogue_admin):
    return add_item(by=catalogue_admin)


@pytest.fixture
def ready(proposed, nurse, doctor):
    """A previewed draft that would stop somebody."""
    who = cleared_patient(by=nurse, name="Maria Nowak")
    interview(who, by=nurse, answers={"metabolic_unclear": "current"})
    course(by=nurse, patient=who, confirmed=False)
    previewed(proposed.draft, by=doctor)
    return proposed.draft


# ---- Reading


@pytest.mark.parametrize("who", ["doctor", "nurse", "catalogue_admin", "clinic_admin"])
def test_versions_say_what_is_in_force_and_show_every_item_with_its_place(request, as_, who):
    browser = as_(request.getfixturevalue(who))
    page = said(browser.get(url("versions")))
    assert "Rule set 1" in page
    assert "in force" in page
    one = said(browser.get(url("version", 1)))
    for words in ("item 2, line 88", "Ships with", "The one age in a document", "NSAID: now"):
        assert words in one


def test_a_version_that_is_not_published_is_not_found(as_, doctor):
    for number in (2, 10**12, 10**17):
        assert as_(doctor).get(url("version", number)).status_code == 404


def test_a_version_says_why_it_was_changed(as_, ready, doctor):
    new = draft_actions.publish(
        ready, expected=ready.preview.digest, note="Gout", by=doctor, at=ready.opened_at
    )
    page = said(as_(doctor).get(url("version", new.version)))
    assert "The clinic decided so" in page
    assert "S1-C16" in page
    assert "What its preview had found" in page
    assert "Nowak" not in page


def test_more_items_cost_no_more_questions(as_, catalogue_admin, django_assert_max_num_queries):
    browser, address = as_(catalogue_admin), url("draft")
    add_item(by=catalogue_admin)
    browser.get(address)
    with django_assert_max_num_queries(40) as few:
        browser.get(address)
    for name in ("keloids", "scars", "asthma"):
        add_item(by=catalogue_admin, item=name)
    with django_assert_max_num_queries(len(few)):
        browser.get(address)


# ---- Proposing


def test_a_catalogue_admin_adds_an_item(as_, catalogue_admin):
    browser = as_(catalogue_admin)
    assert browser.get(url("item_add")).status_code == 200
    answer = browser.post(url("item_add"), item_form())
    assert (answer.status_code, answer["Location"]) == (302, url("draft"))
    change = DraftChange.objects.get()
    assert change.after["when"] == [{"fact": "metabolic_unclear", "states": ["current"], "match": "direct"}]
    assert (change.code, change.reason, change.by) == ("S1-C16", "Read again", catalogue_admin)
    page = said(browser.get(url("draft")))
    assert "Gout" in page
    assert "Metabolic finding, not a diagnosis: now (named)" in page


@pytest.mark.parametrize(
    ("row", "kept"),
    [
        pytest.param(
            {
                "kind": "joined",
                "how": "all_of",
                "facts": ["heart_disease", "", "stroke"],
                "states": ["current"],
            },
            {"all_of": ["heart_disease", "stroke"], "states": ["current"]},
            id="joined",
        ),
        pytest.param(
            {"kind": "age", "age_from": "6", "age_below": "18"}, {"age_from": 6, "age_below": 18}, id="ages"
        ),
        pytest.param({"kind": "age", "minimum": "on"}, {"age_below": "minimum_age"}, id="the minimum age"),
        pytest.param(
            {"kind": "allergen", "allergen_in": "procedure"}, {"allergen_in": "procedure"}, id="allergen"
        ),
    ],
)
def test_every_kind_of_row_can_be_filled_in(as_, catalogue_admin, row, kept):
    typed = {f"row-0-{name}": value for name, value in {**row, "match": "ambiguous"}.items()}
    form = {key: value for key, value in item_form().items() if not key.startswith("row-")}
    assert as_(catalogue_admin).post(url("item_add"), {**form, **typed}).status_code == 302
    assert DraftChange.objects.get().after["when"] == [{**kept, "match": "ambiguous"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"locator": "  "}, "An item without a citation cannot be saved", id="no citation"),
        pytest.param({"source": "CP"}, "is marked as policy", id="policy with a document's force"),
        pytest.param(
            {"strength": "policy_stop"}, "never the clinic’s", id="a document with the clinic's force"
        ),
        pytest.param({"item": ""}, "This field is required", id="no condition"),
        pytest.param({"item": "x" * 251}, "at most 250", id="too long"),
        pytest.param({"reason": " \n "}, "Say why", id="no reason"),
        pytest.param({"source": "S9"}, "Select a valid choice", id="no such source"),
        pytest.param({"row-0-fact": "gout"}, "Select a valid choice", id="no such fact"),
        pytest.param({"row-0-states": []}, "at least one state", id="no state"),
        pytest.param({"row-0-states": ["no"]}, "Select a valid choice", id="met by no"),
        pytest.param({"row-0-states": ["past"]}, "is never answered so", id="a state without sense"),
        pytest.param({"row-0-match": "sure"}, "Select a valid choice", id="no such match"),
        pytest.param({"row-0-kind": "x"}, "add at least one row", id="no row"),
        pytest.param({"row-0-kind": "age"}, "at least one age", id="an age without a number"),
        pytest.param(
            {"row-0-kind": "age", "row-0-age_below": "9" * 30}, "less than or equal", id="a huge age"
        ),
        pytest.param({"row-0-kind": "joined", "row-0-how": "all_of"}, "at least two", id="a join of nothing"),
    ],
)
def test_an_item_that_cannot_be_saved_is_shown_again_with_what_is_wrong(as_, catalogue_admin, changes, words):
    browser = as_(catalogue_admin)
    with nothing_changes():
        answer = browser.post(url("item_add"), item_form(**changes))
    assert answer.status_code == 422
    assert words in said(answer)


def test_the_clinics_own_item_is_marked_as_policy(as_, catalogue_admin):
    form = item_form(source="CP", strength="policy_hold", locator="")
    assert as_(catalogue_admin).post(url("item_add"), form).status_code == 302
    assert DraftChange.objects.get().after["locator"] == "policy"


def test_rows_come_and_go_without_saving_and_without_scripts(as_, catalogue_admin):
    browser = as_(catalogue_admin)
    with nothing_changes():
        more = said(browser.post(url("item_add"), item_form(add="age", item="")))
        less = said(browser.post(url("item_add"), item_form(remove="row-0")))
        junk = browser.post(url("item_add"), item_form(add="x", remove="row-77"))
    assert "2. Age" in more
    assert "This field is required" not in more
    assert 'value="metabolic_unclear" selected' in more
    assert "metabolic_unclear" not in less
    assert junk.status_code == 200


def test_an_item_is_changed_with_what_stands_filled_in(as_, catalogue_admin):
    browser = as_(catalogue_admin)
    page = said(browser.get(url("item_change", "S4-C09")))
    assert 'value="heart_disease" selected' in page
    before = standing("S1-C02")
    form = item_form(seen=drafting.seen(before), item="pain killers")
    assert browser.post(url("item_change", "S1-C02"), form).status_code == 302
    change = DraftChange.objects.get()
    assert (change.kind, change.code, change.before) == ("change", "S1-C02", before)
    assert "<del" in said(browser.get(url("draft")))


@pytest.mark.parametrize("code", [item["id"] for item in content()["items"]])
def test_every_shipped_item_goes_through_the_form_unchanged(as_, catalogue_admin, code):
    browser, item = as_(catalogue_admin), standing(code)
    page = browser.get(url("item_change", code))
    typed = {"seen": drafting.seen(item), "reason": "x"}
    form, rows = page.context["form"], page.context["rows"]
    for one in (form, *rows.forms):
        typed |= {
            one[name].html_name: one[name].value()
            for name in one.fields
            if one[name].value() not in (None, False)
        }
    typed |= {f"{row.prefix}-kind": row.kind for row in rows.forms} | {"reason": "x"}
    answer = browser.post(url("item_change", code), typed)
    assert answer.status_code == 422
    assert "Nothing is different" in said(answer)


def test_an_item_is_retired(as_, catalogue_admin):
    browser = as_(catalogue_admin)
    assert "Use of non-steroidal" in said(browser.get(url("item_retire", "S1-C02")))
    form = {"seen": drafting.seen(standing("S1-C02")), "reason": "Withdrawn"}
    assert browser.post(url("item_retire", "S1-C02"), form).status_code == 302
    assert standing("S1-C02") is None
    assert browser.get(url("item_change", "S1-C02")).status_code == 404


def test_who_saw_something_else_is_told(as_, catalogue_admin):
    form = {"seen": drafting.seen(standing("S1-C02")), "reason": "Withdrawn"}
    propose("change", "S1-C02", {**standing("S1-C02"), "item": "x"}, by=catalogue_admin)
    browser = as_(catalogue_admin)
    with nothing_changes():
        answer = browser.post(url("item_retire", "S1-C02"), form)
    assert answer.status_code == 409


def test_a_document_is_proposed_with_how_far_it_reaches_and_why(as_, catalogue_admin):
    browser = as_(catalogue_admin)
    assert browser.get(url("source_add")).status_code == 200
    assert browser.post(url("source_add"), source_form()).status_code == 302
    after = DraftChange.objects.get().after
    assert after["reach"]["needle_free"] == {"scalp": "direct", "other": "direct"}
    assert after["why"] == {"direct": {"says": "its list is about needles", "cite": "S5 L3"}}
    assert browser.post(url("item_add"), item_form(source="S5")).status_code == 302
    assert standing("S5-C01")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"code": "S1"}, "There is a source of this name", id="taken"),
        pytest.param({"code": "s5"}, "A capital letter", id="no short name"),
        pytest.param({"title": ""}, "This field is required", id="no title"),
        pytest.param({"reach-needle-scalp": ""}, "This field is required", id="a reach left open"),
        pytest.param({"reach-needle-scalp": "far"}, "Select a valid choice", id="no such reach"),
        pytest.param({"says-direct": ""}, "Say why it reaches so far", id="no reason"),
        pytest.param({"cite-direct": ""}, "Say where", id="no citation"),
        pytest.param({"cite-direct": "own"}, "Say where in a document", id="cited as the clinic's own"),
        pytest.param({"cite-direct": "S9 L1"}, "names no source", id="cites what is not there"),
        pytest.param(
            {"reach-needle-scalp": "weak"}, "Say why it reaches so far", id="a second reach without a reason"
        ),
    ],
)
def test_a_document_that_does_not_say_enough_is_refused(as_, catalogue_admin, changes, words):
    browser = as_(catalogue_admin)
    with nothing_changes():
        answer = browser.post(url("source_add"), source_form(**changes))
    assert answer.status_code == 422
    assert words in said(answer)


@pytest.mark.parametrize("who", ["clinic_admin", "catalogue_admin"])
def test_settings_show_their_default_and_where_it_comes_from_and_are_proposed(request, as_, who):
    browser = as_(request.getfixturevalue(who))
    page = said(browser.get(url("settings")))
    for words in ("Ships with 18.", "Ships with 30.", "Ships with 90.", "No document says how old"):
        assert words in page
    form = settings_form(validity_days=60, absolute=["minimum_age", "allergen", "pregnancy"])
    assert browser.post(url("settings"), form).status_code == 302
    changes = {change.code: change.after for change in DraftChange.objects.all()}
    assert changes == {"validity_days": 60, "absolute": ["pregnancy", "allergen", "minimum_age"]}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({}, "Nothing is different", id="nothing"),
        pytest.param({"minimum_age": "100"}, "less than or equal", id="too old"),
        pytest.param({"validity_days": "0"}, "greater than or equal", id="no validity"),
        pytest.param({"look_back_days": "x"}, "whole number", id="no number"),
        pytest.param({"absolute": ["gout"]}, "Select a valid choice", id="absolute of nothing"),
        pytest.param({"minimum_age": "21", "reason": ""}, "Say why", id="no reason"),
    ],
)
def test_settings_that_cannot_be_are_refused(as_, clinic_admin, changes, words):
    browser = as_(clinic_admin)
    with nothing_changes():
        answer = browser.post(url("settings"), settings_form(**changes))
    assert answer.status_code == 422
    assert words in said(answer)


# ---- The draft


def test_a_change_is_taken_back_and_stays_to_be_read(as_, proposed, catalogue_admin, clinic_admin):
    address = url("take_back", proposed.pk)
    browser = as_(clinic_admin)
    with nothing_changes():
        assert browser.post(address).status_code == 403
    assert as_(catalogue_admin).post(address).status_code == 302
    assert "Taken back by Kasia" in said(as_(catalogue_admin).get(url("draft")))
    browser = as_(catalogue_admin)
    with nothing_changes():
        assert browser.post(address).status_code == 409


def test_what_others_rest_on_is_not_taken_back(as_, proposed, catalogue_admin):
    propose("change", proposed.code, {**proposed.after, "item": "tophi"}, by=catalogue_admin)
    browser = as_(catalogue_admin)
    with nothing_changes():
        answer = browser.post(url("take_back", proposed.pk))
    assert answer.status_code == 422
    assert "take back or change that first" in said(answer)


def test_a_draft_is_discarded_with_a_reason(as_, proposed, doctor):
    address = url("discard", proposed.draft_id)
    browser = as_(doctor)
    with nothing_changes():
        assert browser.post(address, {"reason": ""}).status_code == 422
    assert as_(doctor).post(address, {"reason": "A mistake"}).status_code == 302
    assert "A mistake" in said(as_(doctor).get(url("versions")))
    browser = as_(doctor)
    with nothing_changes():
        answer = browser.post(address, {"reason": "Again"})
    assert answer.status_code == 409
    assert "has discarded this draft" in said(answer)


def test_the_draft_says_where_it_is_milder(as_, catalogue_admin):
    retire("S1-C12", by=catalogue_admin)
    page = said(as_(catalogue_admin).get(url("draft")))
    assert "This draft is milder" in page
    assert "Anaemia (now): from “stop” to “no finding”" in page


# ---- The preview


def test_the_preview_runs_without_a_worker(as_, proposed, catalogue_admin, monkeypatch):
    def down(*args, **kwargs):
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.run_preview, "delay", down)
    browser = as_(catalogue_admin)
    assert browser.post(url("preview_start", proposed.draft_id)).status_code == 302
    page = said(browser.get(url("draft")))
    assert 'hx-trigger="every 2s"' in page
    assert "X-Background" in page
    part = browser.post(url("preview_run", proposed.draft.preview.pk), headers=HTMX)
    assert "cases looked at" in said(part)
    assert "every 2s" not in said(part)
    assert browser.post(url("preview_run", proposed.draft.preview.pk)).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_does_not_stop_the_start(as_, proposed, doctor, monkeypatch):
    asked = []

    def down(*args, **kwargs):
        asked.append(args)
        raise OperationalError("no broker")

    monkeypatch.setattr(tasks.run_preview, "delay", down)
    answer = as_(doctor).post(url("preview_start", proposed.draft_id), headers=HTMX)
    assert (answer.status_code, asked) == (200, [(proposed.draft.preview.pk,)])


def test_the_part_that_renews_itself_is_no_page_of_its_own(as_, proposed, doctor):
    answer = as_(doctor).get(url("preview"))
    assert (answer.status_code, answer["Location"]) == (302, url("draft"))


@pytest.mark.parametrize("who", ["catalogue_admin", "clinic_admin"])
def test_who_sees_no_patients_sees_counts_and_items_only(request, as_, ready, who):
    browser = as_(request.getfixturevalue(who))
    for address in (url("draft"), url("preview")):
        page = said(browser.get(address, headers=HTMX))
        assert "Contraindicated" in page
        assert "S1-C16" in page
        assert "Nowak" not in page
        assert url("people", ready.preview.flips.exclude(patient=None).get().pk) not in page
    flip = ready.preview.flips.exclude(patient=None).get()
    assert browser.get(url("people", flip.pk)).status_code == 403
    assert not AccessLog.objects.exists()


def test_a_doctor_sees_who_it_is_and_leaves_a_trace(as_, ready, doctor):
    flip = ready.preview.flips.exclude(patient=None).get()
    assert "Nowak" not in said(as_(doctor).get(url("draft")))
    assert not AccessLog.objects.exists()
    page = said(as_(doctor).get(url("people", flip.pk)))
    assert "Maria Nowak" in page
    assert flip.url in page
    assert AccessLog.objects.get().patient_id == flip.patient_id
    for wrong in ("0", "-1", "x", "9" * 30, "²"):
        assert as_(doctor).get(url("people", flip.pk), {"page": wrong}).status_code == 404


def test_what_is_retired_is_still_called_by_its_name(as_, catalogue_admin, doctor):
    draft = retire("S1-C02", by=catalogue_admin).draft
    previewed(draft, by=doctor)
    assert "Use of non-steroidal anti-inflammatory drugs (retired)" in said(as_(doctor).get(url("draft")))


def test_a_stale_preview_says_so_and_shows_nothing_of_before(as_, ready, catalogue_admin, doctor):
    add_item(by=catalogue_admin, item="keloids")
    page = said(as_(doctor).get(url("draft")))
    assert "was changed since it was previewed" in page
    assert "Preview it first" in page
    assert url("publish", ready.pk) not in page


def test_rows_of_a_preview_that_is_over_are_gone(as_, ready, doctor):
    flip = ready.preview.flips.first()
    draft_actions.discard(ready, reason="x", by=doctor, at=ready.opened_at)
    assert as_(doctor).get(url("people", flip.pk)).status_code == 404
    browser = as_(doctor)
    with nothing_changes():
        assert browser.post(url("preview_run", flip.preview_id)).status_code == 404
        assert browser.post(url("preview_start", ready.pk)).status_code == 409
    assert "no open draft any more" in said(as_(doctor).get(url("preview"), headers=HTMX))


# ---- Publishing


def test_a_doctor_publishes_what_the_page_showed(as_, ready, doctor):
    browser = as_(doctor)
    assert url("publish", ready.pk) in said(browser.get(url("draft")))
    answer = browser.post(url("publish", ready.pk), {"expected": ready.preview.digest, "note": "Gout"})
    assert (answer.status_code, answer["Location"]) == (302, url("version", 2))
    assert RuleSet.objects.in_force().note == "Gout"


@pytest.mark.parametrize("who", ["catalogue_admin", "clinic_admin", "nurse", "front_desk", "stranger"])
def test_nobody_but_a_doctor_publishes(request, as_, ready, who):
    browser = as_(request.getfixturevalue(who))
    with nothing_changes():
        answer = browser.post(url("publish", ready.pk), {"expected": ready.preview.digest})
    assert answer.status_code == 403


def test_who_cannot_publish_reads_whose_turn_it_is(as_, proposed, catalogue_admin, doctor):
    page = as_(catalogue_admin)
    assert "once it was previewed" in said(page.get(url("draft")))
    previewed(Draft.objects.get(), by=doctor)
    assert "It is previewed. Now a doctor" in said(page.get(url("draft")))


def test_a_doctor_does_not_publish_their_own_change(as_, ready):
    both = person("Both", Role.DOCTOR, Role.CLINIC_ADMIN)
    propose("setting", "validity_days", 60, by=both)
    preview = previewed(ready, by=both)
    assert "another doctor publishes it" in said(as_(both).get(url("draft")))
    browser = as_(both)
    with nothing_changes():
        assert browser.post(url("publish", ready.pk), {"expected": preview.digest}).status_code == 403


def test_another_digest_than_that_of_the_preview_is_a_conflict(as_, ready, doctor):
    for expected in ("0" * 64, "x"):
        browser = as_(doctor)
        with nothing_changes():
            answer = browser.post(url("publish", ready.pk), {"expected": expected, "note": "Gout"})
        assert answer.status_code == 409
        assert "Nothing was published" in said(answer)
    assert as_(doctor).post(url("publish", ready.pk), {}).status_code == 422


def test_who_comes_second_is_told_who_was_first(as_, ready, doctor):
    other = person("Oliwia", Role.DOCTOR)
    digest = ready.preview.digest
    draft_actions.publish(ready, expected=digest, note="", by=other, at=ready.opened_at)
    browser = as_(doctor)
    with nothing_changes():
        answer = browser.post(url("publish", ready.pk), {"expected": digest})
    assert answer.status_code == 409
    assert "Oliwia has published this draft as rule set 2" in said(answer)


def test_a_draft_that_was_overtaken_is_put_on_the_newest(as_, ready, doctor):
    published()
    browser = as_(doctor)
    assert "Rule set 2 was published meanwhile" in said(browser.get(url("draft")))
    with nothing_changes():
        answer = browser.post(url("publish", ready.pk), {"expected": ready.preview.digest})
    assert answer.status_code == 409
    assert browser.post(url("renew", ready.pk)).status_code == 302
    assert Draft.objects.get().base.version == 2


def test_changes_that_do_not_fit_the_newest_are_named(as_, proposed, catalogue_admin, doctor):
    retire("S1-C02", by=catalogue_admin)
    items = [one for one in drafts.in_the_making()["items"] if one["id"] != "S1-C16"]
    published(items=items)
    browser = as_(doctor)
    with nothing_changes():
        answer = browser.post(url("renew", proposed.draft_id))
    assert answer.status_code == 409
    assert "do not fit the newest version" in said(answer)


def test_without_a_published_rule_set_there_is_nothing_to_start_from(as_, catalogue_admin, monkeypatch):
    monkeypatch.setattr(RuleSetQuerySet, "in_force", lambda self: None)
    browser = as_(catalogue_admin)
    for name in ("draft", "item_add", "source_add", "settings"):
        assert browser.get(url(name)).status_code == 409
    assert browser.get(url("versions")).status_code == 200


def test_the_same_form_sent_twice_adds_one_item(as_, catalogue_admin):
    browser = as_(catalogue_admin)
    assert browser.post(url("item_add"), item_form()).status_code == 302
    with nothing_changes():
        answer = browser.post(url("item_add"), item_form())
    assert answer.status_code == 422
    assert "says the same as S1-C16" in said(answer)


# ---- Wrong method, wrong address


POSTS = ["take_back", "discard", "renew", "publish", "preview_start", "preview_run"]


@pytest.mark.parametrize("name", POSTS)
def test_what_changes_something_is_posted(as_, proposed, doctor, name):
    assert as_(doctor).get(url(name, 1)).status_code == 405
    assert as_(doctor).post(url(name, 10**17), {"reason": "x", "expected": "x"}).status_code == 404


@pytest.mark.parametrize("name", ["versions", "draft", "preview"])
def test_what_shows_something_is_not_posted_to(as_, doctor, name):
    assert as_(doctor).post(url(name)).status_code == 405


def test_an_item_that_is_not_there_is_not_found(as_, catalogue_admin):
    for name in ("item_change", "item_retire"):
        assert as_(catalogue_admin).get(url(name, "S9-C99")).status_code == 404
        assert as_(catalogue_admin).post(url(name, "S9-C99"), item_form()).status_code == 404
