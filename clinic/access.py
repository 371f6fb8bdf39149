"""Who may come through which door. A view without a stated role is open to nobody (a test walks all of them)."""

from collections.abc import Callable
from functools import wraps

from django.core.exceptions import PermissionDenied


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


def any_staff(view: Callable) -> Callable:
    """Let through everybody who is logged in, whatever their role."""
    view.allowed_roles = frozenset({"*"})  # type: ignore[attr-defined]
    return view
