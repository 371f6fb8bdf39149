"""Devices, what can be done where and by whom; each change shows first which sessions it would leave without."""

import hashlib
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import role_required
from clinic.errors import changed_meanwhile, conflict
from clinic.models import Room, User
from clinic.roles import BOOKING, Role
from clinic.versions import ChangedMeanwhile
from treatments.schedule import equipment
from treatments.schedule.access import named
from treatments.schedule.equipment.forms import AbilitiesForm, DeviceForm, KindForm
from treatments.schedule.models import Device, DeviceKind

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
SHOWN = 200


@require_safe
@role_required(Role.CLINIC_ADMIN)
def overview(request) -> HttpResponse:
    """Kinds of devices with their devices, rooms and practitioners with what is done there and by them."""
    techniques = "abilities__technique"
    context = {
        "kinds": DeviceKind.objects.prefetch_related("devices", "requirements__technique"),
        "rooms": Room.objects.filter(active=True).prefetch_related(techniques),
        "people": User.objects.practitioners().order_by("name", "pk").prefetch_related(techniques),
        "left": equipment.misfits(timezone.now()).count(),
    }
    return render(request, "schedule/equipment.html", context)


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def left(request) -> HttpResponse:
    """Sessions to come that lack what their treatment needs by now, until there is none."""
    misfits = equipment.misfits(timezone.now())
    rows = list(misfits[:SHOWN])
    named(request, rows)
    context = {"sessions": rows, "count": misfits.count()}
    return render(request, "schedule/misfits.html", context | _eyes(request))


@get_or_post
@role_required(Role.CLINIC_ADMIN)
def kind_add(request) -> HttpResponse:
    """A new kind of device."""
    return _kind(request, DeviceKind())


@get_or_post
@role_required(Role.CLINIC_ADMIN)
def kind_edit(request, pk: int) -> HttpResponse:
    """Its name, how long it is cleaned, what needs it."""
    return _kind(request, get_object_or_404(DeviceKind, pk=pk))


def _kind(request, row: DeviceKind) -> HttpResponse:
    form = KindForm(request.POST or None, instance=row)

    def change(version: int) -> None:
        techniques = form.cleaned_data["techniques"]
        equipment.save_kind(row, techniques, version=version, by=request.user, at=timezone.now())

    return _change(request, form, change, _("Kind of device"))


@get_or_post
@role_required(Role.CLINIC_ADMIN)
def device_add(request) -> HttpResponse:
    """A new device."""
    return _device(request, Device())


@get_or_post
@role_required(Role.CLINIC_ADMIN)
def device_edit(request, pk: int) -> HttpResponse:
    """Its name, its kind, whether it is in use."""
    return _device(request, get_object_or_404(Device, pk=pk))


def _device(request, row: Device) -> HttpResponse:
    form = DeviceForm(request.POST or None, instance=row)

    def change(version: int) -> None:
        equipment.save_device(row, version=version, by=request.user, at=timezone.now())

    return _change(request, form, change, _("Device"))


@get_or_post
@role_required(Role.CLINIC_ADMIN)
def room(request, pk: int) -> HttpResponse:
    """What is done in a room."""
    return _abilities(request, get_object_or_404(Room, pk=pk))


@get_or_post
@role_required(Role.CLINIC_ADMIN)
def practitioner(request, pk: int) -> HttpResponse:
    """What a practitioner does."""
    return _abilities(request, get_object_or_404(User.objects.practitioners(), pk=pk))


def _abilities(request, thing: Room | User) -> HttpResponse:
    form = AbilitiesForm(request.POST or None, thing=thing)

    def change(version: int) -> None:
        techniques = form.cleaned_data["techniques"]
        equipment.set_abilities(thing, techniques, version=version, by=request.user, at=timezone.now())

    return _change(request, form, change, str(thing))


def _change(request, form: Any, change: Callable[[int], None], title: str) -> HttpResponse:
    """Save what breaks nothing, or was seen to break it; else show the form."""
    context = {"form": form, "title": title, **_eyes(request)}
    try:
        if form.is_valid():
            version = form.cleaned_data["version"]
            broken = equipment.would_break(lambda: _kept(form, change, version), at=timezone.now())
            seen = hashlib.sha256(repr([session.pk for session in broken]).encode()).hexdigest()
            context |= {"sessions": broken, "seen": seen, "preview": bool(broken)}
            if not broken or request.POST.get("sure") == seen:
                change(version)
                messages.success(request, _("Saved."))
                return redirect("equipment:left" if broken else "equipment:list")
            named(request, broken)
    except ValidationError as error:
        form.add_error(None, error)
    except ChangedMeanwhile as changed:
        return _changed(request, form, changed, context)
    return render(request, "schedule/equipment_form.html", context, status=422 if form.errors else 200)


def _kept(form: Any, change: Callable[[int], None], version: int) -> None:
    """Try the change on the row of a form and leave the row as it was: what is tried is taken back."""
    row = getattr(form, "instance", None)
    before = (row.pk, row.version, row._state.adding) if row else None
    change(version)
    if row and before:
        row.pk, row.version, row._state.adding = before


def _changed(request, form: Any, changed: ChangedMeanwhile, context: dict) -> HttpResponse:
    """The form again with what was typed: saving once more is then meant."""
    if changed.row is None:
        return conflict(request, _("Somebody removed this meanwhile."))
    form.data = form.data.copy()
    form.data["version"] = changed.row.version
    said = changed_meanwhile(changed.row)
    return conflict(request, said, template="schedule/equipment_form.html", context=context)


def _eyes(request) -> dict[str, bool]:
    return {"books": request.user.has_role(*BOOKING), "administers": True}
