"""Who reads the rule sets, who sees a draft, and who changes what of it."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpResponse
from django.utils.translation import gettext as _

from clinic.access import role_required
from clinic.errors import conflict
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL, Role
from contraindications.screening import CannotScreen

readers = role_required(*CLINICAL, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
drafters = role_required(Role.DOCTOR, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
proposers = role_required(Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
catalogue_admin = role_required(Role.CATALOGUE_ADMIN)
discarders = role_required(Role.DOCTOR, Role.CATALOGUE_ADMIN)
doctor = role_required(Role.DOCTOR)


def on_a_rule_set(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Where nothing is published, there is nothing to start a draft from: say so."""

    @wraps(view)
    def guarded(request: StaffRequest, *args, **kwargs) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except CannotScreen:
            return conflict(request, _("No rule set is published: there is nothing to start from."))

    return guarded
