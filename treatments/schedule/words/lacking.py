"""The words for why nothing is proposed, and what would help."""

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from treatments.schedule.proposing.desk import Desk
from treatments.schedule.rules import ANY_TIME, Daytime, Lack, Lacking, Offer, Wish, Wishes
from treatments.schedule.words.times import day_said, when


def lacking_said(lacking: Lacking, wishes: Wishes, at_desk: Desk, treatment: str = "") -> str:
    """Which session finds no time, and what it is that lacks, with the wish that narrows it.

    `treatment`: what it is called to whoever may know it.
    """
    days = {"first": day_said(lacking.first), "last": day_said(lacking.last), "number": lacking.number}
    if lacking.lack == Lack.SAME:
        return (
            _(
                "Nobody has time for all the sessions: with different practitioners there is, from %(first)s on."
            )
            % days
        )
    days["reason"] = _reason(lacking.lack, wishes, at_desk, treatment or _("this treatment"))
    if lacking.first == lacking.last:
        return _("No time for session %(number)s on %(first)s: %(reason)s") % days
    return _("No time for session %(number)s between %(first)s and %(last)s: %(reason)s") % days


def _reason(lack: Lack, wishes: Wishes, at_desk: Desk, treatment: str) -> str:
    named = at_desk.people.get(wishes.practitioner or 0)
    room = at_desk.rooms.get(wishes.room or 0)
    said = {"name": named, "room": room, "when": _times(wishes), "weekdays": _weekdays(wishes)}
    said["latest"] = day_said(wishes.latest) if wishes.latest else ""
    said["treatment"] = treatment
    return (_never(lack, at_desk) or _not_then(lack, named, room)) % said


def _never(lack: Lack, at_desk: Desk) -> str:
    """What no other day would change: the treatment lacks a place, or a device, altogether."""
    if lack == Lack.ROOM and not at_desk.rooms:
        return _("no room is one in which %(treatment)s is done. The clinic admin says which are.")
    if lack == Lack.DEVICE and not all(need.free for need in at_desk.free.devices):
        return _("no device that %(treatment)s needs is in use.")
    return ""


def _not_then(lack: Lack, named: object, room: object) -> str:
    return {
        Lack.PAST: _("its interval is over."),
        Lack.LATEST: _("it would be after %(latest)s, the last day that is wished."),
        Lack.WEEKDAYS: _("none of these days is a %(weekdays)s."),
        Lack.PRACTITIONER: _("%(name)s has no free time%(when)s then.")
        if named
        else _("nobody who treats has free time%(when)s then."),
        Lack.PATIENT: _("the patient has other sessions%(when)s then."),
        Lack.ROOM: _("%(room)s is not free%(when)s then.")
        if room
        else _("no room for %(treatment)s is free%(when)s then."),
        Lack.DEVICE: _("no device for %(treatment)s is free%(when)s then."),
        Lack.TOGETHER: _("practitioner, room and patient are never free at once%(when)s then."),
        Lack.SAME: "",
    }[lack]


def _times(wishes: Wishes) -> str:
    """The weekdays and the time of day that are wished, to follow "free time"."""
    weekdays, hours = _weekdays(wishes), _hours(wishes.daytime)
    said = [_("on a %(weekdays)s") % {"weekdays": weekdays}] if weekdays else []
    return "".join(f" {part}" for part in [*said, *hours])


def _weekdays(wishes: Wishes) -> str:
    return _(" or ").join(str(WEEKDAYS[day - 1]) for day in sorted(wishes.weekdays))


def _hours(daytime: Daytime) -> list[str]:
    if daytime == ANY_TIME:
        return []
    said = {"begin": f"{daytime.earliest:%H:%M}", "end": f"{daytime.until:%H:%M}" if daytime.until else ""}
    return [(_("from %(begin)s to %(end)s") if daytime.until else _("after %(begin)s")) % said]


def letting_said(wish: Wish, offer: Offer, at_desk: Desk) -> str:
    """What there would be without this wish."""
    first = offer.slots[0]
    without = {
        Wish.PRACTITIONER: _("With anybody who treats"),
        Wish.SAME: _("With different practitioners"),
        Wish.WEEKDAYS: _("On any weekday"),
        Wish.DAYTIME: _("At any time of day"),
        Wish.EARLIEST: _("From today on"),
        Wish.LATEST: _("Without a last day"),
        Wish.ROOM: _("In any room"),
    }[wish]
    named = at_desk.people[first.practitioner or 0]
    said = {"without": without, "when": when(first.starts_at), "name": named}
    return _("%(without)s: from %(when)s, with %(name)s") % said


def later_said(offer: Offer, at_desk: Desk) -> str:
    """What there is by the same wishes from a later day on."""
    first = offer.slots[0]
    said = {"when": when(first.starts_at), "name": at_desk.people[first.practitioner or 0]}
    return _("With these wishes, but later: from %(when)s, with %(name)s") % said


def otherwise_said(found: list[Offer] | Lacking, wishes: Wishes, at_desk: Desk) -> str:
    """What there is without any wish."""
    if isinstance(found, Lacking):
        loose = wishes.without(*wishes.stated)
        return _("Even without any wish: %(said)s") % {"said": lacking_said(found, loose, at_desk)}
    said = {"when": when(found[0].slots[0].starts_at)}
    return _("No single wish is in the way, but several together. Without any: from %(when)s.") % said
