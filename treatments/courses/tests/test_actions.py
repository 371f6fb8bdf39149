"""What saving and confirming a plan keeps true."""

import datetime as dt
import threading
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from clinic.versions import ChangedMeanwhile
from contraindications.actions import decide
from contraindications.models import Screening
from contraindications.screening import CannotScreen
from patients.tests.factories import interview, patient
from treatments.catalogue.models import Ingredient, Product, VisitStep
from treatments.catalogue.shelf import Shelf
from treatments.courses import actions, rescreening
from treatments.courses.models import Check, Course, CourseState
from treatments.courses.run import run_of
from treatments.courses.tests.factories import cleared_patient, course, picked

MORE_THAN_THREE = ["vitamin_c", "vitamin_e", "hyaluronic_acid", "coenzyme_q10"]


def run(choices):
    return run_of(Shelf.load(), choices)


def test_a_saved_plan_has_been_screened(nurse, at):
    plan = course(by=nurse, confirmed=False)
    assert plan.state == CourseState.PLANNED
    assert plan.screening.verdict == "clear"


def test_the_protocol_gives_sessions_and_interval(nurse):
    plan = course(by=nurse, confirmed=False)
    assert (plan.protocol.code, plan.sessions_planned) == ("skin_standard", 5)
    assert (plan.interval_min, plan.interval_target, plan.interval_max) == (14, 21, 35)


def test_without_a_protocol_the_practitioners_number_is_the_least(nurse):
    plan = course(
        by=nurse,
        confirmed=False,
        goal="under_eye",
        area="under_eye",
        technique="electroporation",
        interval=10,
    )
    assert plan.protocol is None
    assert (plan.interval_min, plan.interval_target, plan.interval_max) == (10, 10, 17)


def test_minutes_of_a_session_hold_the_cream_only_when_it_is_used(nurse):
    plain = course(by=nurse, confirmed=False)
    numbed = course(by=nurse, confirmed=False, procedure_substances=["anaesthetic_cream"])
    assert (plain.session_minutes, numbed.session_minutes) == (45, 75)


def test_a_clear_plan_is_confirmed(nurse, at):
    confirmed = course(by=nurse)
    assert (confirmed.state, confirmed.confirmed_by, confirmed.confirmed_at) == (
        CourseState.CONFIRMED,
        nurse,
        at,
    )


@pytest.mark.parametrize(
    ("answers", "allergies", "verdict"),
    [
        pytest.param({"pregnancy": "current"}, (), "stop", id="stop"),
        pytest.param({"epilepsy": "unsure"}, (), "incomplete", id="incomplete"),
        pytest.param({"corticosteroid": "current"}, (), "hold", id="hold"),
        pytest.param({"urticaria": "current"}, (), "caution", id="caution"),
        pytest.param({}, ("hyaluronic_acid",), "stop", id="allergy"),
        pytest.param({}, None, "incomplete", id="allergies not asked"),
    ],
)
def test_a_plan_that_is_not_cleared_stays_a_plan(nurse, at, answers, allergies, verdict):
    who = patient(by=nurse)
    interview(who, by=nurse, answers=answers, allergies=allergies)
    plan = course(by=nurse, patient=who, confirmed=False)
    with pytest.raises(actions.NotConfirmable):
        actions.confirm(plan, version=plan.version, by=nurse, at=at)
    plan.refresh_from_db()
    assert (plan.state, plan.screening.verdict) == (CourseState.PLANNED, verdict)


def test_a_hold_is_confirmed_after_the_doctors_decision(nurse, doctor, at):
    who = patient(by=nurse)
    interview(who, by=nurse, answers={"corticosteroid": "current"})
    plan = course(by=nurse, patient=who, confirmed=False)
    decide(
        plan.screening,
        kind="decide",
        goes_ahead=True,
        items=["CP-02"],
        reason="mild",
        text="Low dose on the arm",
        by=doctor,
        at=at,
    )
    confirmed = actions.confirm(plan, version=plan.version, by=nurse, at=at)
    assert confirmed.state == CourseState.CONFIRMED


def test_more_than_three_actives_need_a_reason(nurse, at):
    plan = course(by=nurse, confirmed=False, ingredients=MORE_THAN_THREE)
    with pytest.raises(actions.NotConfirmable, match="More than three"):
        actions.confirm(plan, version=plan.version, by=nurse, at=at)
    with_reason = course(by=nurse, ingredients=MORE_THAN_THREE, composition_reason="Dry and photoaged skin")
    assert with_reason.state == CourseState.CONFIRMED


def test_a_form_posted_twice_is_saved_once(nurse, at):
    who, choices, key = cleared_patient(by=nurse), picked(), uuid4()
    first = actions.create_plan(who, choices, run(choices), key=key, by=nurse, at=at)
    second = actions.create_plan(who, choices, run(choices), key=key, by=nurse, at=at)
    assert first == second
    assert Course.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_form_posted_twice_at_the_same_instant_is_saved_once(nurse, at):
    who, choices, key = cleared_patient(by=nurse), picked(), uuid4()
    barrier, numbers = threading.Barrier(4), run(choices)

    def post():
        barrier.wait()
        try:
            actions.create_plan(who, choices, numbers, key=key, by=nurse, at=at)
        finally:
            connection.close()

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Course.objects.count() == 1


def test_the_second_of_two_editors_is_told_and_changes_nothing(nurse, doctor, at):
    plan = course(by=nurse, confirmed=False)
    mine, theirs = picked(ingredients=["vitamin_c"]), picked(ingredients=["vitamin_e"])
    actions.change_plan(plan, theirs, run(theirs), version=plan.version, by=doctor, at=at)
    with pytest.raises(ChangedMeanwhile):
        actions.change_plan(plan, mine, run(mine), version=plan.version, by=nurse, at=at)
    assert [i.code for i in plan.ingredients.all()] == ["vitamin_e"]


def test_a_confirmed_course_is_not_changed_any_more(nurse, at):
    confirmed, choices = course(by=nurse), picked(ingredients=["vitamin_c"])
    with pytest.raises(ChangedMeanwhile):
        actions.change_plan(confirmed, choices, run(choices), version=confirmed.version, by=nurse, at=at)
    assert [i.code for i in confirmed.ingredients.all()] == ["hyaluronic_acid"]


def test_screening_again_without_a_change_keeps_the_screening(nurse, at):
    plan = course(by=nurse, confirmed=False)
    actions.rescreen(plan, by=nurse, at=at)
    assert Screening.objects.filter(patient=plan.patient).count() == 1


def test_new_answers_change_the_verdict_of_the_next_screening(nurse, at):
    confirmed = course(by=nurse)
    interview(confirmed.patient, by=nurse, answers={"pregnancy": "current"})
    screening, cleared = actions.rescreen(confirmed, by=nurse, at=at)
    assert (screening.verdict, cleared.performable, cleared.bookable) == ("stop", False, False)


def test_answers_grow_too_old(nurse, at):
    confirmed = course(by=nurse)
    screening, cleared = actions.rescreen(confirmed, by=nurse, at=at + dt.timedelta(days=91))
    assert (screening.verdict, cleared.performable) == ("incomplete", False)


def test_a_course_finishes_once(nurse, at, django_capture_on_commit_callbacks):
    confirmed = course(by=nurse)
    assert actions.finish(confirmed, at=at)
    assert not actions.finish(confirmed, at=at)


def test_a_finished_course_cannot_be_cancelled(nurse, at):
    done = course(by=nurse)
    actions.finish(done, at=at)
    done.refresh_from_db()
    with pytest.raises(ChangedMeanwhile):
        actions.cancel(done, version=done.version, by=nurse, at=at)


def test_too_many_sessions_are_refused_in_words(nurse):
    with pytest.raises(ValidationError, match="1 to 30 sessions"):
        course(by=nurse, confirmed=False, sessions=31)


@pytest.mark.parametrize("confirmed", [False, True], ids=["a plan", "a course under way"])
def test_new_answers_are_screened_at_once_for_everything_under_way(nurse, confirmed):
    """No page goes on showing the milder verdict of before."""
    row = course(by=nurse, confirmed=confirmed)
    interview(row.patient, by=nurse, answers={"pregnancy": "current"})
    row.refresh_from_db()
    assert (row.screening.verdict, row.screening.by) == ("stop", None)


def test_new_answers_leave_what_is_closed_alone(nurse, at):
    row = course(by=nurse)
    actions.cancel(row, version=row.version, by=nurse, at=at)
    interview(row.patient, by=nurse, answers={"pregnancy": "current"})
    row.refresh_from_db()
    assert row.screening.verdict == "clear"


def test_an_interview_is_kept_when_nothing_can_be_screened(nurse, monkeypatch):
    row = course(by=nurse)

    def fail(*args, **kwargs):
        raise CannotScreen

    monkeypatch.setattr(rescreening, "rules_in_force", fail)
    assert interview(row.patient, by=nurse, answers={"pregnancy": "current"}).number == 2
    assert not Check.objects.exists()  # unchecked is held


def test_a_form_posted_again_with_other_choices_is_told(nurse, at):
    who, key = cleared_patient(by=nurse), uuid4()
    first, other = picked(), picked(ingredients=["vitamin_c"])
    saved = actions.create_plan(who, first, run(first), key=key, by=nurse, at=at)
    with pytest.raises(actions.AlreadySaved):
        actions.create_plan(who, other, run(other), key=key, by=nurse, at=at)
    assert [i.code for i in saved.ingredients.all()] == ["hyaluronic_acid"]
    assert Course.objects.count() == 1


def test_what_is_screened_again_is_what_is_saved(nurse, doctor, at):
    """Somebody else has changed the plan since the page was opened: their cocktail is screened, not the page's."""
    opened = Course.objects.for_page().get(pk=course(by=nurse, confirmed=False).pk)
    theirs = picked(ingredients=["vitamin_c"])
    actions.change_plan(opened, theirs, run(theirs), version=opened.version, by=doctor, at=at)
    again = actions.screen_again(opened, by=nurse, at=at)
    assert [i["code"] for i in again.screening.plan["ingredients"]] == ["vitamin_c"]


def test_what_is_closed_is_not_screened_again(nurse, at):
    row = course(by=nurse)
    actions.cancel(row, version=row.version, by=nurse, at=at)
    with pytest.raises(ChangedMeanwhile):
        actions.screen_again(row, by=nurse, at=at)


def test_a_session_that_takes_no_time_is_refused_in_words(nurse):
    VisitStep.objects.update(retired_on="2026-11-23")
    with pytest.raises(ValidationError, match="takes no time"):
        course(by=nurse, confirmed=False)


def test_a_product_of_unknown_content_cannot_be_screened(nurse, at):
    """Opened up to nothing, it would be screened as if it were not there."""
    unknown = Product.objects.create(code="unknown", label="Unknown", citations=["own"])
    with pytest.raises(CannotScreen):
        course(by=nurse, confirmed=False, products=[unknown])
    assert unknown not in Shelf.load().products


def test_a_course_whose_product_has_lost_its_content_is_not_performable(nurse, at):
    product = Product.objects.create(code="mix", label="Mix", citations=["own"])
    product.ingredients.set(Ingredient.objects.filter(code="zinc"))
    confirmed = course(by=nurse, products=[product])
    product.ingredients.clear()
    with pytest.raises(CannotScreen):
        actions.rescreen(confirmed, by=nurse, at=at)
