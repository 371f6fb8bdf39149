"""The log of who opened whose record: written before the page is shown; no row, no page."""

import datetime as dt
from collections.abc import Iterable

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


def record_list(request: HttpRequest, patient_ids: Iterable[int]) -> None:
    """Leave a row for each patient whom this page names in a list. One SQL query.

    A page that renews itself leaves none for those whom it has shown the same person within the hour: that is one
    reading, and one query more.
    """
    shown = set(patient_ids)
    if "X-Background" in request.headers:
        shown -= _shown_lately(request)
    if shown:
        AccessLog.objects.read(_reading(request, listed=True), sorted(shown))


def _shown_lately(request: HttpRequest) -> set[int]:
    same = {"actor_id": actor(request).pk, "view": _view(request), "listed": True}
    rows = AccessLog.objects.filter(**same, at__gt=timezone.now() - ONE_READING)
    return set(rows.values_list("patient_id", flat=True))


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
