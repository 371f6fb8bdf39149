"""What ships reaches the database whole, once, and never over what the clinic changed."""

import re
import shutil
import threading
from datetime import date
from io import StringIO

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from clinic.languages import OTHER_LANGUAGES
from clinic.models import Clinic, ShippedRow
from contraindications.models import ListItem, RuleSet, Source
from contraindications.rules import SHIPPED_SETTINGS, ruleset_digest
from patients.models import HealthFact, Substance
from treatments.catalogue import loading, shipped
from treatments.catalogue.loading import load
from treatments.catalogue.models import (
    AdverseEventKind,
    Area,
    CareRule,
    CompositionConcept,
    Goal,
    Ingredient,
    InjectionMethod,
    Protocol,
    Statement,
    Synergy,
    Technique,
    VisitStep,
)
from treatments.catalogue.shipped import ShippedDataError
from treatments.courses.models import InjectionDepth

pytestmark = pytest.mark.django_db
FILES = [shipped.FACTS, shipped.SOURCES, shipped.SCOPE, shipped.ITEMS, shipped.CATALOGUE]
CATALOGUE = yaml.safe_load((settings.BASE_DIR / shipped.CATALOGUE).read_text())


@pytest.fixture
def edited(tmp_path):
    """`edited(file, old, new)` is a folder with the data files, one place changed; it can be called again."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(settings.BASE_DIR / name, tmp_path / name)

    def edit(name, old, new):
        path = tmp_path / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new, 1))
        return tmp_path

    return edit


def codes(report, outcome):
    return [code for codes in report.rows[outcome].values() for code in codes]


# Every row of the files is there, with the same values


PARTS = [
    ("areas", Area),
    ("techniques", Technique),
    ("goals", Goal),
    ("injection_methods", InjectionMethod),
    ("ingredients", Ingredient),
    ("visit_steps", VisitStep),
    ("care_rules", CareRule),
    ("adverse_events", AdverseEventKind),
]


def as_in_the_file(row, key):
    """The value of a row under the key that the file uses."""
    names = {"cites": "citations", "class": "kind", "text": "label", "in": "translations"}
    value = getattr(row, names.get(key, key))
    if hasattr(value, "all"):
        return {related.code for related in value.all()}
    return getattr(value, "code", value)


@pytest.mark.parametrize(("part", "model"), PARTS, ids=[part for part, _ in PARTS])
def test_every_row_of_a_part_has_its_row_with_the_same_values(part, model):
    rows = {row.code: row for row in model.objects.all()}
    assert list(rows) == [raw["code"] for raw in CATALOGUE[part]], "none missing, none more, same order"
    for raw in CATALOGUE[part]:
        for key, value in raw.items():
            kept = as_in_the_file(rows[raw["code"]], key)
            assert kept == (set(value) if isinstance(kept, set) else value), f"{raw['code']} {key}"


def test_every_care_rule_ships_in_every_language_of_patients():
    assert [(rule.code, rule.lacks) for rule in CareRule.objects.all() if rule.lacks] == []
    assert OTHER_LANGUAGES


@pytest.mark.parametrize("wrong", ['{de: ""}', "{xx: Sauna}", "{de: 5}", "Sauna", f"{{de: {'x' * 201}}}"])
def test_a_translation_that_nobody_could_read_is_a_slip(edited, wrong):
    root = edited(shipped.CATALOGUE, 'in: {de: "Sonnenbaden", pl: "Opalanie"}', f"in: {wrong}")
    with pytest.raises(ShippedDataError, match="care_rules sun: translations"):
        shipped.read(root)


def test_every_ingredient_is_a_substance_of_the_same_code_and_label():
    assert {(i.code, i.label) for i in Ingredient.objects.all()} == set(
        Substance.objects.values_list("code", "label")
    )
    assert all(i.substance.code == i.code for i in Ingredient.objects.select_related("substance"))


def test_every_synergy_is_kept_with_its_citation():
    kept = {(s.one.code, s.other.code): (s.says, s.citations) for s in Synergy.objects.all()}
    assert kept == {tuple(raw["pair"]): (raw["says"], raw["cites"]) for raw in CATALOGUE["synergies"]}


def test_every_composition_concept_is_kept():
    kept = {c.code: ([c.at_least, c.at_most], c.says, c.citations) for c in CompositionConcept.objects.all()}
    assert kept == {
        raw["concept"]: (raw["actives"], raw["says"], raw["cites"]) for raw in CATALOGUE["composition"]
    }


@pytest.mark.parametrize("raw", CATALOGUE["protocols"], ids=lambda raw: raw["code"])
def test_every_number_of_a_protocol_is_kept_with_its_own_citations(raw):
    row = Protocol.objects.get(code=raw["code"])
    assert {a.code for a in row.areas.all()} == set(raw["areas"])
    assert (row.families, row.note) == (raw["families"], raw["note"])
    assert [row.sessions_min, row.sessions_max] == raw["sessions"]
    assert (row.sessions_citations, row.default_citations) == (raw["sessions_cites"], raw["default_cites"])
    assert row.sessions_default == raw["default_sessions"]
    interval = {"min": row.interval_min, "target": row.interval_target, "max": row.interval_max}
    assert interval == raw["interval_days"]
    assert (row.interval_citations, row.bounds_citations) == (raw["interval_cites"], raw["bounds_cites"])
    weeks = {"first": row.maintenance_first_weeks, "every": row.maintenance_every_weeks}
    assert weeks == raw["maintenance_weeks"]
    assert row.maintenance_citations == raw["maintenance_cites"]


def test_the_statements_are_kept():
    kept = {s.code: s for s in Statement.objects.prefetch_related("areas")}
    told = [s for s in kept.values() if s.kind == "must_be_told"]
    assert [re.sub(r" \(S\d.*\)$", "", text) for text in CATALOGUE["patient_must_be_told"]] == [
        s.text for s in told
    ]
    assert [s.citations for s in told] == [["S1 L83"], ["S1 L83"], ["S0 L14", "S3 L43"], ["own"], ["own"]]
    assert kept["doctor"].citations == CATALOGUE["performers"]["doctor"]
    assert kept["nurse_with_doctor"].citations == CATALOGUE["performers"]["nurse_with_doctor"]
    assert kept["nurse_with_doctor"].note == CATALOGUE["performers"]["note"]
    assert kept["never_repeat"].text == CATALOGUE["never_repeat"]
    marks = kept["expected_marks"]
    assert [marks.hours_from, marks.hours_to] == CATALOGUE["expected_marks"]["hours"]
    assert {a.code for a in marks.areas.all()} == {"scalp"}
    assert marks.citations == ["S3 L15"]


def test_the_settings_and_choices_agree_with_the_file():
    assert Clinic.current().few_days_hours == CATALOGUE["few_days_default_hours"]
    assert InjectionDepth.values == CATALOGUE["injection_depths"]


def test_every_health_fact_is_kept_in_its_place():
    raws = yaml.safe_load((settings.BASE_DIR / shipped.FACTS).read_text())
    for raw, fact in zip(raws, HealthFact.objects.all(), strict=True):
        assert {key: getattr(fact, key) for key in raw} == raw


def test_every_source_and_list_item_is_kept_and_published():
    sources = yaml.safe_load((settings.BASE_DIR / shipped.SOURCES).read_text())
    kept = {source.code: source for source in Source.objects.all()}
    assert {code: {key: getattr(s, key) or None for key in sources[0]} for code, s in kept.items()} == {
        raw["code"]: raw for raw in sources
    }
    rule_set = RuleSet.objects.in_force()
    items = yaml.safe_load((settings.BASE_DIR / shipped.ITEMS).read_text())
    assert rule_set.version == 1
    assert rule_set.content["items"] == items
    assert rule_set.content["settings"] == SHIPPED_SETTINGS
    assert rule_set.digest == ruleset_digest(rule_set.content)
    rows = ListItem.objects.filter(rule_set=rule_set).select_related("source")
    assert [(i.code, i.source.code, i.locator, i.item, i.strength, i.when) for i in rows] == sorted(
        (r["id"], r["source"], r["locator"], r["item"], r["strength"], r["when"]) for r in items
    )


@pytest.mark.parametrize(
    "model", [model for _, model in PARTS] + [Synergy, CompositionConcept, Protocol, Statement]
)
def test_every_row_says_where_it_comes_from(model):
    known = set(Source.objects.values_list("code", flat=True)) | {None}
    for row in model.objects.all():
        assert row.cited
        assert {citation.source for citation in row.cited} <= known


# Loading again


def test_loading_again_adds_and_changes_nothing(at):
    before = list(ShippedRow.objects.order_by("kind", "code").values_list("kind", "code", "values"))
    report = load(at=at)
    assert report.count("same") == len(before)
    assert [report.count(outcome) for outcome in ("added", "updated", "kept", "left out")] == [0, 0, 0, 0]
    assert report.published is None
    assert before == list(ShippedRow.objects.order_by("kind", "code").values_list("kind", "code", "values"))


def test_what_the_clinic_changed_is_kept_even_if_what_ships_changes(at, edited):
    Technique.objects.filter(code="derma_pen").update(label="Our pen")
    report = load(at=at, root=edited(shipped.CATALOGUE, "label: Derma pen", "label: Derma-Pen"))
    assert codes(report, "kept") == ["derma_pen"]
    assert Technique.objects.get(code="derma_pen").label == "Our pen"


def test_a_list_of_related_rows_that_the_clinic_changed_is_kept(at):
    Goal.objects.get(code="scars").areas.add(Area.objects.get(code="face"))
    assert codes(load(at=at), "kept") == ["scars"]
    assert Goal.objects.get(code="scars").areas.count() == 1


def test_what_the_clinic_did_not_touch_follows_what_ships(at, edited):
    root = edited(shipped.CATALOGUE, "label: Derma pen", "label: Derma-Pen")
    assert codes(load(at=at, root=root), "updated") == ["derma_pen"]
    assert Technique.objects.get(code="derma_pen").label == "Derma-Pen"
    assert load(at=at, root=root).count("updated") == 0


def test_a_related_list_follows_what_ships(at, edited):
    root = edited(shipped.CATALOGUE, "for_goals: [cellulite, fat_reduction]", "for_goals: [cellulite]")
    assert codes(load(at=at, root=root), "updated") == ["spot"]
    assert [g.code for g in InjectionMethod.objects.get(code="spot").for_goals.all()] == ["cellulite"]


def test_what_the_clinic_deleted_stays_away(at):
    Goal.objects.get(code="cellulite").delete()
    report = load(at=at)
    assert codes(report, "left out") == ["cellulite"]
    assert report.count("kept") == 0, "a list that named it is not thereby the clinic's"
    assert not Goal.objects.filter(code="cellulite").exists()


def test_a_new_row_that_needs_a_deleted_one_is_left_out(at, edited):
    Area.objects.get(code="abdomen").delete()
    report = load(
        at=at,
        root=edited(
            shipped.CATALOGUE,
            "techniques:\n",
            "- {code: flank, label: Flank, parent: abdomen, region: other, cites: [own]}\ntechniques:\n",
        ),
    )
    assert codes(report, "left out") == ["abdomen", "flank"]


def test_a_retired_row_stays_retired(at):
    Ingredient.objects.filter(code="zinc").update(retired_on=date(2026, 1, 1))
    assert codes(load(at=at), "kept") == ["zinc"]
    assert not Ingredient.objects.in_use().filter(code="zinc").exists()


def test_a_row_of_the_clinic_with_a_code_that_ships_later_is_the_clinics(at, edited):
    Area.objects.create(code="flank", label="Ours", region="other", citations=["own"])
    report = load(
        at=at,
        root=edited(
            shipped.CATALOGUE,
            "techniques:\n",
            "- {code: flank, label: Flank, region: other, cites: [own]}\ntechniques:\n",
        ),
    )
    assert codes(report, "kept") == ["flank"]
    assert Area.objects.get(code="flank").label == "Ours"


def test_a_field_that_a_table_gained_does_not_make_its_rows_the_clinics(at):
    row = ShippedRow.objects.get(kind="area", code="face")
    del row.values["note"]
    row.save()
    assert load(at=at).count("kept") == 0


def test_a_few_days_are_as_many_hours_as_the_clinic_says(at, edited):
    root = edited(shipped.CATALOGUE, "few_days_default_hours: 72", "few_days_default_hours: 96")
    assert codes(load(at=at, root=root), "updated") == ["few_days_hours"]
    Clinic.objects.update(few_days_hours=48)
    assert codes(load(at=at), "kept") == ["few_days_hours"]
    assert Clinic.current().few_days_hours == 48


def test_changed_lists_are_said_and_never_published_by_loading(at, edited):
    report = load(at=at, root=edited(shipped.ITEMS, 'item: "pregnancy"', 'item: "expecting a child"'))
    assert report.lists_differ_from == 1
    assert RuleSet.objects.count() == 1
    assert ListItem.objects.get(code="S0-C01").item == "pregnancy"


# Slips in the files

WRONG = [
    pytest.param(
        shipped.CATALOGUE,
        "areas: [scalp], disease_fact",
        "areas: [skalp], disease_fact",
        "catalogue.yaml, goals hair_loss: areas names 'skalp', which is not there",
        id="area",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "parent: eye_area",
        "parent: eye",
        "areas under_eye: parent names 'eye'",
        id="parent",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "disease_fact: vitiligo",
        "disease_fact: vitilligo",
        "goals vitiligo: disease_fact names 'vitilligo'",
        id="fact",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "pair: [coenzyme_q10, vitamin_e]",
        "pair: [q10, vitamin_e]",
        "synergies q10+vitamin_e: one names 'q10'",
        id="pair",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "{face: 20,",
        "{faces: 20,",
        "visit_steps treat: minutes_by_area names 'faces'",
        id="minutes",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "code: anaesthetic_cream, label: Anaesthetic cream works",
        "code: cream, label: Anaesthetic cream works",
        "visit_steps cream: optional names 'cream'",
        id="optional step",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "cites: [S1 L122]",
        "cites: [S9 L122]",
        "techniques derma_stamp: citations: 'S9 L122' names no source and place",
        id="source",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "cites: [S1 L122]",
        "cites: [S1 122]",
        "techniques derma_stamp: citations: 'S1 122' names no source and place",
        id="place",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "cites: [S1 L122]",
        "cites: []",
        "techniques derma_stamp: citations: This field cannot be blank",
        id="no citation",
    ),
    pytest.param(
        shipped.CATALOGUE,
        ", cites: [S1 L122]",
        "",
        "techniques derma_stamp: citations: This field cannot be blank",
        id="citations forgotten",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "sessions_cites: [S3 L43]",
        "sessions_cites: [S7]",
        "protocols scalp_standard: citations: 'S7' names no source and place",
        id="source of a number",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "interval_cites: [S3 L43], ",
        "",
        "protocols: a row has not the shape of its kind ('interval_cites')",
        id="key forgotten",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "family: needle,",
        "family: nedle,",
        "techniques needle_syringe: family: Value 'nedle' is not a valid choice",
        id="choice",
    ),
    pytest.param(
        shipped.CATALOGUE, "label: Hands", "lable: Hands", "areas hands: unknown key 'lable'", id="key"
    ),
    pytest.param(shipped.CATALOGUE, "code: hands", "code: face", "areas: 'face' is there twice", id="twice"),
    pytest.param(shipped.CATALOGUE, "code: hands, ", "", "areas: a row has no code", id="code"),
    pytest.param(shipped.CATALOGUE, "synergies:", "synergy:", "has no part 'synergies'", id="part missing"),
    pytest.param(
        shipped.CATALOGUE,
        "never_repeat:",
        "extra: 1\nnever_repeat:",
        "unknown part 'extra'",
        id="part unknown",
    ),
    pytest.param(
        shipped.CATALOGUE,
        "few_days_default_hours: 72",
        "few_days_default_hours: some",
        "few_days_default_hours must be a whole number",
        id="hours",
    ),
    pytest.param(shipped.CATALOGUE, "areas:", "areas: [", "catalogue.yaml is not YAML", id="YAML"),
    pytest.param(
        shipped.CATALOGUE,
        "{min: 10, target: 14",
        "{min: 15, target: 14",
        "protocols scalp_standard: new row for relation",
        id="constraint",
    ),
    pytest.param(
        shipped.ITEMS,
        "source: S0, locator: L20",
        "source: S8, locator: L20",
        "list_items.yaml with contraindications/data/scope.yaml: list item S0-C01: unknown word 'S8'",
        id="source of an item",
    ),
    pytest.param(
        shipped.ITEMS,
        "fact: pregnancy",
        "fact: pregnant",
        "list item S0-C01: unknown word 'pregnant'",
        id="fact of an item",
    ),
    pytest.param(
        shipped.FACTS, "code: pregnancy", "code: pregnent", "unknown word 'pregnancy'", id="fact renamed"
    ),
]


@pytest.mark.parametrize(("name", "old", "new", "said"), WRONG)
def test_a_slip_is_said_in_one_sentence_and_nothing_is_loaded(at, edited, name, old, new, said):
    Area.objects.filter(code="neck").update(label="untouched")
    HealthFact.objects.all().delete()
    ShippedRow.objects.filter(kind="healthfact").delete()
    with pytest.raises(ShippedDataError) as error:
        load(at=at, root=edited(name, old, new))
    assert said in str(error.value)
    assert "\n" not in str(error.value)
    assert HealthFact.objects.count() == 0


def test_a_missing_file_is_said(at, edited, tmp_path):
    edited(shipped.SCOPE, "needle", "needle")
    (tmp_path / shipped.SCOPE).unlink()
    with pytest.raises(ShippedDataError, match=r"scope\.yaml cannot be read"):
        load(at=at, root=tmp_path)


# The command


def test_the_command_says_what_it_did_and_how_long_it_took():
    Technique.objects.filter(code="derma_pen").update(label="Our pen")
    Goal.objects.get(code="cellulite").delete()
    Area.objects.filter(code="hands").delete()
    ShippedRow.objects.filter(kind="area", code="hands").delete()
    ShippedRow.objects.create(kind="area", code="elbow", values={})
    out = StringIO()
    call_command("load_catalogue", stdout=out)
    said = out.getvalue()
    assert "1 areas added: hands" in said
    assert "1 techniques kept as the clinic changed them: derma_pen" in said
    assert "left out, the clinic deleted them or what they refer to: cellulite" in said
    assert "No longer part of what ships, left as they are: area elbow" in said
    assert re.search(r"Catalogue loaded in \d+\.\d s\.", said)


def test_the_command_ends_with_one_sentence_about_a_slip(monkeypatch, edited):
    root = edited(shipped.CATALOGUE, "parent: eye_area", "parent: eye")
    monkeypatch.setattr("clinic.management.commands.load_catalogue.load", lambda at: load(at=at, root=root))
    with pytest.raises(CommandError, match=r"^Nothing was loaded\. .*areas under_eye: parent names 'eye'"):
        call_command("load_catalogue")


@pytest.mark.django_db(transaction=True)
def test_two_loads_at_once_wait_for_each_other_and_publish_once(at):
    for model in (Synergy, ShippedRow):
        model.objects.all().delete()
    with connection.cursor() as cursor:
        # Published rule sets are never removed, says a trigger of the database.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("TRUNCATE contraindications_ruleset CASCADE")
        cursor.execute("RESET session_replication_role")
    errors = []

    def one():
        try:
            load(at=at)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert RuleSet.objects.count() == 1
    assert Synergy.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_without_the_lock_two_loads_at_once_collide(at, monkeypatch):
    """The negative control of the test above."""
    monkeypatch.setattr(loading, "_wait_for_other_loads", lambda: barrier.wait(timeout=60))
    barrier = threading.Barrier(3)
    HealthFact.objects.all().delete()
    ShippedRow.objects.all().delete()
    errors = []

    def one():
        try:
            load(at=at)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors
