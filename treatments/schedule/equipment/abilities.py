"""What is done where and by whom. A room or a practitioner with no abilities does everything."""

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from clinic.models import Room, User
from clinic.prepared import Asked, Prepared, asked
from treatments.courses.models import Course
from treatments.schedule.models import Ability
from treatments.schedule.places import Chosen
from treatments.schedule.refusals import NotBookable

ABILITIES = Prepared(
    lambda: Ability.objects.filter(
        Q(practitioner__among=asked("people")) | Q(room__among=asked("rooms"))
    ).values_list("practitioner", "room", "technique")
)
WHO_COULD = Prepared(lambda: able(User.objects.who_may_treat(), asked("technique")).order_by("name", "pk"))
ROOMS_FOR = Prepared(lambda: able(Room.objects.filter(active=True), asked("technique")))


def able(things: QuerySet, technique: int | Asked) -> QuerySet:
    """Those of the rooms or practitioners with whom the technique can be done: who has no abilities does all."""
    return things.filter(Q(abilities=None) | Q(abilities__technique=technique))


def who_could_treat(course: Course) -> "QuerySet[User]":
    """Those who may treat at present and do the course's treatment, by name."""
    return able(User.objects.who_may_treat(), course.technique_id).order_by("name", "pk")


def rooms_for(course: Course) -> "QuerySet[Room]":
    """The rooms in use in which the course's treatment is done."""
    return able(Room.objects.filter(active=True), course.technique_id)


def people_and_rooms(course: Course) -> tuple[list[User], dict[int, Room]]:
    """All of `who_could_treat` and of `rooms_for`, these by key. Two SQL queries."""
    rooms = ROOMS_FOR.objects(technique=course.technique_id)
    return WHO_COULD.objects(technique=course.technique_id), {room.pk: room for room in rooms}


def check_able(course: Course, chosen: Iterable[Chosen]) -> None:
    """The treatment is done in these rooms and by these practitioners. One SQL query. Raises NotBookable."""
    places = [one.place for one in chosen]
    people, rooms = {place.practitioner.pk for place in places}, {place.room.pk for place in places}
    known: dict[tuple[int | None, int | None], set[int]] = {}
    for person, room, technique in ABILITIES.rows(people=list(people), rooms=list(rooms)):
        known.setdefault((person, room), set()).add(technique)
    for place in places:
        if course.technique_id not in known.get((place.practitioner.pk, None), [course.technique_id]):
            raise NotBookable(_("%(name)s does not do this treatment.") % {"name": place.practitioner})
        if course.technique_id not in known.get((None, place.room.pk), [course.technique_id]):
            raise NotBookable(_("This treatment is not done in %(room)s.") % {"room": place.room})
