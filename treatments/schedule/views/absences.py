"""Who is away and when the clinic is closed: the list, recording one, the sessions that it meets, lifting it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.access import role_required
from clinic.models import DayHours, User
from clinic.roles import BOOKING, Role
from treatments.schedule.access import named
from treatments.schedule.away import absences, presence
from treatments.schedule.away.forms import AbsenceForm, PeriodForm
from treatments.schedule.models import Absence

SHOWN = 200


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def overview(request) -> HttpResponse:
    """Everything that is to come, soonest first."""
    context = {
        "absences": absences.listed(timezone.now()),
        "days": DayHours.objects.filter(day__gte=timezone.localdate()).select_related("practitioner"),
        "people": User.objects.practitioners().order_by("name", "pk"),
    }
    return render(request, "schedule/absences.html", context | _eyes(request))


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def outside(request) -> HttpResponse:
    """Sessions to come that lie outside hours by now, until there is none."""
    rows = list(presence.outside(timezone.now()))
    context = {"sessions": rows[:SHOWN], "count": len(rows)}
    named(request, rows[:SHOWN])
    return render(request, "schedule/outside.html", context | _eyes(request))


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.CLINIC_ADMIN)
def add(request) -> HttpResponse:
    """A practitioner is away; what that means for sessions is shown before it is saved."""
    said = {"practitioner": request.GET.get("practitioner")}
    form = AbsenceForm(request.POST or None, initial=said, today=timezone.localdate())
    return _record(request, form, _("Record an absence"))


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.CLINIC_ADMIN)
def close(request) -> HttpResponse:
    """The clinic is closed; what that means for sessions is shown before it is saved."""
    form = PeriodForm(request.POST or None, today=timezone.localdate())
    return _record(request, form, _("Close the clinic"))


def _record(request, form: PeriodForm, title: str) -> HttpResponse:
    """Save what is valid and meets no session, or was seen to meet them; else show the form."""
    context = {"form": form, "title": title}
    if form.is_valid():
        meant = form.absence()
        met = list(presence.met_by(meant))
        context |= {"sessions": met, "seen": _seen(meant), "preview": True} | _eyes(request)
        if not met or request.POST.get("sure") == _seen(meant):
            return redirect(absences.record(meant, by=request.user, at=timezone.now()))
        named(request, met)
    return render(request, "schedule/absence_form.html", context, status=422 if form.errors else 200)


def _seen(absence: Absence) -> str:
    """Whom and which time a preview was about: changed since, it is shown anew."""
    return f"{absence.practitioner_id} {absence.starts_at.isoformat()} {absence.ends_at.isoformat()}"


@require_POST
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def ill_today(request, pk: int) -> HttpResponse:
    """One click: ill for all of today; then the sessions that need another time."""
    practitioner = get_object_or_404(User.objects.practitioners(), pk=pk)
    absence = absences.ill_today(practitioner, by=request.user, at=timezone.now())
    messages.success(request, _("%(name)s is ill today.") % {"name": practitioner})
    return redirect(absence)


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def absence(request, pk: int) -> HttpResponse:
    """One absence with the sessions that stand in it, until there is none left."""
    row = get_object_or_404(Absence.objects.visible_to(request.user).for_page(), pk=pk)
    met = [] if row.lifted_at else list(presence.met_by(row))
    named(request, met)
    context = {
        "absence": row,
        "sessions": met,
        "may_lift": not row.lifted_at and absences.may_record(request.user, row, timezone.localdate()),
    }
    return render(request, "schedule/absence.html", context | _eyes(request))


@require_POST
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def lift(request, pk: int) -> HttpResponse:
    """It does not hold any more."""
    row = get_object_or_404(Absence.objects.visible_to(request.user).for_page(), pk=pk)
    absences.lift(row, by=request.user, at=timezone.now())
    messages.success(request, _("The absence is lifted."))
    return redirect(row)


def _eyes(request) -> dict[str, bool]:
    """Who books sees the patients of the sessions and moves them; a clinic admin sees times and numbers."""
    return {
        "books": request.user.has_role(*BOOKING),
        "administers": request.user.has_role(Role.CLINIC_ADMIN),
    }
