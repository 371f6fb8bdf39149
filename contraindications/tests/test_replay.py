"""`manage.py replay`: what was screened comes out the same for good, and what was tampered with is found."""

import datetime as dt
import io
import random

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.tests.unchanged import nothing_changes
from contraindications import replaying, rules
from contraindications.actions import publish_rule_set, store_screening
from contraindications.models import RuleSet, Screening
from contraindications.reading import read_case
from contraindications.screening import Evaluation, compiled_rules
from contraindications.tests import documented, factories, random_cases, random_edits
from contraindications.tests.test_snapshots import with_days

HERPES = {"herpes": {"state": "ended", "until": "2026-11-20"}}
UNLOCKED = (
    "contraindications.Screening:screening_never_changes",
    "contraindications.RuleSet:published_never_changes",
)


@pytest.fixture
def replay(db):
    """`replay()` is (the lines printed but the last, the last, exit status)."""

    def run(*asked):
        out, status = io.StringIO(), 0
        try:
            with nothing_changes():
                call_command("replay", *asked, stdout=out)
        except SystemExit as end:
            status = end.code
        *lines, last = out.getvalue().splitlines()
        return lines, last, status

    return run


@pytest.fixture
def random_screening(ana, doctor, at):
    """`random_screening(rng, rule_set)` stores a screening of random facts and a random plan."""

    def store(rng, rule_set):
        case = read_case(random_cases.readable_case(rng, "x"), documented.catalogue())
        facts = with_days(case.patient, case.as_of, rng)
        compiled = compiled_rules(rule_set.digest)
        outcome = rules.screen(facts, case.plan, compiled, case.as_of)
        digests = rules.finding_digests(outcome, facts, case.plan, compiled, case.as_of)
        evaluation = Evaluation(
            ana.pk, None, None, rule_set, compiled, case.as_of, facts, case.plan, outcome, digests
        )
        return store_screening(evaluation, patient=ana, by=doctor, at=at)

    return store


def tamper(screening, **changes):
    """Change a stored screening below the trigger that forbids it."""
    with pgtrigger.ignore(*UNLOCKED):
        Screening.objects.filter(pk=screening.pk).update(**changes)


def test_nothing_stored_is_nothing_to_report(replay):
    lines, last, status = replay()

    assert (lines, status) == ([], 0)
    assert last.startswith("0 screenings worked out again")


def test_what_is_stored_comes_out_the_same(replay, screened):
    for answers in (HERPES, {"nsaid": "current"}, {}):
        screened(**answers)
    lines, last, status = replay()

    assert (lines, status) == ([], 0)
    assert last.startswith("3 screenings")
    assert last.endswith("all the same to the byte.")


@pytest.mark.parametrize("seed", range(3))
def test_random_screenings_under_ever_new_rule_sets_come_out_the_same(
    replay, random_screening, doctor, at, seed
):
    rng, content = random.Random(seed), documented.content()
    for _ in range(15):
        content = random_edits.edited(rng, content)
        published = publish_rule_set(content=content, by=doctor, at=at)
        for _ in range(10):
            random_screening(rng, published)
    compiled_rules.cache_clear()
    lines, last, status = replay()

    assert (lines, status) == ([], 0), last
    assert last.startswith("150 screenings")
    assert Screening.objects.values("digest").distinct().count() > 140


@pytest.mark.parametrize(
    ("column", "value"),
    [
        pytest.param("facts", lambda s: {**s.facts, "sex": "male"}, id="another patient"),
        pytest.param("facts", lambda s: {**s.facts, "note": "x"}, id="more than was given"),
        pytest.param("plan", lambda s: {**s.plan, "region": "scalp"}, id="another plan"),
        pytest.param("result", lambda s: {**s.result, "findings": []}, id="no findings"),
        pytest.param("result", lambda s: {**s.result, "verdict": "clear"}, id="another verdict inside"),
        pytest.param("verdict", lambda s: "clear", id="another verdict"),
        pytest.param("finding_digests", lambda s: dict.fromkeys(s.finding_digests, "0"), id="other digests"),
        pytest.param("digest", lambda s: "0" * 64, id="another digest"),
        pytest.param("as_of", lambda s: s.as_of + dt.timedelta(days=60), id="another day"),
    ],
)
def test_a_row_changed_below_the_trigger_is_found(replay, screened, column, value):
    screened(nsaid="current")
    changed = screened(**HERPES)
    tamper(changed, **{column: value(changed)})
    (line,), last, status = replay()

    assert line.startswith(f"screening {changed.pk} differs: ")
    assert column in line or column in ("facts", "plan", "as_of")
    assert last.endswith("1 differ.")
    assert status == 1


def test_a_screening_moved_to_another_rule_set_is_found(replay, screened):
    moved = screened(**HERPES)
    tamper(moved, rule_set=factories.published(settings={**rules.SHIPPED_SETTINGS, "validity_days": 91}))

    assert replay()[0] == [f"screening {moved.pk} differs: digest"]


def test_what_cannot_be_read_is_told_without_what_is_in_it(replay, screened):
    broken = screened(**HERPES)
    tamper(broken, facts={**broken.facts, "birth_date": "herpes"})
    (line,), _last, status = replay()

    assert line == f"screening {broken.pk} differs: facts, plan or rule set: cannot be read"
    assert status == 1


def test_a_rule_set_changed_below_the_trigger_is_found(replay, screened, rule_set):
    one = screened(**HERPES)
    with pgtrigger.ignore(*UNLOCKED):
        RuleSet.objects.update(content=documented.content(items=documented.content()["items"][:3]))
    compiled_rules.cache_clear()
    (line,), _last, status = replay()

    assert line.startswith(f"screening {one.pk} differs")
    assert status == 1


def test_only_those_made_since_a_day_can_be_asked_for(replay, evaluated, ana, doctor, at):
    evaluation = evaluated()
    for days in (0, 1, 2):
        store_screening(evaluation, patient=ana, by=doctor, at=at - dt.timedelta(days=days))

    assert replay("--since", "2026-11-22")[1].startswith("2 screenings")
    with pytest.raises(CommandError, match="no day"):
        replay("--since", "yesterday")


def test_queries_grow_with_batches_and_rule_sets_only(screened):
    for _ in range(5):
        screened(**HERPES)

    def asked(batch):
        with CaptureQueriesContext(connection) as queries:
            assert len(list(replaying.replay(Screening.objects.all(), batch=batch))) == 5
        return len(queries)

    assert asked(5) == 3  # the batch, its rule set, and that there is no more
    assert asked(2) == 5


def test_no_more_than_a_batch_is_held(screened):
    stored = [screened() for _ in range(4)]
    run = replaying.replay(Screening.objects.all(), batch=2)
    assert next(run).pk == stored[0].pk

    with CaptureQueriesContext(connection) as queries:
        next(run)
    assert len(queries) == 0
    with CaptureQueriesContext(connection) as queries:
        next(run)
    assert len(queries) == 1
