"""The log of who opened whose record: written before the page is shown; no row, no page."""

from allauth.account.adapter import get_adapter
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils import timezone

from clinic.access import actor
from clinic.models import AccessLog


def record_read(request: HttpRequest, patient_id: int) -> None:
    """Leave a row that this person opened this patient's record on this page."""
    user = actor(request)
    AccessLog.objects.create(
        at=timezone.now(),
        actor_id=user.pk,
        actor=str(user),
        roles=" ".join(sorted(user.roles)),
        patient_id=patient_id,
        view=request.resolver_match.view_name if request.resolver_match else "",
        method=request.method or "",
        address=address_of(request),
    )


def address_of(request: HttpRequest) -> str | None:
    """Where the request comes from, by as many proxies as are trusted (ALLAUTH_TRUSTED_PROXY_COUNT)."""
    try:
        return get_adapter().get_client_ip(request)
    except PermissionDenied:  # it comes over a unix socket
        return None
