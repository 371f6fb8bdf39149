"""Maintenance: several recalls, spaced; they stop when something is answered; who came starts the next date."""

import datetime as dt
import itertools

from django.utils import timezone

from clinic.models import Clinic
from treatments.catalogue.models import Protocol
from treatments.courses import actions as courses
from treatments.courses.models import Course
from treatments.courses.tests.factories import course as plan_of
from treatments.reminders import actions
from treatments.reminders.models import Answer, Message, RecallAnswer
from treatments.reminders.tests.factories import confirmed_course, finished_course, someone

WEEK = dt.timedelta(weeks=1)


def recalls(course):
    return list(Message.objects.filter(course=course, kind="maintenance").order_by("step"))


def test_as_many_as_the_clinic_says_and_so_far_apart(doctor, at):
    Clinic.objects.update_or_create(pk=1, defaults={"recall_times": 3, "recall_every_days": 21})
    found = recalls(finished_course(someone(doctor), by=doctor, at=at))
    days = [timezone.localdate(one.due_at) for one in found]
    assert [one.step for one in found] == [1, 2, 3]
    assert [(b - a).days for a, b in itertools.pairwise(days)] == [21, 21]


def test_none_where_the_clinic_wants_none(doctor, at):
    Clinic.objects.update_or_create(pk=1, defaults={"recall_times": 0})
    assert recalls(finished_course(someone(doctor), by=doctor, at=at)) == []


def test_an_answer_stops_those_that_follow_and_is_kept_once(doctor, at):
    course = finished_course(someone(doctor), by=doctor, at=at)
    first = recalls(course)[0]
    Message.objects.filter(pk=first.pk).update(state="sent", sent_at=first.due_at)
    for _twice in range(2):
        actions.answer_recall(first, Answer.DECLINED, at=first.due_at)
    assert [one.state for one in recalls(course)] == ["sent", "suppressed", "suppressed"]
    assert RecallAnswer.objects.get().answer == "declined"


def test_an_answer_about_one_course_says_nothing_of_another(doctor, at):
    patient = someone(doctor)
    older = finished_course(patient, by=doctor, at=at)
    actions.answer_recall(recalls(older)[0], Answer.DECLINED, at=at)
    newer = finished_course(patient, by=doctor, at=at + 10 * WEEK)
    assert [one.state for one in recalls(newer)] == ["due"] * 3


def test_who_came_for_maintenance_is_due_again_by_the_rhythm(doctor, at):
    protocol = Protocol.objects.exclude(maintenance_first_weeks=0).first()
    patient = someone(doctor)
    first = finished_course(patient, by=doctor, at=at, protocol=protocol, sessions_planned=3)
    came = confirmed_course(patient, by=doctor, at=at + 5 * WEEK, protocol=protocol, maintains=first)
    courses.finish(came, at=at + 6 * WEEK)
    weeks = timezone.localdate(recalls(came)[0].due_at) - timezone.localdate(at + 6 * WEEK)
    assert weeks == protocol.maintenance_every_weeks * WEEK
    assert {one.state for one in recalls(first)} == {"suppressed"}


def test_a_single_session_by_the_protocol_of_a_finished_course_keeps_its_result(doctor, at):
    first = plan_of(by=doctor, at=at)
    assert first.maintains is None
    courses.finish(first, at=at + WEEK)
    single = plan_of(by=doctor, patient=first.patient, at=at + 5 * WEEK, sessions=1)
    again = plan_of(by=doctor, patient=first.patient, at=at + 6 * WEEK)
    assert single.maintains == first
    assert Course.objects.get(pk=again.pk).maintains is None
