"""Who comes by the link of a letter: a cookie for the pages of that link alone, so that two of them do not mix.

A family with one phone opens the links of two people side by side; each has addresses and a cookie of its own. The
number in the address opens nothing. The link itself is asked at every request, so one that has ended is dead at once.
"""

import datetime as dt
from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from clinic.languages import speaking, spoken
from patients.by_link import LinkCookie, gone
from treatments.reminders.models import LinkPurpose, LinkToken

COOKIE = LinkCookie("letter", salt="treatments.reminders.letter")
STAYS_OPEN = dt.timedelta(hours=1)  # then the link is opened again, from the message
GONE = "messages/gone.html"


def let_in(response: HttpResponse, link: LinkToken) -> HttpResponse:
    """Set the cookie for the pages of this link."""
    COOKIE.write(response, {"link": link.pk}, path=reverse("messages:here", args=[link.pk]))
    return response


def by_link(*purposes: LinkPurpose) -> Callable:
    """For views of those who came by a link for one of these purposes: `view(request, link, at, ...)`.

    They speak the language of the patient. Everybody else gets the page for links that open nothing.
    """

    def guard(view: Callable) -> Callable:
        @login_not_required
        @wraps(view)
        def guarded(request: HttpRequest, link: int, **kwargs) -> HttpResponse:
            at = timezone.now()
            found = _found(request, link, at=at)
            if found is None or found.purpose not in purposes:
                return gone(request, GONE)
            with speaking(found.message.patient.language):  # type: ignore[union-attr]
                response = view(request, found, at, **kwargs)
                response.headers.setdefault("Content-Language", spoken())
                return response

        return guarded

    return guard


def _found(request: HttpRequest, link: int, *, at: dt.datetime) -> LinkToken | None:
    told = COOKIE.read(request, max_age=STAYS_OPEN)
    if told is None or told["link"] != link:
        return None
    return LinkToken.objects.working(at).select_related("message__patient").filter(pk=link).first()
