"""The oracle gives the worked cases, and the random cases are worth comparing."""

import json
from collections import Counter

import pytest

from contraindications.cases import worked
from contraindications.tests import oracle, random_cases

DATA = oracle.load()
WORKED = worked()


def only_expected(result, expected):
    """`result` cut down to the keys that the worked case speaks of, in findings too."""
    cut = {key: result[key] for key in expected}
    if len(result["findings"]) == len(expected["findings"]):
        pairs = zip(result["findings"], expected["findings"], strict=True)
        cut["findings"] = [{key: found[key] for key in wanted} for found, wanted in pairs]
    return cut


@pytest.mark.parametrize("case", WORKED, ids=lambda case: f"{case['id']} {case['title']}")
def test_the_oracle_gives_the_worked_case(case):
    result = oracle.answer(case, DATA)

    assert only_expected(result, case["expect"]) == case["expect"]


def test_the_same_seed_gives_the_same_cases():
    assert json.dumps(list(random_cases.cases(7, 200))) == json.dumps(list(random_cases.cases(7, 200)))


def test_exactly_the_spoiled_cases_cannot_be_read():
    for case in random_cases.cases(11, 2000):
        result = oracle.answer(case, DATA)

        assert ("error" in result) == random_cases.is_spoiled(case), case


def test_random_cases_reach_every_verdict_and_every_item():
    results = [oracle.answer(case, DATA) for case in random_cases.cases(3, 4000)]
    verdicts = Counter(result.get("verdict", "unreadable") for result in results)
    items = {found["item"] for result in results for found in result.get("findings", [])}

    assert set(verdicts) == {
        "stop",
        "incomplete",
        "hold",
        "caution",
        "clear",
        "unreadable",
    }
    assert min(verdicts.values()) > 40, verdicts
    assert items == {item["id"] for item in DATA["list_items"]} | {
        "scope-none",
        "allergy-unmatched",
    }
