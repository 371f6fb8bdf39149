"""Publishing, storing, deciding: what is written stays as it is."""

import json
import threading

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, connection, transaction

from contraindications import actions, rules, snapshots
from contraindications.models import Decision, ListItem, RuleSet, Screening
from contraindications.screening import evaluate, recompute
from contraindications.tests import documented, factories
from patients.tests.factories import clear_interview, patient

HOLD = {"herpes": {"state": "ended", "until": "2026-11-20"}}  # S1-C06 is ambiguous: a hold


def decide(
    screening, kind="decide", goes_ahead=True, items=("S1-C06",), reason="examined", text="Healed.", **who
):
    return actions.decide(
        screening, kind=kind, goes_ahead=goes_ahead, items=items, reason=reason, text=text, **who
    )


# ---- Publishing


def test_publishing_writes_the_next_version_its_digest_and_its_items(rule_set, doctor, at):
    published = factories.published(
        by=doctor, at=at, settings={**rules.SHIPPED_SETTINGS, "validity_days": 60}
    )

    assert published.version == rule_set.version + 1
    assert published.digest == rules.ruleset_digest(RuleSet.objects.get(pk=published.pk).content)
    assert (published.published_by, published.published_at) == (doctor, at)
    assert {item.code for item in published.items.all()} == {
        item["id"] for item in documented.content()["items"]
    }


def test_the_items_that_nobody_can_release_are_marked(rule_set):
    absolute = set(rule_set.items.filter(absolute=True).values_list("code", flat=True))

    assert absolute == {
        *("S0-C01", "S0-C02", "S1-C05", "S1-C07", "S3-C01", "S3-C02", "S4-C01", "S4-C02"),
        *("S0-C03", "S3-C07", "S4-C07", "CP-01"),
    }


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"locator": ""}, "S0-C01 has no locator", id="no place"),
        pytest.param({"locator": "  "}, "S0-C01 has no locator", id="blank place"),
        pytest.param({"locator": None}, "S0-C01 has no locator", id="null place"),
        pytest.param({"item": ""}, "S0-C01 has no text", id="no words"),
        pytest.param({"source": "S9"}, "unknown word 'S9'", id="unknown source"),
        pytest.param({"strength": "perhaps"}, "unknown word 'perhaps'", id="unknown strength"),
        pytest.param({"when": []}, "never be met", id="no rows"),
    ],
)
def test_an_item_that_cannot_be_relied_on_is_not_published(rule_set, change, sentence):
    first, *others = documented.content()["items"]
    with pytest.raises(rules.RuleSetError, match=sentence):
        factories.published(items=[{**first, **change}, *others])

    assert RuleSet.objects.in_force() == rule_set


def test_a_source_that_the_clinic_does_not_have_is_not_cited(rule_set):
    content = documented.content()
    sources = [*content["sources"], {**content["sources"][0], "code": "S9"}]
    scope = {
        **content["scope"],
        "reach": {**content["scope"]["reach"], "S9": content["scope"]["reach"]["S0"]},
    }
    items = [*content["items"], {**content["items"][0], "id": "S9-C01", "source": "S9"}]
    with pytest.raises(rules.RuleSetError, match="unknown source: S9"):
        factories.published(sources=sources, scope=scope, items=items)

    assert RuleSet.objects.count() == 1


@pytest.mark.parametrize(
    "why",
    [
        {"direct": {"says": "", "cite": "S0 L16"}},
        {"direct": {"says": "it does"}},
        {"direct": {"cite": "S0 L16"}},
    ],
    ids=["no words", "no citation", "only a citation"],
)
def test_a_reach_explained_without_words_or_citation_is_not_published(rule_set, why):
    with pytest.raises(rules.RuleSetError, match="of S0 direct"):
        factories.published(scope={**documented.content()["scope"], "why": {"S0": why}})


def test_every_reach_of_a_documents_list_is_explained():
    scope = documented.content()["scope"]
    for source, families in scope["reach"].items():
        reaches = {reach for regions in families.values() for reach in regions.values()}
        assert source == "CP" or set(scope["why"][source]) == reaches, source


@pytest.mark.django_db(transaction=True)
def test_publishers_at_the_same_time_follow_each_other(rule_set):
    def run():
        factories.published()
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    first = rule_set.version
    assert list(RuleSet.objects.order_by("version").values_list("version", flat=True)) == [
        *range(first, first + 4)
    ]


# ---- What never changes


def refused(change):
    """The database refuses `change` itself."""
    with pytest.raises(DatabaseError, match=r"never change|Cannot update or delete"), transaction.atomic():
        change()
    return True


def sql(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_published_rule_set_never_changes(rule_set):
    item = rule_set.items.first()
    table, items = RuleSet._meta.db_table, ListItem._meta.db_table
    before = (RuleSet.objects.values().get(), list(rule_set.items.values()))

    rule_set.note = "other"
    assert refused(rule_set.save)
    assert refused(lambda: RuleSet.objects.update(published_at=None))
    assert refused(lambda: RuleSet.objects.bulk_update([rule_set], ["note"]))
    assert refused(lambda: sql(f"UPDATE {table} SET content = '{{}}'"))  # noqa: S608
    assert refused(lambda: sql(f"DELETE FROM {table}"))  # noqa: S608
    assert refused(item.delete)
    assert refused(lambda: ListItem.objects.update(absolute=False))
    assert refused(lambda: sql(f"UPDATE {items} SET locator = ''"))  # noqa: S608
    assert refused(lambda: sql(f"DELETE FROM {items}"))  # noqa: S608
    item.pk, item.code = None, "S0-C99"
    assert refused(lambda: item.save(force_insert=True))
    assert (RuleSet.objects.values().get(), list(rule_set.items.values())) == before


def test_the_items_of_a_draft_may_still_change(rule_set):
    draft = RuleSet.objects.create(version=99, content={}, digest="0" * 64)
    item = rule_set.items.first()
    item.pk, item.rule_set = None, draft
    item.save(force_insert=True)
    item.locator = "L1"
    item.save()
    assert refused(lambda: ListItem.objects.filter(pk=item.pk).update(rule_set=rule_set))

    assert item.delete()[0] == 1


def test_a_screening_never_changes(screened):
    screening = screened()
    table = Screening._meta.db_table

    screening.verdict = "caution"
    assert refused(screening.save)
    assert refused(lambda: Screening.objects.update(verdict="caution"))
    assert refused(lambda: Screening.objects.bulk_update([screening], ["verdict"]))
    assert refused(screening.delete)
    assert refused(lambda: sql(f"UPDATE {table} SET facts = '{{}}'"))  # noqa: S608
    assert refused(lambda: sql(f"DELETE FROM {table}"))  # noqa: S608
    assert Screening.objects.get().verdict == "clear"


def test_a_decision_never_changes(screened, doctor, at):
    decision = decide(screened(**HOLD), by=doctor, at=at)

    decision.goes_ahead = False
    assert refused(decision.save)
    assert refused(lambda: Decision.objects.update(text="else"))
    assert refused(decision.delete)
    assert refused(lambda: sql(f"DELETE FROM {Decision._meta.db_table}"))  # noqa: S608


# ---- Storing


def test_a_screening_is_stored_whole(evaluated, ana, doctor, at, day):
    evaluation = evaluated(allergies=["vitamin_c", "bees"], nsaid="current")
    screening = actions.store_screening(evaluation, patient=ana, by=doctor, at=at)
    screening.refresh_from_db()

    assert snapshots.facts_from_json(screening.facts).answers == evaluation.patient_facts.answers
    assert set(screening.facts["allergies"]) == {"vitamin_c", "bees"}
    assert snapshots.plan_from_json(screening.plan) == evaluation.plan
    assert (screening.result, screening.verdict) == (evaluation.result, "stop")
    assert screening.finding_digests == evaluation.digests
    assert (screening.as_of, screening.by, screening.interview_id) == (day, doctor, evaluation.interview_id)
    assert screening.digest == evaluation.digest


def test_the_record_of_a_screening_keeps_its_spelling(rule_set, ana, day):
    """If this fails, records stored before the change no longer compute to their digest."""
    record = json.loads(evaluate(ana, factories.plan(), day=day).record)

    assert sorted(record) == ["as_of", "facts", "plan", "result", "rule_set"]
    assert record["facts"] == {
        "birth_date": "1989-05-02",
        "sex": "female",
        "answers": {},
        "allergies": None,
        "allergies_on": None,
    }
    assert record["plan"]["ingredients"] == [{"code": "hyaluronic_acid", "role": "active", "may_contain": []}]


def test_a_stored_screening_comes_out_the_same_after_newer_lists_and_answers(screened, ana, doctor, at, day):
    screening = screened(nsaid="current", herpes="ended")
    before = recompute(screening)
    factories.published(items=documented.content()["items"][:3])
    clear_interview(ana, doctor, at=at)

    assert recompute(Screening.objects.get()) == before
    assert evaluate(ana, factories.plan(), day=day).verdict == "clear"


def test_a_screening_of_somebody_else_is_not_stored(evaluated, doctor, at):
    with pytest.raises(ValueError, match="somebody else"):
        actions.store_screening(evaluated(), patient=patient(by=doctor), by=doctor, at=at)

    assert not Screening.objects.exists()


# ---- Deciding


def test_a_doctor_decides_a_hold(screened, doctor, at):
    screening = screened(**HOLD)
    decision = decide(screening, by=doctor, at=at)
    decision.refresh_from_db()

    assert decision.items == {"S1-C06": screening.finding_digests["S1-C06"]}
    assert (decision.by, decision.at, decision.patient) == (doctor, at, screening.patient)


@pytest.mark.parametrize(
    ("who", "kind", "item", "answers"),
    [
        ("nurse", "decide", "S1-C06", HOLD),
        ("nurse", "release", "S1-C02", {"nsaid": "current"}),
        ("front_desk", "acknowledge", "S4-C03", {"stroke": "current"}),
        ("clinic_admin", "decide", "S1-C06", HOLD),
        ("stranger", "acknowledge", "S4-C03", {"stroke": "current"}),
    ],
)
def test_who_may_not_decide_changes_nothing(request, screened, at, who, kind, item, answers):
    with pytest.raises(PermissionDenied):
        decide(screened(**answers), kind=kind, items=[item], by=request.getfixturevalue(who), at=at)

    assert not Decision.objects.exists()


def test_a_nurse_acknowledges_a_caution(screened, nurse, at):
    assert decide(screened(stroke="current"), kind="acknowledge", items=["S4-C03"], by=nurse, at=at).pk


def test_a_doctor_releases_a_stop(screened, doctor, at):
    assert decide(screened(nsaid="current"), kind="release", items=["S1-C02"], by=doctor, at=at).pk


@pytest.mark.parametrize(
    ("answers", "allergies", "item"),
    [
        pytest.param({"pregnancy": "current"}, (), "S1-C05", id="pregnancy"),
        pytest.param({"breastfeeding": "current"}, (), "S0-C02", id="breast-feeding"),
        pytest.param({}, ["hyaluronic_acid"], "S0-C03", id="allergy to a substance of the plan"),
    ],
)
def test_nobody_releases_what_is_absolute(screened, doctor, at, answers, allergies, item):
    with pytest.raises(ValidationError):
        decide(screened(allergies=allergies, **answers), kind="release", items=[item], by=doctor, at=at)

    assert not Decision.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"items": []}, id="nothing chosen"),
        pytest.param({"items": ["S1-C02"]}, id="not met"),
        pytest.param({"items": ["S1-C06", "nonsense"]}, id="unknown item"),
        pytest.param({"kind": "release"}, id="another kind"),
        pytest.param({"kind": "shrug"}, id="unknown kind"),
        pytest.param({"reason": "because"}, id="unknown reason"),
        pytest.param({"reason": ""}, id="no reason"),
        pytest.param({"text": "  "}, id="no text"),
        pytest.param({"text": "x" * 501}, id="too long"),
    ],
)
def test_a_decision_that_says_nothing_is_not_recorded(screened, doctor, at, changes):
    with pytest.raises(ValidationError):
        decide(screened(**HOLD), **changes, by=doctor, at=at)

    assert not Decision.objects.exists()


def test_whoever_comes_second_hears_of_the_first(screened, doctor, at):
    screening = screened(**HOLD)
    first = decide(screening, by=doctor, at=at, seen=0)
    with pytest.raises(actions.DecidedMeanwhile) as meanwhile:
        decide(screening, goes_ahead=False, by=doctor, at=at, seen=0)

    assert meanwhile.value.decision == first
    assert decide(screening, goes_ahead=False, by=doctor, at=at, seen=first.pk).pk > first.pk


def test_a_decision_on_the_same_finding_of_another_screening_counts_as_seen(evaluated, ana, doctor, at):
    evaluation = evaluated(**HOLD)
    one, other = (actions.store_screening(evaluation, patient=ana, by=doctor, at=at) for _ in range(2))
    decide(one, by=doctor, at=at)

    with pytest.raises(actions.DecidedMeanwhile):
        decide(other, by=doctor, at=at, seen=0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("seen", "kept"), [(0, 1), (None, 4)], ids=["from pages", "control: not asked"])
def test_of_people_deciding_at_the_same_time_one_is_first(screened, doctor, at, seen, kept):
    screening = screened(**HOLD)
    barrier, heard = threading.Barrier(4), []

    def run():
        try:
            barrier.wait()
            decide(screening, by=doctor, at=at, seen=seen)
        except actions.DecidedMeanwhile as meanwhile:
            heard.append(meanwhile.decision.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Decision.objects.count() == kept
    assert len(heard) == 4 - kept
