"""The maintenance list: who is due, how they answered, and the way to the next course."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic import typed
from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.roles import BOOKING
from treatments.reminders.forms import MaintenanceFilter
from treatments.reminders.maintenance_list import due_list, lines, narrowed
from treatments.reminders.models import Message
from treatments.reminders.views.paging import page_of


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
@typed.shown_at_an_address
def due(request) -> HttpResponse:
    """Who is due for maintenance, longest overdue first; for htmx only the list. Who is named is in the access log."""
    at, form = timezone.now(), MaintenanceFilter(typed.asked_of(request))
    context = {"form": form, "choices": form.choices(), "plans": request.user.is_clinical}
    if form.is_valid():
        asked, mine = form.asked(), Message.objects.visible_to(request.user)
        rows = narrowed(due_list(at), **asked, at=at)
        page = page_of(mine, rows, typed.sealed(request, asked), form.cleaned_data["after"], rising=True)
        record_list(request, [row.patient_id for row in page.rows if row.patient_id])
        context |= {"lines": lines(page.rows, at), "more": page.more}
    part = "reminders/_maintenance.html" if request.htmx else "reminders/maintenance.html"
    return render(request, part, context, status=200 if form.is_valid() else 422)
