"""Drafts: who may propose, take back, discard and publish, and what is refused and left as it was."""

import datetime as dt
import hashlib

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, InternalError, connection, transaction
from hypothesis import HealthCheck, given, settings

from clinic.roles import Role
from clinic.tests.thorough import examples
from clinic.tests.unchanged import nothing_changes
from clinic.versions import ChangedMeanwhile
from conftest import person
from contraindications.models import Draft, DraftChange, ListItem, Screening, Source
from contraindications.rulebook import draft_actions, drafting, drafts, previewing
from contraindications.screening import recompute, rules_in_force
from contraindications.tests.documented import content
from contraindications.tests.draft_factories import GOUT, add_item, previewed, propose, publish, retire
from contraindications.tests.drafts import edited, new_source
from contraindications.tests.factories import published

pytestmark = pytest.mark.django_db


@pytest.fixture
def proposed(rule_set, catalogue_admin):
    """A draft with one new item."""
    return add_item(by=catalogue_admin)


@pytest.fixture
def ready(proposed, doctor):
    """The same, previewed."""
    previewed(proposed.draft, by=doctor)
    return proposed.draft


# ---- Proposing


def test_a_catalogue_admin_proposes_and_the_first_change_opens_the_draft(rule_set, catalogue_admin, at):
    change = add_item(by=catalogue_admin)
    assert (change.kind, change.code, change.before, change.by) == ("add", "S1-C16", None, catalogue_admin)
    assert change.after == {"id": "S1-C16", **GOUT}
    draft = change.draft
    assert (draft.base, draft.opened_by, draft.is_open) == (rule_set, catalogue_admin, True)
    assert add_item(by=catalogue_admin, item="keloids").draft == draft
    assert len(drafts.content_of(draft)["items"]) == 49
    assert rules_in_force()[0] == rule_set


def test_a_clinic_admin_proposes_settings_and_nothing_else(rule_set, clinic_admin):
    propose("setting", "validity_days", 60, by=clinic_admin)
    with nothing_changes(), pytest.raises(PermissionDenied):
        add_item(by=clinic_admin)


@pytest.mark.parametrize("who", ["doctor", "nurse", "front_desk", "stranger"])
def test_nobody_else_proposes(request, rule_set, who):
    by = request.getfixturevalue(who)
    with nothing_changes():
        for kind, code, after in [("add", "", GOUT), ("setting", "validity_days", 60)]:
            with pytest.raises(PermissionDenied):
                propose(kind, code, after, by=by)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"locator": ""}, id="no citation"),
        pytest.param({"source": "CP"}, id="the clinic's own, not marked as policy"),
        pytest.param({"strength": "policy_stop"}, id="a document's, marked as policy"),
        pytest.param({"source": "S9"}, id="no such source"),
        pytest.param({"when": []}, id="met by nothing"),
        pytest.param(
            {"when": [{"fact": "gout", "states": ["current"], "match": "direct"}]}, id="no such fact"
        ),
    ],
)
def test_what_cannot_be_published_cannot_be_saved(rule_set, catalogue_admin, changes):
    with nothing_changes(), pytest.raises(ValidationError):
        add_item(by=catalogue_admin, **changes)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_every_change_has_a_reason(rule_set, catalogue_admin, reason):
    with nothing_changes(), pytest.raises(ValidationError, match="Say why"):
        propose("retire", "S1-C02", None, by=catalogue_admin, reason=reason)


def test_a_change_that_changes_nothing_is_refused(rule_set, catalogue_admin):
    with nothing_changes(), pytest.raises(ValidationError, match="Nothing is different"):
        propose("setting", "minimum_age", 18, by=catalogue_admin)


def test_what_somebody_else_changed_since_is_not_overwritten(rule_set, catalogue_admin, at):
    seen = drafting.seen(18)
    propose("setting", "minimum_age", 21, by=catalogue_admin)
    with nothing_changes(), pytest.raises(ChangedMeanwhile):
        draft_actions.propose("setting", "minimum_age", 20, seen=seen, reason="x", by=catalogue_admin, at=at)


def test_an_item_that_the_settings_call_absolute_is_not_retired_before_they_let_go(rule_set, catalogue_admin):
    propose("setting", "absolute", ["allergen", "S1-C02"], by=catalogue_admin)
    with pytest.raises(ValidationError, match="S1-C02"):
        retire("S1-C02", by=catalogue_admin)


def test_a_code_is_never_given_twice(rule_set, catalogue_admin, doctor, at):
    first = add_item(by=catalogue_admin)
    draft_actions.take_back(first, by=catalogue_admin, at=at)
    assert add_item(by=catalogue_admin).code == "S1-C17"
    policy = {"source": "CP", "locator": "policy", "strength": "policy_hold"}
    assert add_item(by=catalogue_admin, **policy).code == "CP-03"


# ---- Taking back, discarding


@pytest.mark.parametrize("who", ["catalogue_admin", "doctor"])
def test_its_proposer_or_a_doctor_takes_a_change_back_and_it_stays_in_the_history(request, proposed, who, at):
    by = request.getfixturevalue(who)
    draft_actions.take_back(proposed, by=by, at=at)
    proposed.refresh_from_db()
    assert (proposed.taken_back_at, proposed.taken_back_by) == (at, by)
    assert drafts.edits_of(proposed.draft) == []


def test_nobody_else_takes_it_back(proposed, clinic_admin, nurse, at):
    for by in (clinic_admin, nurse, person("Other", Role.CATALOGUE_ADMIN)):
        with nothing_changes(), pytest.raises(PermissionDenied):
            draft_actions.take_back(proposed, by=by, at=at)


def test_a_change_that_others_rest_on_stays_until_they_are_gone(proposed, catalogue_admin, at):
    changed = propose("change", proposed.code, {**proposed.after, "item": "tophi"}, by=catalogue_admin)
    with pytest.raises(ValidationError, match=proposed.code):
        draft_actions.take_back(proposed, by=catalogue_admin, at=at)
    draft_actions.take_back(changed, by=catalogue_admin, at=at)
    draft_actions.take_back(proposed, by=catalogue_admin, at=at)
    with pytest.raises(ChangedMeanwhile):
        draft_actions.take_back(proposed, by=catalogue_admin, at=at)


def test_a_document_stays_while_an_item_cites_it(rule_set, catalogue_admin, at):
    source = propose("source", "S5", new_source("S5"), by=catalogue_admin)
    add_item(by=catalogue_admin, source="S5")
    with pytest.raises(ValidationError, match="S5"):
        draft_actions.take_back(source, by=catalogue_admin, at=at)


def test_a_draft_is_discarded_with_a_reason_and_then_another_can_be_opened(
    proposed, doctor, catalogue_admin, at
):
    draft = proposed.draft
    with pytest.raises(ValidationError):
        draft_actions.discard(draft, reason=" ", by=doctor, at=at)
    draft_actions.discard(draft, reason="Begun by mistake", by=doctor, at=at)
    draft.refresh_from_db()
    assert (draft.is_open, draft.discard_reason, draft.ended_by) == (False, "Begun by mistake", doctor)
    for act in (
        lambda: draft_actions.take_back(proposed, by=catalogue_admin, at=at),
        lambda: draft_actions.discard(draft, reason="x", by=doctor, at=at),
        lambda: draft_actions.put_on_newest(draft, by=doctor),
        lambda: previewing.start(draft, by=doctor, day=at.date(), at=at),
        lambda: draft_actions.publish(draft, expected="", note="", by=doctor, at=at),
    ):
        with nothing_changes(), pytest.raises(draft_actions.Ended):
            act()
    assert add_item(by=catalogue_admin).draft != draft


def test_who_neither_keeps_the_catalogue_nor_is_a_doctor_discards_nothing(proposed, clinic_admin, nurse, at):
    for by in (clinic_admin, nurse):
        with nothing_changes(), pytest.raises(PermissionDenied):
            draft_actions.discard(proposed.draft, reason="x", by=by, at=at)


# ---- Publishing


def test_a_doctor_publishes_what_somebody_else_proposed(ready, rule_set, doctor, at):
    new = publish(ready, by=doctor, note=" Gout. ")
    ready.refresh_from_db()
    assert (new.version, new.note, new.published_by, rules_in_force()[0]) == (2, "Gout.", doctor, new)
    assert (ready.became, ready.ended_by, ready.is_open) == (new, doctor, False)
    assert new.content == drafts.content_of(ready)
    assert ListItem.objects.filter(rule_set=new, code="S1-C16").exists()


def test_a_new_document_is_there_once_it_is_published(rule_set, catalogue_admin, doctor):
    change = propose("source", "S5", new_source("S5"), by=catalogue_admin)
    add_item(by=catalogue_admin, source="S5")
    previewed(change.draft, by=doctor)
    assert not Source.objects.filter(code="S5").exists()
    new = publish(change.draft, by=doctor)
    assert Source.objects.get(code="S5").title == "A new document"
    assert new.items.get(code="S5-C01").source.code == "S5"


@pytest.mark.parametrize("who", ["catalogue_admin", "clinic_admin", "nurse", "front_desk"])
def test_only_a_doctor_publishes(request, ready, who):
    by = request.getfixturevalue(who)
    with nothing_changes(), pytest.raises(PermissionDenied):
        publish(ready, by=by)


def test_who_proposed_a_change_does_not_publish_it_unless_it_was_taken_back(
    rule_set, doctor, catalogue_admin, at
):
    both = person("Both", Role.DOCTOR, Role.CATALOGUE_ADMIN)
    draft = add_item(by=catalogue_admin).draft
    own = add_item(by=both, item="keloids")
    previewed(draft, by=doctor)
    with nothing_changes(), pytest.raises(PermissionDenied):
        publish(draft, by=both)
    with pytest.raises(InternalError, match="they proposed"), transaction.atomic():
        Draft.objects.filter(pk=draft.pk).update(became=rule_set, ended_at=at, ended_by=both)
    draft_actions.take_back(own, by=both, at=at)
    previewed(draft, by=both)
    assert publish(draft, by=both).version == 2


def test_without_a_finished_preview_nothing_is_published(proposed, doctor, at):
    digest = drafts.preview_digest(proposed.draft, drafts.content_of(proposed.draft))
    with nothing_changes(), pytest.raises(draft_actions.NotPreviewed):
        draft_actions.publish(proposed.draft, expected=digest, note="", by=doctor, at=at)
    previewing.start(proposed.draft, by=doctor, day=at.date(), at=at)
    with nothing_changes(), pytest.raises(draft_actions.NotPreviewed):
        draft_actions.publish(proposed.draft, expected=digest, note="", by=doctor, at=at)


def test_lists_that_would_stay_as_they_are_are_not_published(ready, proposed, catalogue_admin, doctor, at):
    """Another number alone would hold every session until it was screened again."""
    draft_actions.take_back(proposed, by=catalogue_admin, at=at)
    previewed(ready, by=doctor)
    with nothing_changes(), pytest.raises(ValidationError, match="nothing to publish"):
        publish(ready, by=doctor)


def test_a_later_change_makes_the_preview_stale(ready, catalogue_admin, doctor):
    add_item(by=catalogue_admin, item="keloids")
    with nothing_changes(), pytest.raises(draft_actions.NotPreviewed):
        publish(ready, by=doctor)


def test_a_preview_of_yesterday_is_run_again_first(ready, doctor, at):
    tomorrow = at + dt.timedelta(days=1)
    with nothing_changes(), pytest.raises(draft_actions.NotPreviewed):
        publish(ready, by=doctor, at=tomorrow)
    previewed(ready, by=doctor, at=tomorrow)
    assert publish(ready, by=doctor, at=tomorrow).version == 2


def test_the_page_must_have_shown_this_very_preview(ready, doctor, at):
    with nothing_changes(), pytest.raises(draft_actions.NotPreviewed):
        draft_actions.publish(ready, expected="0" * 64, note="", by=doctor, at=at)


def test_a_draft_is_published_once(ready, doctor):
    publish(ready, by=doctor)
    with nothing_changes(), pytest.raises(draft_actions.Ended):
        publish(ready, by=doctor)


def other_item(**changes):
    items = [{**i, **changes} if i["id"] == "S1-C02" else i for i in content()["items"]]
    return published(items=items)


def test_a_draft_that_was_overtaken_is_put_on_the_newer_rule_set_first(ready, doctor, at):
    newer = other_item(item="pain killers")
    with nothing_changes(), pytest.raises(draft_actions.Overtaken):
        publish(ready, by=doctor)
    draft_actions.put_on_newest(ready, by=doctor)
    ready.refresh_from_db()
    assert ready.base == newer
    with nothing_changes(), pytest.raises(draft_actions.NotPreviewed):
        publish(ready, by=doctor)
    previewed(ready, by=doctor)
    items = publish(Draft.objects.get(pk=ready.pk), by=doctor).content["items"]
    assert {"pain killers", "gout"} <= {item["item"] for item in items}


def test_changes_that_do_not_fit_the_newer_rule_set_are_named(ready, catalogue_admin, doctor):
    retire("S1-C02", by=catalogue_admin)
    other_item(item="pain killers")
    with nothing_changes(), pytest.raises(draft_actions.Conflicts) as refused:
        draft_actions.put_on_newest(ready, by=doctor)
    assert [edit.code for edit in refused.value.edits] == ["S1-C02"]


# ---- What the database keeps


def test_there_is_one_open_draft(proposed, rule_set, doctor, at):
    with pytest.raises(IntegrityError), transaction.atomic():
        Draft.objects.create(base=rule_set, opened_at=at, opened_by=doctor)


def test_a_published_draft_never_changes_nor_does_what_is_in_it(ready, proposed, doctor, at):
    publish(ready, by=doctor)
    for change in (
        lambda: Draft.objects.update(ended_at=at + dt.timedelta(days=1)),
        lambda: Draft.objects.all()._raw_delete("default"),
        lambda: DraftChange.objects.update(reason="x"),
        lambda: DraftChange.objects.update(taken_back_at=at, taken_back_by=doctor),
        lambda: DraftChange.objects.all()._raw_delete("default"),
        lambda: DraftChange.objects.create(
            draft=ready, kind="retire", code="S1-C02", reason="x", by=doctor, at=at
        ),
    ):
        with pytest.raises(InternalError), transaction.atomic():
            change()


def test_a_change_of_an_open_draft_is_only_ever_taken_back(proposed, doctor, at):
    with pytest.raises(InternalError), transaction.atomic():
        DraftChange.objects.update(after=None)
    DraftChange.objects.update(taken_back_at=at, taken_back_by=doctor)
    with pytest.raises(InternalError), transaction.atomic():
        DraftChange.objects.update(taken_back_at=None, taken_back_by=None)


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_change_without_a_reason_is_refused_by_the_database(proposed, doctor, at, reason):
    with pytest.raises(IntegrityError), transaction.atomic():
        DraftChange.objects.create(
            draft=proposed.draft, kind="retire", code="S1-C02", reason=reason, by=doctor, at=at
        )


@pytest.mark.parametrize("table", ["ruleset", "listitem"])
@pytest.mark.parametrize("act", ["DELETE FROM {}", "UPDATE {} SET id = id", "TRUNCATE {} CASCADE"])
def test_published_rule_sets_are_neither_changed_nor_deleted_nor_emptied(rule_set, table, act):
    name = f"contraindications_{table}"
    with connection.cursor() as cursor, pytest.raises(InternalError), transaction.atomic():
        cursor.execute(act.format(name))


# ---- Whatever is edited


@settings(
    max_examples=examples(15),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(edited())
def test_random_edits_publish_only_what_compiles_and_leave_earlier_screenings_as_they_were(
    screened, catalogue_admin, doctor, case
):
    _content, edits = case
    with transaction.atomic():
        before = screened(herpes="current", nsaid="unsure")
        draft = None
        for edit in edits:
            try:
                after = {**edit.after, "id": edit.code} if edit.kind == "add" else edit.after
                draft = propose(edit.kind, edit.code, after, by=catalogue_admin).draft
            except (ValidationError, drafting.DoesNotFit):
                continue  # refused: an edit that nobody should stand behind, or one that rests on such
        if draft:
            previewed(draft, by=doctor)
            new = publish(draft, by=doctor)
            drafting.compiled(new.content)
            assert new.content == drafts.content_of(draft)
        again = Screening.objects.get(pk=before.pk)
        assert hashlib.sha256(recompute(again)).hexdigest() == before.digest
        transaction.set_rollback(True)
