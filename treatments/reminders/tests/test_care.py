"""What to mind before and after a session, and the questions that are asked again."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from clinic.models import Clinic
from patients.models import InterviewLink
from treatments.catalogue.models import Area
from treatments.catalogue.models import CareRule as Row
from treatments.reminders import actions, kinds, writing
from treatments.reminders.models import Message
from treatments.reminders.rules_care import CareRule, aftercare
from treatments.schedule.models import Session
from treatments.schedule.tests import factories
from treatments.visits import actions as visits
from treatments.visits.tests.factories import checked_in

WARSAW = ZoneInfo("Europe/Warsaw")
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
END = dt.datetime(2026, 11, 24, 14, 30, tzinfo=WARSAW)


def rule(code, hours=None, **fields):
    return CareRule(code, code, frozenset(), frozenset(), hours, **fields)


def found(*rules):
    return {
        one.behaviour or one.label: (one.until - END, one.own) for one in aftercare(rules, END, 72, WARSAW)
    }


def test_the_longest_rule_wins_for_each_behaviour_and_says_whose_number_it_is():
    assert found(rule("pool_sauna", 24), rule("solarium_sauna")) == {
        "pool": (24 * HOUR, False),
        "sauna": (72 * HOUR, True),
        "solarium": (72 * HOUR, True),
    }


def test_a_documented_number_counts_where_both_are_as_long():
    assert found(rule("pool_sauna", 72), rule("solarium_sauna"))["sauna"] == (72 * HOUR, False)


def test_the_same_under_the_name_of_its_place_is_one():
    assert found(rule("head_massage", 24), rule("massage")) == {"massage": (72 * HOUR, True)}


def test_a_rule_of_the_same_day_ends_at_midnight():
    assert found(rule("hair_dye", same_day=True)) == {
        "hair_dye": (9 * HOUR + 30 * dt.timedelta(minutes=1), False)
    }


def test_hours_pass_whatever_the_clock_shows():
    before_the_change = dt.datetime(2026, 10, 24, 14, 30, tzinfo=WARSAW)
    [care] = aftercare([rule("sun", 24)], before_the_change, 72, WARSAW)
    assert care.until.astimezone(WARSAW).strftime("%d %H:%M") == "25 13:30"


@pytest.fixture
def session(doctor, at):
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, at=at)
    first, *_rest = factories.booked(course, factories.room(), practitioner=doctor, at=at)
    return Session.objects.select_related("course__patient").get(pk=first.pk)


def performed(session, doctor, at):
    checked_in(session, by=doctor)
    return visits.perform(session, note="", by=doctor, at=at)


def read(message, at):
    values = kinds.values([message], at=at)[message.pk]
    return writing.write(message, values, Clinic.current(), at=at).letter


def test_after_a_session_a_letter_says_from_when_by_its_real_end(session, doctor):
    ended = session.ends_at + 10 * dt.timedelta(minutes=1)
    performed(session, doctor, ended)
    message = Message.objects.get(kind="aftercare")
    assert (message.due_at, message.state) == (ended + 15 * dt.timedelta(minutes=1), "due")
    text = read(message, message.due_at).text
    local = timezone.localtime(ended + 72 * HOUR)
    assert f"Sauna: from {local:%A} {local.day} {local:%B}, {local:%H:%M} (our clinic asks for this)" in text
    assert not Message.objects.filter(session=session, state="due", kind="reminder").exists()


def test_where_nothing_may_be_named_the_letter_says_from_when_there_is_nothing_to_mind(session, doctor):
    Row.objects.filter(code__in=["alcohol", "solarium_sauna"]).delete()  # massage and rough towels are left
    performed(session, doctor, session.ends_at)
    text = read(Message.objects.get(kind="aftercare"), session.ends_at).text
    local = timezone.localtime(session.ends_at + 72 * HOUR)
    when = f"{local:%A} {local.day} {local:%B}, {local:%H:%M}"
    assert f"- All that is on your page: from {when} (our clinic asks for this)" in text
    assert "assage" not in text


def test_where_nothing_is_said_to_everybody_the_letter_before_says_where_it_stands(session):
    session.course.area = Area.objects.get(code="scalp")
    session.course.save()
    Row.objects.filter(phase="before", areas=None).delete()  # what is left is for the scalp
    precare = Message.objects.get(kind="precare", session=session)
    assert "- What stands on your page" in read(precare, precare.due_at).text


def test_no_letter_names_what_would_tell_where_somebody_is_treated(session, doctor):
    session.course.area = Area.objects.get(code="scalp")
    session.course.save()
    performed(session, doctor, session.ends_at)
    text = read(Message.objects.get(kind="aftercare"), session.ends_at).text.lower()
    assert "sauna" in text
    for word in ("scalp", "hair", "head", "x-ray"):
        assert word not in text
    precare = Message.objects.get(kind="precare", session=session)
    said = read(precare, precare.due_at).text.lower()
    assert "allergies" in said
    assert "hair" not in said
    assert "aspirin" not in said


def test_a_german_letter_names_the_rules_in_german(session, doctor):
    session.course.patient.language = "de"
    session.course.patient.save(update_fields=["language"])
    precare = Message.objects.get(kind="precare", session=session)
    assert "- Sagen Sie uns, welche Allergien" in read(precare, precare.due_at).text
    performed(session, doctor, session.ends_at)
    aftercare = read(Message.objects.get(kind="aftercare"), session.ends_at).text
    assert "- Alkohol: ab" in aftercare


def test_made_up_for_days_later_nothing_follows(session, doctor):
    visits.perform(session, note="", by=doctor, at=session.ends_at + 3 * DAY)
    assert not Message.objects.filter(kind="aftercare").exists()


def test_where_nothing_is_to_be_minded_nothing_is_sent(session, doctor):
    performed(session, doctor, session.ends_at)
    Row.objects.update(retired_on=session.ends_at.date())
    message = Message.objects.get(kind="aftercare")
    assert actions.deliver(message.pk, at=message.due_at) == "suppressed"


# Questions to answer again


@pytest.fixture
def rechecks(doctor, at):
    factories.working_hours(doctor)
    course = factories.confirmed_course(by=doctor, at=at)
    factories.booked(course, factories.room(), practitioner=doctor, at=at, first=at.date() + 7 * DAY)
    return list(Message.objects.filter(kind="recheck").order_by("due_at"))


def test_answers_that_are_good_on_the_day_are_not_asked_for_again(rechecks):
    first, last = rechecks[0], rechecks[-1]
    assert actions.deliver(first.pk, at=first.due_at) == "suppressed"
    assert last.pk not in kinds.needless([last], at=last.due_at)


def test_the_link_is_made_with_the_letter_and_each_attempt_has_one_of_the_same(rechecks):
    last = rechecks[-1]
    assert not InterviewLink.objects.exists()
    assert "http" in read(last, last.due_at).text
    read(last, last.due_at + HOUR)
    [link] = InterviewLink.objects.all()
    assert (link.created_by, link.patient_id, len(link.token_hashes) > 1) == (None, last.patient_id, True)


def test_truth_costs_the_same_for_one_and_for_five(rechecks):
    def queries(messages):
        with CaptureQueriesContext(connection) as ctx:
            kinds.needless(messages, at=rechecks[0].due_at)
        return len(ctx)

    kinds.needless(rechecks, at=rechecks[0].due_at)
    assert queries(rechecks[:1]) == queries(rechecks)
    everything = list(Message.objects.all())
    with CaptureQueriesContext(connection) as ctx:
        kinds.needless(everything, at=rechecks[0].due_at)
    assert len(ctx) < 16
