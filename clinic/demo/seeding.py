"""Seeds the demo clinic: all of it or nothing, and on the same day the same."""

import datetime as dt
import random

from django.db import transaction
from django.utils import timezone

from clinic.demo import lives, occupied, reminding, shelf, staff
from clinic.demo.calendar import places
from clinic.demo.scene import set_scene
from clinic.demo.stories import STORIES
from clinic.demo.unsettled import leave_open
from treatments.courses.catching_up import catch_up
from treatments.schedule.rules import wall

OPENS = dt.time(7, 30)  # the demo is seen as the clinic opens: what is on the day itself is still to come
YEARS_OLD = 2


@transaction.atomic
def seed(day: dt.date) -> None:
    """A clinic with staff, patients, plans, calendar and messages, as it stands when it opens on `day`.

    Needs the catalogue. Whoever seeds asks first whether a demo belongs into this database.
    """
    rng = random.Random(day.toordinal())  # noqa: S311 (no secret: it must repeat)
    at = wall(day, OPENS, timezone.get_default_timezone())
    opened = at - dt.timedelta(days=365 * YEARS_OLD)
    people = staff.open_clinic(opened)
    occupied.equip(people["admin"], opened)
    shelf.stock(day)
    stage = set_scene(day, at, people, rng)
    for number, (story, place) in enumerate(zip(STORIES, places(day, rng), strict=False)):
        lives.live(number, story, place, stage)
    caught_up(at)
    leave_open(stage)
    occupied.leave(stage)
    reminding.posted(at)


def caught_up(at: dt.datetime) -> None:
    """Everything held against the lists in force and the day, as the clinic's own run leaves it each morning."""
    for _courses in catch_up(at=at):
        pass
