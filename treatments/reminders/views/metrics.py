"""The numbers for Prometheus, behind a token of their own."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from treatments.reminders.exposition import CONTENT_TYPE, exposed
from treatments.reminders.numbers import numbers


@require_safe
@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts of messages; to everybody without the token, and where none is set, there is nothing here."""
    if not may_read(request.headers.get("Authorization", "")):
        raise Http404
    return HttpResponse(exposed(numbers(timezone.now())), content_type=CONTENT_TYPE)


def may_read(said: str) -> bool:
    """Is this `Bearer` and the token that is set?"""
    token = settings.METRICS_TOKEN
    return bool(token) and hmac.compare_digest(said.encode(), f"Bearer {token}".encode())
