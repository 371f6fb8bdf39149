"""Who answers by themself: a signed cookie names the link, and says when its date of birth was last proven.

Nothing is written when a link is opened, since mail scanners open links too. The cookie holds no token and opens
nothing but the interview; the link itself is asked at every request, so a used or revoked one is dead at once.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from patients.actions.links import working
from patients.by_link import LinkCookie, gone
from patients.models import InterviewLink, Report
from patients.rules_links import IDLE

COOKIE = LinkCookie("interview", salt="patients.interview")
PATH = "/interview/"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who came by `link`. `verified`: the date of birth was given lately. `received`: nothing is left."""

    link: InterviewLink
    verified: bool
    received: Report | None = None


def visitor(request: HttpRequest, *, at: dt.datetime) -> Visitor | None:
    """Who the cookie says it is, or None when its link opens nothing any more. At most four SQL queries."""
    told = COOKIE.read(request)
    if told is None:
        return None
    links = InterviewLink.objects.select_related("patient").filter(pk=told["link"])
    verified = at.timestamp() - told["proven"] <= IDLE.total_seconds()
    if link := links.filter(pk__in=working(at).values("pk")).first():
        return Visitor(link, verified, Report.objects.pending(link.patient))
    used = (
        Report.objects.filter(link__in=links, submitted_at__isnull=False)
        .select_related("link__patient")
        .first()
    )
    return Visitor(used.link, verified, used) if used and verified else None


def remember(response: HttpResponse, link_id: int, *, proven: dt.datetime | None) -> None:
    """Set the cookie anew, never one that was seen before. `proven`: the date of birth was right, or still is."""
    told = {"link": link_id, "proven": proven.timestamp() if proven else 0}
    COOKIE.write(response, told, path=PATH)


def forget(response: HttpResponse) -> None:
    COOKIE.delete(response, path=PATH)


def by_link(view: Callable) -> Callable:
    """For views of those who proved their date of birth: `view(request, visitor, at, ...)`."""

    @login_not_required
    @wraps(view)
    def guarded(request: HttpRequest, *args, **kwargs) -> HttpResponse:
        at = timezone.now()
        who = visitor(request, at=at)
        if who is None or not who.verified or is_of_another(request, who):
            return _to_the_door(request) if who or _by_itself(request) else gone(request)
        response = view(request, who, at, *args, **kwargs)
        if COOKIE.key not in response.cookies:
            remember(response, who.link.pk, proven=at)
        return response

    return guarded


def is_of_another(request: HttpRequest, who: Visitor) -> bool:
    """Was this form made for another link? Somebody opened the link of a relative in the next tab of the same phone."""
    mine = str(who.link.pk)
    return request.POST.get("link", mine) != mine


def _by_itself(request: HttpRequest) -> bool:
    """Did the page ask, not the person?"""
    return "HX-Request" in request.headers


def _to_the_door(request: HttpRequest) -> HttpResponse:
    """Where the date of birth is asked; the whole page goes there, whoever asked."""
    door = reverse("interview:here")
    return HttpResponse(status=401, headers={"HX-Redirect": door}) if _by_itself(request) else redirect(door)
