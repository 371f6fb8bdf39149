"""Slowing down who tries again and again, at doors that allauth does not guard. The cache that counts is a table."""

from allauth.core.internal import ratelimit
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

RATE = "10/m"  # ours: nobody types faster, and a waiting room behind one address still gets through


def too_many(request: HttpRequest, action: str, key: str = "") -> bool:
    """Did this address, or with a `key` whoever uses it, do `action` more than ten times within a minute?

    This time counts.
    """
    rate = {action: f"{RATE}/{'key' if key else 'ip'}"}
    try:
        used = ratelimit.consume(
            request, app="clinic", action=action, config=rate, key=key or None, limit_get=True
        )
    except PermissionDenied:  # it comes over a unix socket: there is no address to count by
        return False
    return used is None
