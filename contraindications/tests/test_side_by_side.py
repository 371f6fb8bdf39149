"""The matrix of conditions and sources, beside what was read by hand out of the documents."""

import random
from collections import Counter

import pytest

from contraindications.reading import read_case
from contraindications.rules import RuleSet, screen, silent_sources
from contraindications.rules.side_by_side import Condition, Statement, condition_of, matrix
from contraindications.tests import documented, random_cases, random_edits

MARKS = {"bar": "●", "care": "◐", "instruction": "○", "policy_stop": "P", "policy_hold": "p"}


def of(content):
    """The matrix of the content of a rule set."""
    return matrix(
        RuleSet.from_content(content),
        sources=[source["code"] for source in content["sources"]],
        facts=[fact["code"] for fact in content["facts"]],
    )


DOCUMENTED = of(documented.content())


def line(key, drawn=DOCUMENTED):
    return next(line for line in drawn.lines if line.condition.key == key)


def marks(key):
    """What S0, S1, S3, S4 and the clinic say, one mark each."""
    return "".join(
        "·" if cell.silent else MARKS[min((s.force for s in cell.statements), key=list(MARKS).index)]
        for cell in line(key).cells
    )


def test_documents_come_first_and_one_without_a_list_is_no_column():
    assert DOCUMENTED.sources == ("S0", "S1", "S3", "S4", "CP")
    assert DOCUMENTED.without_list == ("S2",)


# Read by hand out of the documents, line by line; the last mark is the clinic's.
@pytest.mark.parametrize(
    ("condition", "read"),
    [
        ("fact-pregnancy", "●●●●·"),
        ("fact-breastfeeding", "●●●●·"),
        ("fact-diabetes_no_insulin", "●●●··"),
        ("fact-diabetes_type1", "●●●◐·"),
        ("fact-diabetes_type2_insulin", "●●●◐·"),
        ("fact-metabolic_disease", "·●···"),
        ("fact-malignancy", "●●●◐·"),
        ("allergen-preparation", "●·●◐·"),
        ("allergen-procedure", "●··◐·"),
        ("fact-urticaria", "···◐·"),
        ("fact-bacterial_infection", "●····"),
        ("fact-viral_infection", "●····"),
        ("fact-fungal_skin_infection", "··●··"),
        ("fact-herpes", "●●●··"),
        ("fact-inflamed_treatment_site", "··●··"),
        ("fact-nsaid", "·●···"),
        ("fact-aspirin", "·●○··"),
        ("fact-anticoagulant", "·●●··"),
        ("fact-enzyme_preparation", "··○··"),
        ("fact-bleeding_disorder", "···●·"),
        ("fact-thrombocytopenia", "·●·●·"),
        ("fact-thrombophlebitis", "·●···"),
        ("fact-anaemia", "·●···"),
        ("fact-autoimmune_disease", "·●···"),
        ("fact-rheumatoid_arthritis", "·●···"),
        ("fact-multiple_sclerosis", "·●···"),
        ("fact-epilepsy", "·●···"),
        ("fact-stroke", "···◐·"),
        ("together-heart_disease-several_regular_medicines", "···●·"),
        ("fact-corticosteroid", "····p"),
        ("age", "·●··P"),
    ],
)
def test_a_line_is_what_the_documents_were_read_to_say(condition, read):
    assert marks(condition) == read


def test_documents_disagree_where_their_readers_found_it_and_nowhere_else():
    disputed = {line.condition.key for line in DOCUMENTED.lines if line.dispute}

    assert disputed == {
        *("fact-diabetes_type1", "fact-diabetes_type2_insulin"),  # barred, or evaluated
        "fact-malignancy",  # barred, or risky
        *("allergen-preparation", "allergen-procedure", "fact-severe_reaction_unknown_trigger"),  # or caution
        "fact-aspirin",  # a contraindication, or an instruction
        *("fact-herpes", "fact-thrombocytopenia"),  # only while it is there, or also afterwards
    }


def test_a_dispute_says_who_says_what():
    assert line("fact-malignancy").dispute.forces == (("bar", ("S0", "S1", "S3")), ("care", ("S4",)))
    assert line("fact-malignancy").dispute.states == ()
    assert line("fact-herpes").dispute.forces == ()
    assert line("fact-herpes").dispute.states == (
        (frozenset({"current"}), ("S0",)),
        (frozenset({"current", "recent", "past"}), ("S1", "S3")),
    )


def test_one_that_bars_beside_one_that_is_silent_is_no_dispute():
    silent = {cell.source for cell in line("fact-epilepsy").cells if cell.silent}

    assert silent == {"S0", "S3", "S4", "CP"}
    assert not line("fact-epilepsy").dispute


def test_a_wording_that_leaves_a_condition_open_contradicts_nobody_on_its_states():
    assert [cell.source for cell in line("fact-eczema").cells if not cell.silent] == ["S0", "S3"]
    assert not line("fact-eczema").dispute


def test_policy_is_no_document_and_contradicts_nobody():
    assert not line("age").dispute


def test_half_of_a_joined_condition_is_not_silence():
    heart = line("fact-heart_disease").cells[3]

    assert (heart.source, heart.says, heart.silent) == ("S4", (), False)
    assert [statement.row.match for statement in heart.also] == ["direct", "partial"]


def test_what_is_said_of_anything_used_is_said_of_the_preparation():
    cells = {cell.source: cell for cell in line("allergen-preparation").cells}

    assert [len(cells[source].says) for source in ("S0", "S3", "S4")] == [0, 1, 0]
    assert [len(cells[source].also) for source in ("S0", "S3", "S4")] == [1, 0, 1]


def test_a_joined_condition_stands_behind_the_last_of_its_facts():
    keys = [line.condition.key for line in DOCUMENTED.lines]

    assert (
        keys.index("together-heart_disease-several_regular_medicines") == keys.index("fact-heart_disease") + 1
    )
    assert keys[-3:] == ["allergen-preparation", "allergen-procedure", "age"]


@pytest.mark.parametrize(
    ("key", "source", "reach", "effect"),
    [
        ("fact-malignancy", "S1", "direct", "stop"),
        ("fact-malignancy", "S1", "not_stated", "hold"),
        ("fact-malignancy", "S3", "off_area", "hold"),
        ("fact-malignancy", "S4", "direct", "caution"),
        ("fact-malignancy", "S4", "not_stated", "hold"),
        ("fact-benign_tumour", "S3", "off_area", "note"),
        ("fact-aspirin", "S3", "off_area", "note"),
        ("age", "CP", "direct", "stop"),
    ],
)
def test_what_follows_is_read_off_the_table(key, source, reach, effect):
    cell = next(cell for cell in line(key).cells if cell.source == source)

    assert cell.says[0].effect(reach) == effect


@pytest.mark.parametrize("seed", range(40))
def test_every_row_of_every_item_is_in_the_matrix_once_and_nothing_else(seed):
    content = random_edits.edited(random.Random(seed), documented.content(), edits=seed)
    ruleset, drawn = RuleSet.from_content(content), of(content)
    shown = Counter(
        (line.condition, cell.source, said.item.id, said.number)
        for line in drawn.lines
        for cell in line.cells
        for said in cell.says
    )

    assert shown == Counter(
        (condition_of(row), item.source, item.id, number)
        for item in ruleset.items.values()
        for number, row in enumerate(item.rows)
    )
    assert {line.condition for line in drawn.lines} >= {
        Condition("fact", (fact["code"],)) for fact in content["facts"]
    }
    assert len({line.condition.key for line in drawn.lines}) == len(drawn.lines)
    assert {*drawn.sources, *drawn.without_list} == {source["code"] for source in content["sources"]}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_said_elsewhere_has_its_own_line(seed):
    drawn = of(random_edits.edited(random.Random(seed), documented.content(), edits=seed))
    own = {said for line in drawn.lines for cell in line.cells for said in cell.says}

    for one in drawn.lines:
        for cell in one.cells:
            assert own >= set(cell.also)
            assert not set(cell.also) & set(cell.says)
            assert all(isinstance(said, Statement) and said.item.source == cell.source for said in cell.also)


def test_who_is_silent_on_a_finding_is_silent_in_its_lines():
    ruleset = documented.ruleset()
    for case in random_cases.cases(7, 400):
        if random_cases.is_spoiled(case):
            continue
        read = read_case(case, documented.catalogue())
        for found in screen(read.patient, read.plan, ruleset, read.as_of).findings:
            if found.facts and not found.substances:
                speaking = {
                    cell.source
                    for fact in found.facts
                    for cell in line(f"fact-{fact}").cells
                    if not cell.silent
                }
                assert set(silent_sources(found, ruleset, read.plan)) == ruleset.documents - speaking
