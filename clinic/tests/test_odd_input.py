"""Every URL, as everybody who may open it, with input that no form of ours sends: refused in words, never a failure.

The clinic is a small demo; the forms are those that its pages show. `ODD_ROUNDS=30` tries longer than the suite does.
"""

import datetime as dt
import os
import random
import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone

from clinic.demo import planning, seeding, staff
from clinic.demo.stories import STORIES
from clinic.models import User
from clinic.roles import Role
from clinic.tests import odd
from clinic.tests.access_table import ACCESS, ANYBODY, BY_LINK, PUBLIC, SIGNED
from clinic.tests.test_access import NOT_READY, OWN, Door
from clinic.tests.unchanged import MAY_CHANGE
from conftest import NOW
from contraindications.models import Draft, Preview, RuleSet, Screening
from contraindications.tests.draft_factories import previewed
from patients.actions import note_death, show_code
from patients.models import Patient
from patients.tests.factories import patient as someone
from treatments.courses.models import Course
from treatments.reminders.models import Deed, LinkPurpose, Message
from treatments.reminders.tests import letters
from treatments.schedule import actions as calendar
from treatments.schedule.actions import offering
from treatments.schedule.away import absences
from treatments.schedule.feeds import actions as feeds
from treatments.schedule.models import Absence, FreedTime, Offer, Session
from treatments.schedule.tests import factories

DAY = timezone.localdate(NOW)
ROUNDS = int(os.environ.get("ODD_ROUNDS", "2"))
LOGINS = {
    Role.DOCTOR: "doctor",
    Role.NURSE: "nurse",
    Role.FRONT_DESK: "desk",
    Role.CATALOGUE_ADMIN: "catalogue",
    Role.CLINIC_ADMIN: "admin",
}
# What pages ask of each other's query strings, beside what their forms and links show.
ASKED = [
    "q",
    "day",
    "after",
    "next",
    "to",
    "minutes",
    "course",
    "session",
    "number",
    "like",
    "since",
    "until",
]
WRITTEN = re.compile(r'(?:INSERT INTO|(?<!FOR )(?<!KEY )(?<!DO )UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
FILES = (".pdf", ".ics", ".csv")  # that lead nowhere
# Nobody is known there yet.
ENTRANCES = {
    "messages:enter",
    "messages:unsubscribe",
    "interview:enter",
    "offer:answer",
    "feeds:feed",
    "metrics",
}
# What no form on a page holds: what scripts send, what others report, and forms of other doors.
SENT = {
    "schedule:drop": {"to": ["2026-11-24T10:00:00Z"], "minutes": ["0"], "version": ["1"]},
    "contraindications:ask": {"text": ["Would you look at it?"]},
    "schedule:swap": {"other": ["2"], "version": ["1"], "other_version": ["1"]},
    "courses:confirm": {"version": ["1"]},
    "interview:review": {"signature": ["Ana Nowak"]},
    "rules:renew": {"seen": ["0" * 64]},
    "reminders:seen_confirmed": {"shown": ["1"]},
    "reminders:put_back": {"record": ["1"]},
    "messages:unsubscribe": {"List-Unsubscribe": ["One-Click"]},
    "hooks:sms_status": {"MessageSid": ["SM1"], "MessageStatus": ["delivered"], "ErrorCode": ["30003"]},
    "hooks:sms_reply": {"From": ["+48601234567"], "Body": ["STOP"]},
}
SAME = {
    "visits:check_in": "patients:interview",
    "courses:preview": "courses:new",
    "patients:draft": "patients:interview",
    "patients:discard": "patients:edit",
    "absences:replan_day": "absences:replan",
    "absences:outside_replan": "absences:replan",
    "equipment:replan": "absences:replan",
}
# What a refusal may leave: who looked, how often it was tried, the verdict on which it rests and that it was asked;
# and of their own interview patients keep all that could be read.
KEPT = MAY_CHANGE | {"clinic_cache", "contraindications_screening", "courses_course", "courses_courseevent"}
KEPT |= {"courses_check", "patients_report"}


class World:
    """A small demo clinic, a browser of each role and of patients behind links, and what their pages lead to."""

    def __init__(self) -> None:
        self.browsers: dict[str, Client] = {}
        self.addresses: dict[str, dict[str, None]] = defaultdict(
            dict
        )  # of each door, in the order they were found
        self.fields: dict[str, dict[str, list[str]]] = defaultdict(dict)  # of the forms that lead to it
        self.asked: dict[str, set[str]] = defaultdict(set)  # names in its query string

    def people(self) -> None:
        """A browser of each role."""
        for role, login in LOGINS.items():
            self.browsers[role] = Client()
            self.browsers[role].force_login(User.objects.get(email=f"{login}@{staff.DOMAIN}"))
        self.browsers["nobody"] = Client()

    def patients(self) -> None:
        """Phones on which the links of letters are open, a tablet with an interview, an offer."""
        session = Session.objects.booked().filter(starts_at__gt=NOW).order_by("-starts_at")[0]
        recall = Message.objects.filter(kind="maintenance").exclude(patient=session.course.patient)[0]
        about = {
            LinkPurpose.SESSION: letters.of_session(session),
            LinkPurpose.RECALL: letters.letter(recall.patient, "maintenance", course=recall.course),
            LinkPurpose.WISHES: letters.of_session(session),
        }
        for purpose, letter in about.items():
            phone = letters.Phone(letter, purpose)
            self.browsers[f"letter: {purpose}"] = phone.browser
            self.note(phone.url())
        self.note(reverse("messages:unsubscribe", args=[letters.token(letter, LinkPurpose.WISHES)]))
        self.interview()

    def interview(self) -> None:
        """A tablet on which somebody has said when they were born."""
        patient = someone(by=User.objects.get(email=f"desk@{staff.DOMAIN}"))
        token = show_code(patient, by=patient.created_by, at=NOW)[1]
        self.browsers["interview"] = tablet = Client()
        tablet.get(reverse("interview:enter", args=[token]))
        born = {name: getattr(patient.birth_date, name) for name in ("day", "month", "year")}
        tablet.post(reverse("interview:here"), born)
        self.note(reverse("interview:enter", args=[token]))
        self.note(reverse("interview:step", args=[1]))

    def work(self) -> None:
        """What staff have to do: times given up, an offer, letters that failed, changes of the lists, plans."""
        doctor = User.objects.get(email=f"doctor@{staff.DOMAIN}")
        ahead = (
            Session.objects.booked().filter(starts_at__gt=NOW + dt.timedelta(days=3)).order_by("starts_at")
        )
        for session in [one for one in ahead if one.number > 1][:2]:
            calendar.cancel_by_patient(session, version=session.version, at=NOW)
            self.note(reverse("schedule:gap", args=[session.course_id]))
            self.note(reverse("schedule:book", args=[session.course_id]))
            factories.waiting(session.course, session.number, by=doctor)
        for freed in FreedTime.objects.all():
            offering.offer_freed(freed.pk, at=NOW)
        for offer in Offer.objects.open(NOW)[:1]:
            self.note(reverse("offer:answer", args=[calendar.mint_token(offer.pk, at=NOW)]))
        ended = ahead.exclude(course=ahead.last().course_id).last().course.patient
        note_death(ended, DAY, by=doctor, at=NOW)
        self.note(reverse("patients:patient", args=[ended.pk]))
        failed = {
            "state": "failed",
            "why": "refused",
            "sent_at": None,
            "not_after": NOW + dt.timedelta(days=1),
        }
        Message.objects.filter(pk=Message.objects.filter(kind="booked")[0].pk).update(**failed)
        today = Session.objects.booked().filter(starts_at__date=DAY, course__screening__verdict="clear")
        absences.ill_today(Session.objects.booked().order_by("starts_at")[0].practitioner, by=doctor, at=NOW)
        for session in today[:1]:
            planning.checked_in(session, STORIES[0], by=doctor, at=NOW)
            self.note(reverse("visits:perform", args=[session.pk]))
        previewed(Draft.objects.open()[0], by=doctor, at=NOW)
        self.note(reverse("feeds:feed", args=[feeds.make(by=doctor, at=NOW)]))

    def rows(self) -> None:
        """Addresses of rows that no page of the day leads to."""
        leads = {
            "patients:patient": Patient.objects.all(),
            "schedule:session": Session.objects.all(),
            "courses:course": Course.objects.all(),
            "absences:absence": Absence.objects.all(),
            "absences:replan": Absence.objects.all(),
            "absences:hours": User.objects.filter(working_hours__isnull=False).distinct(),
            "absences:replan_day": User.objects.filter(working_hours__isnull=False).distinct(),
            "contraindications:ask": Screening.objects.filter(verdict="hold"),
            "absences:lift": Absence.objects.all(),
            "absences:weekly_again": User.objects.filter(working_hours__isnull=False).distinct(),
            "reminders:put_back": Message.objects.filter(state="failed"),
            "reminders:seen": Deed.objects.unseen(),
            "rules:preview_run": Preview.objects.all(),
            "rules:people": Draft.objects.all(),
            "rules:renew": Draft.objects.all(),
        }
        for name, rows in leads.items():
            for row in rows[:20]:
                self.note(reverse(name, args=[row.pk]))
        for name in ("rules:preview", "schedule:overlaps_csv", "reminders:seen_confirmed"):
            self.note(reverse(name))
        item = next(iter(RuleSet.objects.first().content["items"]))["id"]
        for name in ("rules:item_change", "rules:item_retire"):
            self.note(reverse(name, args=[item]))

    def note(self, address: str, page: str = "/") -> str:
        """Remember where an address of a page leads; its door, or "" if it leads out of the house."""
        path, _mark, asked = address.partition("#")[0].partition("?")
        path = path or page
        try:
            door = resolve(path).view_name
        except Resolver404:
            return ""
        if door in ACCESS:
            self.addresses[door][path] = None
            self.asked[door] |= {one.partition("=")[0] for one in asked.split("&") if one}
        return door

    def look(self) -> None:
        """Open what was found of every door, as whoever may, until that leads nowhere new."""
        seen, more = set(), True
        while more:
            found = [(who, one) for door in OWN for who in self.readers(door) for one in self.at(door)]
            fresh = [one for one in found if one not in seen and not one[1].endswith(FILES)]
            seen |= set(fresh)
            more = sum(self.open(*one) for one in fresh) > 0

    def readers(self, door: Door) -> list[str]:
        """Patients have pages of their own each; of staff one is enough."""
        return self.who(door) if door.allowed == BY_LINK else self.who(door)[:1]

    def open(self, who: str, address: str) -> bool:
        """Read one page; whether it leads anywhere new."""
        answer = again(self.browsers[who]).get(address, follow=True)
        if answer.status_code != 200 or not answer["Content-Type"].startswith("text/html"):
            return False
        page, here = odd.read(answer.content.decode()), answer.request["PATH_INFO"]
        known = sum(map(len, self.addresses.values()))
        for one in page.addresses:
            self.note(one, here)
        for form in page.forms:
            door = self.note(form.address, here)
            if form.post:
                for name, offered in form.fields.items():
                    self.fields[door].setdefault(name, []).extend(offered[:40])
            else:
                self.asked[door] |= set(form.fields)
        return sum(map(len, self.addresses.values())) > known

    def at(self, door: Door) -> list[str]:
        """Where the door is: as pages lead there, else at a made-up address."""
        return list(self.addresses[door.name])[:3] or [door.address]

    def sent(self, door: Door) -> dict[str, list[str]]:
        """The fields that are sent there."""
        return self.fields[SAME.get(door.name, door.name)] or SENT.get(door.name, {})

    def who(self, door: Door) -> list[str]:
        """The browsers that may come there."""
        if door.allowed in (PUBLIC, SIGNED) or door.name in ENTRANCES:
            return ["nobody"]
        if door.allowed == BY_LINK:
            space = door.name.partition(":")[0]
            return [who for who in self.browsers if who.startswith({"messages": "letter"}.get(space, space))]
        return list(LOGINS) if door.allowed == ANYBODY else [role for role in LOGINS if role in door.allowed]


@pytest.fixture(scope="module")
def db(django_db_setup, django_db_blocker):
    """One transaction for all tests of this file, undone at the end; elsewhere each test has one of its own."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def world(db):
    """The clinic, and all that its pages lead to."""
    with pytest.MonkeyPatch.context() as patch, time_machine.travel(NOW, tick=False):
        patch.setattr(seeding, "STORIES", STORIES[::8])
        seeding.seed(DAY)
        built = World()
        built.people()
        built.patients()
        built.work()
        built.rows()
        built.look()
        yield built


@contextmanager
def undone() -> Iterator[list[str]]:
    """What happens inside is undone; meanwhile the tables that it wrote rows of."""
    written: list[list[str]] = [[]]

    def listen(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if sql.startswith("SAVEPOINT"):
            written.append([])
        elif sql.startswith("RELEASE"):
            inner = written.pop()
            written[-1] += inner
        elif sql.startswith("ROLLBACK TO"):
            written[-1].clear()
        elif context["cursor"].rowcount > 0:
            written[-1] += WRITTEN.findall(sql)
        return result

    outside, told = transaction.savepoint(), []
    try:
        with connection.execute_wrapper(listen):
            yield told
            told += [table for level in written for table in level]
    finally:
        connection.needs_rollback = False
        transaction.savepoint_rollback(outside)


def tried(world: World, who: str, door: Door, method: str, address: str, **sent) -> list[str]:
    """What is wrong with the answer, in words; nothing if nothing is."""
    browser = again(world.browsers[who])
    said = f"{who}: {method} {address[:300]} {str(sent)[:1500]}"
    try:
        with undone() as written:
            answer = browser.generic(method, address, **sent)
            list(answer) if answer.streaming else answer.content
    except Exception as error:  # whatever it is, it is the finding
        return [f"{said}\n    {type(error).__name__}: {str(error)[:300]}"]
    code = answer.status_code
    if code >= 500 and code not in NOT_READY.get(door.name, set()):
        return [f"{said}\n    {code}"]
    if 400 <= code < 500 and (left := set(written) - KEPT):
        return [f"{said}\n    {code}, and yet written: {sorted(left)}"]
    return []


def again(browser: Client) -> Client:
    """The same person, who has not done anything since."""
    other = Client()
    other.cookies = deepcopy(browser.cookies)
    return other


def tries(
    world: World, door: Door, who: str, rounds: int, rng: random.Random
) -> Iterator[tuple[str, str, dict]]:
    """(method, address, what is sent)"""
    real = world.at(door)
    asked = sorted(world.asked[door.name] | set(rng.sample(ASKED, 4)))
    yield "GET", f"{rng.choice(real)}?{odd.query(asked, rng)}", {}
    yield "GET", odd.paths(rng.choice(real), rng), {}
    part = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": rng.choice(["calendar-dialog", "x" * 300])}
    for kind, body in odd.bodies(world.sent(door), rng, rounds):
        yield "POST", rng.choice(real), {"data": body, "content_type": kind, **rng.choice([{}, part])}
    for _ in range(rounds // 2):
        one = rng.choice(asked)
        yield "GET", f"{rng.choice(real)}?{odd.query([one], rng)}", rng.choice([{}, part])


@pytest.mark.parametrize("door", OWN, ids=str)
def test_odd_input_is_refused_in_words(world, door):
    rng, wrong = random.Random(door.name), []
    for nth, who in enumerate(world.who(door)):
        rounds = ROUNDS if nth == 0 or ROUNDS > 2 else 1
        for method, address, sent in tries(world, door, who, rounds, rng):
            wrong += tried(world, who, door, method, address, **sent)
    assert not wrong, "\n".join(wrong)


# Where the demo has nothing for these to lead to, or what is sent there has no field.
NO_FIELDS = {
    "absences:lift",
    "absences:weekly_again",
    "rules:preview_run",
    "account_reset_password_from_key",
    "mfa_activate_totp",
    "mfa_authenticate",
    "mfa_deactivate_totp",
    "mfa_download_recovery_codes",
    "mfa_generate_recovery_codes",
    "mfa_reauthenticate",
    "hooks:mail",
}


def test_the_fields_of_nearly_all_doors_are_known(world):
    silent = {
        door.name
        for door in OWN
        if not world.sent(door) and takes_forms(world, door) and door.name not in NO_FIELDS
    }
    assert not sorted(silent)


def takes_forms(world: World, door: Door) -> bool:
    browser = again(world.browsers[world.who(door)[0]])
    with undone():
        return browser.post(world.at(door)[0]).status_code != 405
