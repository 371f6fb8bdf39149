"""The log of who opened whose record: written before the page is shown; no row, no page."""

import datetime as dt
from collections.abc import Collection, Iterable

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from clinic.access import actor
from clinic.models import AccessLog

ONE_READING = dt.timedelta(hours=1)


def record_read(request: HttpRequest, patient_id: int) -> None:
    """Leave a row that this person opened this patient's record on this page."""
    AccessLog.objects.read(_reading(request, listed=False), [patient_id])


def record_list(request: HttpRequest, patient_ids: Iterable[int], *, beside: Collection[str] = ()) -> None:
    """Leave a row for each patient whom this page names in a list. One SQL query.

    A page that renews itself leaves none for those whom it, or a page `beside` which it stands, has shown the same
    person within the hour: that is one reading.
    """
    shown, reading = sorted(set(patient_ids)), _reading(request, listed=True)
    if not shown:
        return
    if "X-Background" in request.headers:
        since, on = reading.at - ONE_READING, [reading.view, *beside]
        AccessLog.objects.read_anew(reading, shown, since=since, on=on)
    else:
        AccessLog.objects.read(reading, shown)


def _reading(request: HttpRequest, *, listed: bool) -> AccessLog:
    """Who reads, when, what and from where (not saved), whoever is read about."""
    user = actor(request)
    return AccessLog(
        at=timezone.now(),
        actor_id=user.pk,
        actor=str(user),
        roles=" ".join(sorted(user.roles)),
        view=_view(request),
        method=request.method or "",
        address=address_of(request),
        listed=listed,
    )


def _view(request: HttpRequest) -> str:
    return request.resolver_match.view_name if request.resolver_match else ""


def address_of(request: HttpRequest) -> str | None:
    """Where the request comes from, by as many proxies as are trusted (ALLAUTH_TRUSTED_PROXY_COUNT)."""
    try:
        return get_adapter().get_client_ip(request)
    except PermissionDenied:  # it comes over a unix socket
        return None
