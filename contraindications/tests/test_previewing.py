"""The preview of a draft: who would be judged differently, by what, and that a run can be broken off anywhere."""

import datetime as dt

import pytest
from django.core.exceptions import PermissionDenied

from clinic.tests.unchanged import nothing_changes
from contraindications import tasks
from contraindications.models import Flip, Preview
from contraindications.rulebook import caseload, drafts, previewing
from contraindications.rulebook.caseload import Case, Caseload
from contraindications.rules import Answer, Patient
from contraindications.tests import factories
from contraindications.tests.documented import content
from contraindications.tests.draft_factories import add_item, previewed, propose, retire

pytestmark = pytest.mark.django_db
HEALTHY = {fact["code"]: Answer("no") for fact in content()["facts"]}


@pytest.fixture
def cases(monkeypatch, ana):
    """`cases(*answers)` is the only caseload: Ana, once for each set of answers."""

    def only(*answers, plan="as ever"):
        chosen = factories.plan() if plan == "as ever" else plan

        def after(day, key, size):
            rows = list(enumerate(answers))[key + 1 :][:size]
            return [
                Case(place, facts(said), chosen, day, f"plan {place}", "/x/", ana.pk) for place, said in rows
            ]

        load = Caseload("some", "Some", lambda day: len(answers), after)
        monkeypatch.setattr(caseload, "_caseloads", {"some": load})

    def facts(said):
        answers = {**HEALTHY, **{fact: Answer(state) for fact, state in said.items()}}
        return Patient(ana.birth_date, ana.sex, answers, ())

    return only


@pytest.fixture
def draft(rule_set, catalogue_admin):
    """NSAIDs do not count any more, gout does."""
    retire("S1-C02", by=catalogue_admin)
    return add_item(by=catalogue_admin).draft


def flips(preview):
    return list(preview.flips.values_list("key", "before", "after", "items"))


def test_it_lists_who_flips_from_what_to_what_and_by_which_item(draft, cases, doctor):
    cases({}, {"nsaid": "current"}, {"metabolic_unclear": "current"}, {"epilepsy": "current"})
    preview = previewed(draft, by=doctor)
    assert (preview.done, preview.total, preview.unreadable) == (4, 4, 0)
    assert flips(preview) == [(1, "stop", "clear", ["S1-C02"]), (2, "hold", "stop", ["S1-C16"])]
    assert [f.what for f in preview.flips.all()] == ["plan 1", "plan 2"]


def test_other_findings_under_the_same_verdict_are_listed_too(draft, cases, doctor):
    cases({"nsaid": "current", "epilepsy": "current"})
    assert flips(previewed(draft, by=doctor)) == [(0, "stop", "stop", ["S1-C02"])]


def test_answers_that_are_too_old_then_are_blamed_on_the_setting(
    rule_set, clinic_admin, doctor, ana, monkeypatch, day
):
    then = day - dt.timedelta(days=80)
    answers = {fact: Answer("no", None, then) for fact in HEALTHY}
    one = Case(0, Patient(ana.birth_date, ana.sex, answers, (), then), factories.plan(), day, "plan")
    load = Caseload("some", "Some", lambda day: 1, lambda day, key, size: [one] if key < 0 else [])
    monkeypatch.setattr(caseload, "_caseloads", {"some": load})
    draft = propose("setting", "validity_days", 60, by=clinic_admin).draft
    assert flips(previewed(draft, by=doctor)) == [(0, "clear", "incomplete", ["validity_days"])]


def test_what_cannot_be_screened_is_counted_and_never_passed_over(draft, cases, doctor):
    cases({"nsaid": "current"}, {}, plan=None)
    preview = previewed(draft, by=doctor)
    assert (preview.done, preview.unreadable, flips(preview)) == (2, 2, [])


def test_broken_off_after_any_batch_it_goes_on_where_it_was(draft, cases, doctor, at, day, monkeypatch):
    cases(*({"nsaid": "current"} if n % 2 else {} for n in range(7)))
    monkeypatch.setattr(previewing, "BATCH", 2)
    preview = previewing.start(draft, by=doctor, day=day, at=at)
    seen = []
    while previewing.step(preview.pk, at=at):  # each step could be another process
        preview.refresh_from_db()
        seen.append(preview.done)
    preview.refresh_from_db()
    assert seen == [2, 4, 6]
    assert (preview.done, preview.finished_at) == (7, at)
    assert [key for key, *_ in flips(preview)] == [1, 3, 5]


def test_a_batch_that_fails_leaves_nothing_and_is_done_again(draft, cases, doctor, at, day, monkeypatch):
    cases({"nsaid": "current"}, {"nsaid": "current"})
    preview = previewing.start(draft, by=doctor, day=day, at=at)
    with monkeypatch.context() as broken:
        broken.setattr(Preview, "save", killed)
        with nothing_changes(), pytest.raises(RuntimeError):
            previewing.step(preview.pk, at=at)
    assert previewing.unfinished() == [preview.pk]
    assert tasks.go_on(preview.pk, seconds=5) is False
    assert Flip.objects.count() == 2


def killed(*args, **kwargs):
    raise RuntimeError("killed")


def test_a_change_while_it_runs_ends_it(draft, cases, doctor, catalogue_admin, at, day, monkeypatch):
    cases(*({} for _ in range(5)))
    monkeypatch.setattr(previewing, "BATCH", 2)
    preview = previewing.start(draft, by=doctor, day=day, at=at)
    assert previewing.step(preview.pk, at=at)
    add_item(by=catalogue_admin, item="keloids")
    with nothing_changes():
        assert previewing.step(preview.pk, at=at) is False
    assert not drafts.is_previewed(draft, drafts.content_of(draft), day=day)


def test_it_is_started_anew_and_the_older_one_is_forgotten(draft, cases, doctor, clinic_admin):
    cases({"nsaid": "current"})
    first = previewed(draft, by=doctor)
    second = previewed(draft, by=clinic_admin)
    assert list(Preview.objects.values_list("pk", flat=True)) == [second.pk] != [first.pk]
    assert Flip.objects.count() == 1


@pytest.mark.parametrize("who", ["nurse", "front_desk", "stranger"])
def test_nobody_else_runs_it(request, draft, who, at, day):
    by = request.getfixturevalue(who)
    with nothing_changes(), pytest.raises(PermissionDenied):
        previewing.start(draft, by=by, day=day, at=at)


def test_the_tick_asks_for_what_nobody_works_on(draft, cases, doctor, at, day, monkeypatch):
    cases({})
    preview = previewing.start(draft, by=doctor, day=day, at=at)
    asked = []
    monkeypatch.setattr(tasks.run_preview, "apply_async", lambda args, **options: asked.append(args))
    tasks.tick()
    tasks.run_preview(preview.pk)
    tasks.tick()
    assert asked == [(preview.pk,)]


def test_a_spent_budget_asks_for_the_rest(draft, cases, doctor, at, day, monkeypatch):
    cases(*({} for _ in range(5)))
    monkeypatch.setattr(previewing, "BATCH", 1)
    monkeypatch.setattr(tasks, "BUDGET", 0)
    preview = previewing.start(draft, by=doctor, day=day, at=at)
    asked = []
    monkeypatch.setattr(tasks.run_preview, "apply_async", lambda args, **options: asked.append(args))
    tasks.run_preview(preview.pk)
    assert asked == [(preview.pk,)]


def test_counts_name_nobody(draft, cases, doctor):
    cases({"nsaid": "current"}, {"nsaid": "current"}, {"metabolic_unclear": "current"})
    counted = [tuple(row.values()) for row in previewed(draft, by=doctor).flips.counted()]
    assert [row[:-1] for row in counted] == [
        ("some", "stop", "clear", ["S1-C02"], 2),
        ("some", "hold", "stop", ["S1-C16"], 1),
    ]
