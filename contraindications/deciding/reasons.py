"""What the clinic admin changes about the reasons of decisions."""

import datetime as dt
from uuid import uuid4

import pghistory
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from clinic.models import User
from clinic.roles import Role
from clinic.versions import save_version
from contraindications.models import DecisionKind, DecisionReason


@transaction.atomic
def add_reason(reason: DecisionReason, *, by: User, at: dt.datetime) -> DecisionReason:
    """Offer another reason; its code is made of its words and never changes. Raises ValidationError in words."""
    _one_at_a_time(by)
    reason.code = _code(reason.label)
    reason.full_clean()
    with pghistory.context(user=by.pk, at=at.isoformat()):
        reason.save()
    return reason


@transaction.atomic
def change_reason(reason: DecisionReason, *, version: int, by: User, at: dt.datetime) -> DecisionReason:
    """Reword a reason, place it, say what it is offered for, retire it or take it back.

    What was decided keeps the words of then. Raises ChangedMeanwhile; ValidationError, also where a kind of decision
    would be left without any reason.
    """
    _one_at_a_time(by)
    reason.full_clean()
    with pghistory.context(user=by.pk, at=at.isoformat()):
        save_version(reason, version=version, fields=["label", "kinds", "position", "retired"])
    _refuse_a_kind_without_reason()
    return reason


def _one_at_a_time(by: User) -> None:
    """Every reason is locked, so that what is checked still holds when it is written."""
    if not by.has_role(Role.CLINIC_ADMIN):
        raise PermissionDenied
    list(DecisionReason.objects.order_by("pk").select_for_update().values_list("pk"))


def _refuse_a_kind_without_reason() -> None:
    for kind in DecisionKind:
        if not DecisionReason.objects.offered(kind).exists():
            raise ValidationError(
                _("Nothing could be “%(kind)s” any more: leave it at least one reason.")
                % {"kind": kind.label}
            )


def _code(label: str) -> str:
    """The words as a code that no other reason has."""
    code = slugify(label)[:30] or "reason"
    return f"{code}-{uuid4().hex[:8]}" if DecisionReason.objects.filter(code=code).exists() else code
