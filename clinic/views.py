"""The first page of each role, and the pages of the clinic admin."""

from collections.abc import Collection
from functools import partial
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic import actions
from clinic.access import actor, any_staff, role_required
from clinic.accounts import send_password_link
from clinic.errors import changed_meanwhile, conflict, differences
from clinic.forms import AccessLogFilter, ClinicForm, RoomForm, StaffForm, VersionedForm
from clinic.models import AccessLog, Clinic, Room, User
from clinic.previews import left_by
from clinic.requests import StaffRequest
from clinic.roles import BOOKING, Role
from clinic.versions import ChangedMeanwhile

# Where a role's day starts; who has several roles starts with the first of them here.
STARTS = [
    (BOOKING, "schedule:day"),
    ((Role.CATALOGUE_ADMIN,), "admin:index"),
    ((Role.CLINIC_ADMIN,), "staff"),
]
LOG_PAGE = 50
# Fields by which sessions of nurses may come to lack the doctor whom they need.
WHO_NEEDS_WHOM = ("nurses_with_doctor", "cooperating_doctor", "roles", "is_active")

get_or_post = require_http_methods(["GET", "HEAD", "POST"])
clinic_admin = role_required(Role.CLINIC_ADMIN)


@require_safe
@any_staff
def start(request: HttpRequest) -> HttpResponse:
    """Send people to the page that their day starts with."""
    for roles, name in STARTS:
        if actor(request).has_role(*roles):
            try:
                return redirect(reverse(name))
            except NoReverseMatch:
                continue
    admins = User.objects.with_role(Role.CLINIC_ADMIN).order_by("name")
    return render(request, "clinic/start.html", {"admins": admins})


@require_safe
@clinic_admin
def staff(request: HttpRequest) -> HttpResponse:
    """Everybody who works here or did."""
    return render(request, "clinic/staff.html", {"people": User.objects.for_staff_list()})


@get_or_post
@clinic_admin
def staff_add(request: HttpRequest) -> HttpResponse:
    """Add somebody; they get a link by e-mail and choose their password themselves."""
    form = StaffForm(request.POST or None)
    if request.method == "POST" and (person := _saved(request, form, actions.add_person)):
        _link(request, person)
        return redirect("staff")
    return _form(request, "clinic/person.html", form)


@get_or_post
@clinic_admin
def staff_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Name, e-mail, roles, cooperating doctor, and whether this person may log in."""
    person = get_object_or_404(User, pk=pk)
    form = StaffForm(request.POST or None, instance=person)
    try:
        if request.method == "POST" and _saved(request, form, actions.change_person, WHO_NEEDS_WHOM):
            return redirect("absences:outside" if form.left else "staff")
    except ChangedMeanwhile as changed:
        return _changed(request, "clinic/person.html", form, changed)
    return _form(request, "clinic/person.html", form)


@require_POST
@clinic_admin
def staff_link(request: HttpRequest, pk: int) -> HttpResponse:
    """Send the link to choose a password once more."""
    _link(request, get_object_or_404(User, pk=pk, is_active=True))
    return redirect("staff_edit", pk=pk)


@require_POST
@clinic_admin
def staff_second_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away a lost second factor."""
    person = get_object_or_404(User, pk=pk)
    actions.remove_second_factor(person, by=actor(request), at=timezone.now())
    messages.success(request, _("The second factor of %(name)s is removed.") % {"name": person})
    return redirect("staff_edit", pk=pk)


@require_safe
@clinic_admin
def rooms(request: HttpRequest) -> HttpResponse:
    """Where sessions take place; rooms out of use last."""
    return render(request, "clinic/rooms.html", {"rooms": Room.objects.order_by("-active", "name")})


@get_or_post
@clinic_admin
def room_add(request: HttpRequest) -> HttpResponse:
    """Add a room."""
    form = RoomForm(request.POST or None)
    if request.method == "POST" and _saved(request, form, actions.add_room):
        return redirect("rooms")
    return _form(request, "clinic/room.html", form)


@get_or_post
@clinic_admin
def room_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename a room, take it out of use or back into it."""
    form = RoomForm(request.POST or None, instance=get_object_or_404(Room, pk=pk))
    try:
        if request.method == "POST" and _saved(request, form, actions.change_room):
            return redirect("rooms")
    except ChangedMeanwhile as changed:
        return _changed(request, "clinic/room.html", form, changed)
    return _form(request, "clinic/room.html", form)


@get_or_post
@clinic_admin
def settings(request: HttpRequest) -> HttpResponse:
    """What the clinic set for itself."""
    form = ClinicForm(request.POST or None, instance=Clinic.current())
    try:
        if request.method == "POST" and (
            saved := _saved(request, form, actions.change_clinic, WHO_NEEDS_WHOM)
        ):
            for sentence in saved.followed:
                messages.success(request, sentence)
            return redirect("absences:outside" if form.left else "settings")
    except ChangedMeanwhile as changed:
        return _changed(request, "clinic/settings.html", form, changed)
    return _form(request, "clinic/settings.html", form)


@require_safe
@clinic_admin
def access_log(request: HttpRequest) -> HttpResponse:
    """Who opened whose record: numbers of patients, nothing of what the records say."""
    form = AccessLogFilter(request.GET)
    if not form.is_valid():
        return render(request, "clinic/access_log.html", {"form": form, "rows": []}, status=422)
    asked = form.cleaned_data
    rows = AccessLog.objects.before(asked["last"])
    if asked["person"]:
        rows = rows.filter(actor_id=asked["person"].pk)
    if asked["patient"]:
        rows = rows.filter(patient_id=asked["patient"])
    if asked["day"]:
        rows = rows.on_day(asked["day"])
    page = list(rows[: LOG_PAGE + 1])
    context = {"form": form, "rows": page[:LOG_PAGE], "older": _older(request, page)}
    return render(request, "clinic/access_log.html", context)


def _older(request: HttpRequest, page: list[AccessLog]) -> str:
    """The query string of the next page, or nothing when this is the last."""
    if len(page) <= LOG_PAGE:
        return ""
    query, last = request.GET.copy(), page[LOG_PAGE - 1]
    query["last"] = f"{last.at.isoformat()},{last.pk}"
    return query.urlencode()


def _saved(request: HttpRequest, form: VersionedForm, action, foreseen: Collection[str] = ()) -> Any:
    """What the action made of a valid form, or None with the reasons in the form. Lets ChangedMeanwhile through.

    Where one of the fields `foreseen` changes, what that leaves outside has to be seen first: it is in the form then.
    """
    if not form.is_valid():
        return None
    said = {"version": form.cleaned_data["version"]} if form.instance.pk else {}
    if "roles" in form.cleaned_data:
        said["roles"] = form.cleaned_data["roles"]
    change = partial(action, form.instance, **said, by=actor(request), at=timezone.now())
    try:
        if not set(foreseen).isdisjoint(form.changed_data):
            form.left = left_by(cast(StaffRequest, request), None, change)
        if form.left and request.POST.get("sure") != form.left.seen:
            return None
        saved = change()
    except ValidationError as error:
        form.add_error(None, error)
        return None
    messages.success(request, _("%(name)s is saved.") % {"name": saved})
    return saved


def _form(request: HttpRequest, template: str, form: BaseForm, **context: Any) -> HttpResponse:
    """A page with a form: 422 when it came back with errors."""
    if left := getattr(form, "left", None):
        context |= left.context | {"left": left}
    return render(request, template, {"form": form, **context}, status=422 if form.errors else 200)


def _changed(
    request: HttpRequest, template: str, form: Any, changed: ChangedMeanwhile, **context: Any
) -> HttpResponse:
    """The form again with what was typed, and what the others saved: saving once more is then meant."""
    if changed.row is None:
        return conflict(request, _("Somebody removed this meanwhile."))
    form.data = form.data.copy()
    form.data["version"] = changed.row.version
    context |= {"form": form}
    if isinstance(form, VersionedForm):
        context["differences"] = differences(form, changed.row)
    return conflict(request, changed_meanwhile(changed.row), template=template, context=context)


def _link(request: HttpRequest, person: User) -> None:
    if send_password_link(request, person):
        messages.success(
            request, _("%(name)s gets a link to choose a password by e-mail.") % {"name": person}
        )
    else:
        messages.error(
            request, _("The e-mail to %(name)s could not be sent. Try again later.") % {"name": person}
        )
