"""Weekly hours of practitioners and of rooms: what a change leaves outside them is shown before it is saved."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from clinic import actions
from clinic.access import role_required
from clinic.errors import changed_meanwhile, conflict
from clinic.forms import WeekForm
from clinic.models import Room, User
from clinic.previews import left_by
from clinic.requests import StaffRequest
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from clinic.views import get_or_post


@get_or_post
@role_required(Role.CLINIC_ADMIN)
def staff_hours(request: StaffRequest, pk: int) -> HttpResponse:
    """The weekly working hours of somebody who treats."""
    person = get_object_or_404(User.objects.practitioners(), pk=pk)
    return _hours(request, person, actions.set_week, {"person": person}, "staff")


@get_or_post
@role_required(Role.CLINIC_ADMIN)
def room_hours(request: StaffRequest, pk: int) -> HttpResponse:
    """The weekly hours of a room."""
    room = get_object_or_404(Room, pk=pk)
    return _hours(request, room, actions.set_room_week, {"room": room}, "rooms")


def _hours(
    request: StaffRequest, owner: User | Room, action: Callable, context: dict[str, Any], done: str
) -> HttpResponse:
    form: Any = WeekForm(request.POST if request.method == "POST" else None, owner=owner)
    context |= {"form": form, "back": done}
    if request.method != "POST" or not form.is_valid():
        return _page(request, context)
    try:
        return _change(request, owner, partial(_set, owner, action, form, request.user), context, done)
    except ValidationError as error:
        form.add_error(None, error)
        return _page(request, context)
    except ChangedMeanwhile as changed:
        if changed.row is None:
            return conflict(request, _("Somebody removed this meanwhile."))
        form.data = form.data.copy()
        form.data["version"] = changed.row.version
        return conflict(
            request, changed_meanwhile(changed.row), template="clinic/hours.html", context=context
        )


def _set(owner: User | Room, action: Callable, form: WeekForm, by: User) -> None:
    """On the row as it is read now: what is tried is taken back, and made once more."""
    row, version = type(owner)._default_manager.get(pk=owner.pk), form.cleaned_data["version"]
    action(row, form.spans(), version=version, by=by, at=timezone.now())


def _change(
    request: StaffRequest, owner: User | Room, change: Callable, context: dict, done: str
) -> HttpResponse:
    """Save what leaves nothing outside, or was seen to; else show what it leaves."""
    left = left_by(request, owner, change)
    if left and request.POST.get("sure") != left.seen:
        return _page(request, context | left.context | {"left": left})
    change()
    messages.success(request, _("Working hours saved.") if isinstance(owner, User) else _("Hours saved."))
    return redirect("absences:outside" if left else done)


def _page(request: StaffRequest, context: dict[str, Any]) -> HttpResponse:
    return render(request, "clinic/hours.html", context, status=422 if context["form"].errors else 200)
