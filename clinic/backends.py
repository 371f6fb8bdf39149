"""How Django finds who is logged in: asked by every request, so spelled once in a process."""

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Group
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef

from clinic.models import User
from clinic.prepared import Prepared, asked

HELD = ArraySubquery(Group.objects.filter(user=OuterRef("pk")).values("name"))
KNOWN = Prepared(lambda: User.objects.annotate(held=HELD).filter(pk=asked("user")))


class StaffBackend(AuthenticationBackend):
    """Logs staff in as allauth does."""

    def get_user(self, user_id: int) -> User | None:
        """Who is logged in with the roles they hold, None where they may not be any more. One SQL query."""
        [user] = KNOWN.objects(user=user_id) or [None]
        if user is None or not self.user_can_authenticate(user):
            return None
        user.roles = frozenset(user.held)
        return user
