"""The clinic's own list of reasons for decisions."""

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import role_required
from clinic.errors import changed_meanwhile, conflict, differences
from clinic.requests import StaffRequest
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from contraindications.deciding import reasons as actions
from contraindications.forms import ReasonForm
from contraindications.models import DecisionReason

PAGE = "contraindications/reason.html"
clinic_admin = role_required(Role.CLINIC_ADMIN)
get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@clinic_admin
def reasons(request: StaffRequest) -> HttpResponse:
    """All reasons, retired ones last."""
    rows = DecisionReason.objects.order_by("retired", "position", "label")
    return render(request, "contraindications/reasons.html", {"reasons": rows})


@get_or_post
@clinic_admin
def add(request: StaffRequest) -> HttpResponse:
    """Offer another reason."""
    form = ReasonForm(request.POST or None)
    return _answer(request, form, lambda at: actions.add_reason(form.instance, by=request.user, at=at))


@get_or_post
@clinic_admin
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    """Reword a reason, place it, retire it or take it back."""
    form = ReasonForm(request.POST or None, instance=get_object_or_404(DecisionReason, pk=pk))

    def change(at):
        version = form.cleaned_data["version"]
        return actions.change_reason(form.instance, version=version, by=request.user, at=at)

    try:
        return _answer(request, form, change)
    except ChangedMeanwhile as changed:
        form.data = {
            **request.POST.dict(),
            "kinds": request.POST.getlist("kinds"),
            "version": changed.row.version,
        }
        context = {"form": form, "differences": differences(form, changed.row)}
        return conflict(request, changed_meanwhile(changed.row), template=PAGE, context=context)


def _answer(request: StaffRequest, form: ReasonForm, save: Callable) -> HttpResponse:
    """To the list once it is saved; the form with what is wrong until then."""
    if request.method == "POST" and form.is_valid():
        try:
            save(timezone.now())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("The reason is saved."))
            return redirect("contraindications:reasons")
    return render(request, PAGE, {"form": form}, status=422 if form.errors else 200)
