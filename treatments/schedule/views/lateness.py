"""The patient is late."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.errors import changed_meanwhile
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from treatments.schedule import actions, refusals, words
from treatments.schedule.access import open_session
from treatments.schedule.changing.forms import MovedForm
from treatments.schedule.lateness import lateness, may_be_late
from treatments.schedule.models import Session


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def late(request, pk: int) -> HttpResponse:
    """What follows from coming late (GET); put the session off within its day (POST)."""
    row, at = open_session(request, pk), timezone.now()
    if request.method != "POST":
        return _page(request, row)
    form = MovedForm(request.POST, session=row)
    if not form.is_valid():
        return _page(request, row, said=form.said, status=422)
    change = form.change(form.cleaned_data["version"])
    if not may_be_late(row, at) or timezone.localdate(change.starts_at) != timezone.localdate(at):
        return _page(request, row, said=[_("This is not a time of today.")], status=422)
    try:
        [moved] = actions.rearrange([change], by=request.user, at=at)
    except refusals.WrongTimes as wrong:
        return _page(request, row, said=words.faults_said(wrong.faults, row.course), status=422)
    except ChangedMeanwhile:
        row = open_session(request, pk)
        return _page(request, row, said=[changed_meanwhile(row)], status=409)
    except (refusals.NotBookable, refusals.SlotTaken) as refused:
        actions.keep_verdict(refused, row.course, by=request.user, at=at)
        return _page(request, row, said=[str(refused)], status=409)
    messages.success(
        request, _("The session is put off to %(when)s.") % {"when": words.when(moved.starts_at)}
    )
    return redirect("schedule:session", pk=pk)


def _page(request, row: Session, *, said: Sequence[str] = (), status: int = 200) -> HttpResponse:
    at = timezone.now()
    context = {"session": row, "patient": row.course.patient, "said": said}
    if may_be_late(row, at):
        context["lateness"] = lateness(row, at=at)
    return render(request, "schedule/late.html", context, status=status)
