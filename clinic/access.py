"""Who may come through which door. A view without a stated role is open to nobody (a test walks all of them)."""

from collections.abc import Callable
from functools import wraps
from typing import cast

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from clinic.models import User


def role_required(*roles: str) -> Callable:
    """Let through people who hold at least one of `roles`; everybody else is refused with 403."""

    def decorate(view):
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.user.has_role(*roles):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        guarded.allowed_roles = frozenset(roles)  # type: ignore[attr-defined]
        return guarded

    return decorate


def actor(request: HttpRequest) -> User:
    """Who is at the door; every view behind the login knows somebody."""
    return cast(User, request.user)


def any_staff(view: Callable) -> Callable:
    """Let through everybody who is logged in, whatever their role."""
    view.allowed_roles = frozenset({"*"})  # type: ignore[attr-defined]
    return view
