"""Making a secret address, and taking it back."""

import datetime as dt

import pghistory
from django.core.exceptions import PermissionDenied
from django.db import transaction

from clinic.models import User
from clinic.roles import CLINICAL, Role
from patients import tokens
from treatments.schedule.models import Feed


@transaction.atomic
def make(*, by: User, at: dt.datetime) -> str:
    """A new address for `by`'s own calendar; the one before stops working. Returns its secret, kept nowhere.

    Raises PermissionDenied for who does not treat.
    """
    if not by.has_role(*CLINICAL):
        raise PermissionDenied
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # two at once would both find none to revoke
    with pghistory.context(user=by.pk, at=at.isoformat()):
        Feed.objects.filter(practitioner=by, revoked_at=None).update(revoked_at=at, revoked_by=by)
        token = tokens.new()
        Feed.objects.create(practitioner=by, digest=tokens.hashed(token), made_at=at, made_by=by)
    return token


def revoke(feed: Feed, *, by: User, at: dt.datetime) -> bool:
    """The address does not work any more; did it until now? Raises PermissionDenied for whom it is no business of."""
    if by.pk != feed.practitioner_id and not by.has_role(Role.CLINIC_ADMIN):
        raise PermissionDenied
    with pghistory.context(user=by.pk, at=at.isoformat()):
        return bool(Feed.objects.filter(pk=feed.pk, revoked_at=None).update(revoked_at=at, revoked_by=by))
