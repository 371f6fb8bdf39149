"""The log of who opened whose record: written before the page is shown; no row, no page."""

from django.http import HttpRequest
from django.utils import timezone

from clinic.models import AccessLog


def record_read(request: HttpRequest, patient_id: int) -> None:
    """Leave a row that this person opened this patient's record on this page."""
    user = request.user
    AccessLog.objects.create(
        at=timezone.now(),
        actor_id=user.pk,
        actor=str(user),
        roles=" ".join(sorted(user.roles)),
        patient_id=patient_id,
        view=request.resolver_match.view_name if request.resolver_match else "",
        method=request.method or "",
        address=request.META.get("REMOTE_ADDR") or None,
    )
