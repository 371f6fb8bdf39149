"""The words for what a change makes different, and for a session that finds no other time."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from treatments.schedule.rules import Stuck
from treatments.schedule.words.times import day_said


def days_said(days: int) -> str:
    """By how many days something is earlier (below zero) or later."""
    if days < 0:
        return ngettext("%(n)s day earlier", "%(n)s days earlier", -days) % {"n": -days}
    return ngettext("%(n)s day later", "%(n)s days later", days) % {"n": days}


def length_said(minutes: int) -> list[str]:
    """By how many minutes something is shorter (below zero) or longer; nothing where it is neither."""
    if not minutes:
        return []
    said = _("%(n)s minutes longer") if minutes > 0 else _("%(n)s minutes shorter")
    return [said % {"n": abs(minutes)}]


def stuck_said(stuck: Stuck) -> str:
    """Which session would have to move and finds no time."""
    days = {"number": stuck.number, "first": day_said(stuck.first), "last": day_said(stuck.last)}
    return _("Session %(number)s would have to move, and has no free time from %(first)s to %(last)s.") % days


def lost_said(stuck: Stuck) -> str:
    """Which session finds no time if the one that is missing is to be booked anew."""
    days = {"number": stuck.number, "first": day_said(stuck.first), "last": day_said(stuck.last)}
    return _("There is no free time for session %(number)s from %(first)s to %(last)s.") % days
