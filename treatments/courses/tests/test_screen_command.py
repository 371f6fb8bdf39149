"""`manage.py screen`: cases in, results out, no record touched."""

import io
import json
import random

import pytest
from django.core.management import CommandError, call_command

from clinic.tests.unchanged import nothing_changes
from contraindications.cases import worked
from contraindications.tests import documented, oracle, random_cases, random_edits
from contraindications.tests.factories import published
from treatments.catalogue.models import Ingredient

WORKED = worked()
HEALTHY = WORKED[0]

pytestmark = pytest.mark.django_db


@pytest.fixture
def screen(tmp_path, catalogue):
    """`screen(case, ...)` is (what was printed, exit status); text in place of cases is the whole file."""

    def run(*cases, **options):
        file = tmp_path / "cases.json"
        file.write_bytes(cases[0] if isinstance(cases[0], bytes) else json.dumps({"cases": cases}).encode())
        out, status = io.StringIO(), 0
        try:
            call_command("screen", str(file), stdout=out, **options)
        except SystemExit as end:
            status = end.code
        return json.loads(out.getvalue()), status

    return run


@pytest.mark.parametrize("case", WORKED, ids=lambda case: f"{case['id']} {case['title']}")
def test_a_worked_case_comes_out_as_documented(screen, case):
    answer, status = screen(case)
    result = answer["results"][0]
    findings = [
        {key: found[key] for key in wanted}
        for found, wanted in zip(result["findings"], case["expect"]["findings"], strict=True)
    ]

    assert {**{key: result[key] for key in case["expect"]}, "findings": findings} == case["expect"]
    assert status == 0


def test_random_cases_come_out_as_a_second_implementation_says(screen):
    cases = list(random_cases.cases("command", 500))
    answer, status = screen(*cases)

    for ours, case in zip(answer["results"], cases, strict=True):
        theirs = oracle.answer(case, random_cases.DATA)
        assert ours == ({**theirs, "error": ours.get("error")} if "error" in theirs else theirs), case
    assert status == 1


def test_an_unreadable_case_leaves_the_others_their_answers(screen):
    answer, status = screen(
        HEALTHY, {**HEALTHY, "id": "bad", "as_of": "yesterday"}, {**HEALTHY, "id": "last"}
    )

    assert [result["id"] for result in answer["results"]] == [HEALTHY["id"], "bad", "last"]
    assert set(answer["results"][1]) == {"id", "error"}
    assert (answer["results"][2]["verdict"], status) == ("clear", 1)


def test_the_same_cases_give_the_same_text(tmp_path, catalogue):
    file = tmp_path / "cases.json"
    file.write_text(json.dumps({"cases": list(random_cases.cases("same", 50))}))
    outs = []
    for _ in range(2):
        outs.append(io.StringIO())
        with pytest.raises(SystemExit):
            call_command("screen", str(file), stdout=outs[-1])

    assert outs[0].getvalue() == outs[1].getvalue()


def test_no_cases_are_no_results(screen):
    assert screen(b'{"cases": []}')[0]["results"] == []


def test_the_rule_set_in_force_answers_and_an_older_one_on_demand(screen):
    first = screen(HEALTHY)[0]["ruleset"]
    newer = published(settings={"minimum_age": 99, "look_back_days": 30, "validity_days": 90, "absolute": []})

    assert screen(HEALTHY)[0]["results"][0]["verdict"] == "stop"
    assert screen(HEALTHY)[0]["ruleset"] == {"version": newer.version, "digest": newer.digest}
    older = screen(HEALTHY, ruleset=first["version"])[0]
    assert (older["ruleset"], older["results"][0]["verdict"]) == (first, "clear")


def test_every_version_goes_on_answering_as_it_did_when_it_was_in_force(screen):
    rng, content = random.Random(3), documented.content()
    cases = [random_cases.readable_case(rng, f"R{number}") for number in range(40)]
    answers = [screen(*cases)[0]]
    for _ in range(6):
        content = random_edits.edited(rng, content, edits=6)
        published(**content)
        answers.append(screen(*cases)[0])

    assert len({json.dumps(one["results"]) for one in answers}) > 3
    assert [screen(*cases, ruleset=one["ruleset"]["version"])[0] for one in answers] == answers


def test_a_retired_ingredient_is_still_known(screen, day):
    Ingredient.objects.filter(code="hyaluronic_acid").update(retired_on=day)

    assert screen(HEALTHY)[1] == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(b"", "This is not JSON", id="empty"),
        pytest.param(b"{", "This is not JSON", id="broken"),
        pytest.param(b"[" * 100_000, "This is not JSON", id="deep"),
        pytest.param(b'{"cases": [NaN]}', "NaN is no JSON", id="NaN"),
        pytest.param(b'{"cases": [{"nsaid": 1, "nsaid": 2}]}', "stands twice", id="the same key twice"),
        pytest.param(b"[]", "The input must be", id="a list"),
        pytest.param(b'{"cases": {}}', "The input must be", id="no list of cases"),
        pytest.param(b"\xff\xfe", "is not UTF-8 text", id="not UTF-8"),
    ],
)
def test_a_bad_file_is_one_sentence_and_status_two(screen, text, sentence):
    with pytest.raises(CommandError, match=sentence) as refused:
        screen(text)

    assert refused.value.returncode == 2
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_one_sentence_and_status_two(catalogue):
    with pytest.raises(CommandError, match="cannot be read: No such file") as refused:
        call_command("screen", "/no/such/file")

    assert refused.value.returncode == 2


def test_an_unknown_rule_set_is_one_sentence_and_status_two(screen):
    for version in (10**6, -1, 10**30):
        with pytest.raises(CommandError, match="no published rule set") as refused:
            screen(HEALTHY, ruleset=version)
        assert refused.value.returncode == 2


def test_standard_input_is_a_file(monkeypatch, catalogue):
    stdin = io.TextIOWrapper(io.BytesIO(json.dumps({"cases": [HEALTHY]}).encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    out = io.StringIO()
    call_command("screen", "-", stdout=out)

    assert json.loads(out.getvalue())["results"][0]["verdict"] == "clear"


def test_no_record_is_touched(screen):
    with nothing_changes():
        screen(*random_cases.cases("records", 100))
