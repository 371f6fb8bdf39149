"""Several phones answer at once, each with a connection of its own; and what happens without protection."""

import datetime as dt
import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest
from django.db import connection, transaction
from django.urls import reverse

from clinic.models import Clinic
from conftest import NOW
from treatments.courses.tests.factories import cleared_patient
from treatments.reminders.models import Deed, LinkPurpose, MessageWish
from treatments.reminders.querysets_deeds import DeedQuerySet
from treatments.reminders.tests import letters
from treatments.reminders.tests.letters import Phone
from treatments.schedule.models import Reservation, Session
from treatments.schedule.tests import factories
from treatments.schedule.tests.test_races import at_once, overlaps

pytestmark = pytest.mark.django_db(transaction=True)
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW, tick=False)
    Clinic.objects.update_or_create(pk=1, defaults={"name": "Clinic Lipa"})


@pytest.fixture
def family(doctor):
    """A session each of two who share an e-mail address, on neighbouring days, in the same room."""
    factories.working_hours(doctor, weekdays=range(1, 8))
    room, found = factories.room(), []
    for nth, name in enumerate(("Anna Nowak", "Jan Nowak")):
        who = cleared_patient(by=doctor, name=name, email="nowak@mail.example")
        row = factories.confirmed_course(by=doctor, patient=who, sessions=1)
        first = NOW.date() + (8 + nth) * DAY
        found += factories.booked(row, room, practitioner=doctor, first=first)
    return found


def offered(phone, session):
    return set(re.findall(r'name="to" value="([^"]+)"', phone.page("move", session.pk)))


def posts(phone, name, session, **data):
    return lambda: phone.post(name, session.pk, version=session.version, **data).status_code


def codes(results):
    return sorted(outcome for outcome, _took in results)


def test_of_two_who_move_to_the_same_time_one_has_it_and_the_other_sees_others(family):
    phones = [Phone(letters.of_session(one)) for one in family]
    both = set.intersection(*(offered(phone, one) for phone, one in zip(phones, family, strict=True)))
    to = min(both)
    jobs = [posts(phone, "move", one, to=to) for phone, one in zip(phones, family, strict=True)]
    assert codes(at_once(*jobs)) == [302, 409]
    assert sorted(Session.objects.values_list("version", flat=True)) == [1, 2]
    assert overlaps() == 0


def test_cancelled_and_moved_at_once_is_one_of_them(family):
    one = family[0]
    hers, his = Phone(letters.of_session(one)), Phone(letters.of_session(one))
    to = min(offered(his, one))
    assert codes(at_once(posts(hers, "cancel", one), posts(his, "move", one, to=to))) == [302, 409]
    row = Session.objects.get(pk=one.pk)
    assert row.version == 2
    assert (row.state == "cancelled") == row.cancelled_by_patient == (row.moved_by_patient_at is None)
    assert Reservation.objects.filter(session=one).exists() == (row.state == "booked")


@pytest.mark.parametrize("name", ["confirm", "cancel"])
def test_pressed_on_four_phones_at_once_it_is_once(family, name):
    one = family[0]
    jobs = [posts(Phone(letters.of_session(one)), name, one) for _phone in range(4)]
    assert set(codes(at_once(*jobs))) == {302}
    row = Session.objects.get(pk=one.pk)
    assert (row.version, row.cancelled_by_patient) == ((1, False) if name == "confirm" else (2, True))


def test_moved_by_two_presses_at_once_it_is_once_and_nobody_reads_that_nothing_changed(family):
    one = family[0]
    phone = Phone(letters.of_session(one))
    job = posts(phone, "move", one, to=min(offered(phone, one)))
    assert codes(at_once(job, job)) == [302, 302]
    assert Session.objects.get(pk=one.pk).version == 2


def test_confirmed_while_it_is_moved_is_never_confirmed_elsewhere(family):
    one = family[0]
    hers, his = Phone(letters.of_session(one)), Phone(letters.of_session(one))
    to = min(offered(his, one))
    found = codes(at_once(posts(hers, "confirm", one), posts(his, "move", one, to=to)))
    assert found in ([302, 302], [302, 409])
    row = Session.objects.get(pk=one.pk)
    assert (row.version, row.confirmed_at) == (2, None)


def test_without_the_version_it_would_be_confirmed_where_nobody_saw_it(family, monkeypatch):
    """The negative control of the test above: what it must be able to see."""
    one = family[0]

    def careless(session, *, version, at):
        Session.objects.filter(pk=session.pk).update(confirmed_at=at)

    monkeypatch.setattr("treatments.reminders.own.views.sessions.actions.confirm_by_patient", careless)
    hers, his = Phone(letters.of_session(one)), Phone(letters.of_session(one))
    assert his.post("move", one.pk, version=1, to=min(offered(his, one))).status_code == 302
    assert hers.post("confirm", one.pk, version=1).status_code == 302
    row = Session.objects.get(pk=one.pk)
    assert (row.version, row.confirmed_at) == (2, NOW)


def test_two_topics_stopped_at_once_are_both_stopped(family):
    patient, course = family[0].course.patient, family[0].course
    message = letters.letter(patient, "maintenance", course=course)
    care = letters.of_session(family[0], kind="precare")
    urls = [
        f"/my/unsubscribe/{letters.token(one, LinkPurpose.WISHES)}/" for one in (message, care, message, care)
    ]
    browsers = [Phone(message, LinkPurpose.WISHES).browser for _url in urls]
    jobs = [
        lambda b=browser, u=url: b.post(u, {"List-Unsubscribe": "One-Click"}).status_code
        for browser, url in zip(browsers, urls, strict=True)
    ]
    assert codes(at_once(*jobs)) == [200] * 4
    assert MessageWish.objects.standing(patient.pk) == {"maintenance": False, "care": False}
    assert MessageWish.objects.count() == 2


def hidden(page, name):
    return re.search(rf'name="{name}" value="([^"]+)"', page)[1]


def by_range(deeds, keys):
    """The other way: from the oldest that was shown to the newest."""
    return deeds.filter(kind="confirmed", pk__range=(min(keys), max(keys)))


@pytest.mark.parametrize(("asked", "unseen"), [(None, 1), (by_range, 0)], ids=["by key", "control: by range"])
def test_a_promise_committed_after_the_list_was_drawn_is_not_ticked_off_with_it(
    monkeypatch, as_, front_desk, family, asked, unseen
):
    if asked:
        monkeypatch.setattr(DeedQuerySet, "confirmed_among", asked)
    drawn, began = Event(), Event()

    def comes():
        session = family[0]
        about = {"patient": session.course.patient, "session": session}
        return Deed.objects.create(kind="confirmed", **about, done_at=NOW)

    def late():
        with closing(connection), transaction.atomic():
            begun = comes()
            began.set()
            assert drawn.wait(30)
        return begun

    with ThreadPoolExecutor(1) as pool:
        first, waiting = comes(), pool.submit(late)
        assert began.wait(30)
        last, browser = comes(), as_(front_desk)
        page = browser.get(reverse("reminders:changed")).text
        drawn.set()
        begun = waiting.result()
    assert first.pk < begun.pk < last.pk
    browser.post(reverse("reminders:seen_confirmed"), {"shown": hidden(page, "shown")})
    assert list(Deed.objects.unseen()) == [begun][:unseen]
