"""A clinic whose messages are chased: its people and rooms, and courses that wait to be booked."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from clinic.chaos.mailserver import GONE
from clinic.contest import scene
from clinic.contest.scene import CROWD, SESSIONS, SYRINGE
from clinic.models import Clinic, User
from treatments.courses.models import Course
from treatments.schedule.rules import Slot

AHEAD = 5  # days until the first sessions: every reminder of theirs is still to come
A_GONE_ONE = 20  # every so many patients have an address that nobody has
MAIL = "chaos.example"


@dataclass(frozen=True, slots=True)
class Stage:
    """Who and what there is. Every course is of a patient of its own."""

    people: scene.Scene
    courses: list[Course]

    @property
    def desk(self) -> User:
        return self.people.crowd[0]

    def slots(self, number: int, *, later: bool = False) -> list[Slot]:
        """Times for course `number` that no other course wants; `later`: the next ones of the same days."""
        when, who = divmod(number, CROWD)
        return self.people.slots(2 * when + later, [who] * SESSIONS, [who] * SESSIONS)


def build(courses: int, at: dt.datetime) -> Stage:
    """Everything for so many courses. Needs the catalogue and an empty clinic."""
    clinic = Clinic.current()
    clinic.quiet_from = clinic.quiet_until = dt.time(0)  # a night of faults has no quiet hours
    clinic.save()
    people = scene.staffed(timezone.localdate(at) + dt.timedelta(days=AHEAD))
    found = [scene.confirmed_course(SYRINGE, n, people.doctors[0], at) for n in range(courses)]
    for number, course in enumerate(found):
        who = GONE if number % A_GONE_ONE == A_GONE_ONE - 1 else "patient"
        course.patient.email = f"{who}{number}@{MAIL}"
        course.patient.phone = f"+48501{number:06d}"
        course.patient.save(update_fields=["email", "phone"])
    return Stage(people, found)
