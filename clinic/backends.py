"""How Django finds who is logged in: asked by every request, so spelled once in a process."""

from allauth.account.auth_backends import AuthenticationBackend

from clinic.models import User
from clinic.prepared import Prepared, asked

KNOWN = Prepared(lambda: User.objects.filter(pk=asked("user")))


class StaffBackend(AuthenticationBackend):
    """Logs staff in as allauth does."""

    def get_user(self, user_id: int) -> User | None:
        """Who is logged in, None where they may not be any more. One SQL query."""
        [user] = KNOWN.objects(user=user_id) or [None]
        return user if user and self.user_can_authenticate(user) else None
