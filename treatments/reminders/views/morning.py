"""Whether one is told every morning what needs one: each for themself."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.roles import BOOKING
from treatments.reminders import actions
from treatments.reminders.forms import MorningForm


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def morning(request) -> HttpResponse:
    """One box to tick."""
    form = MorningForm(request.POST if request.method == "POST" else None, instance=request.user)
    if request.method == "POST" and form.is_valid():
        actions.want_today(request.user, form.cleaned_data["wants_today"], at=timezone.now())
        messages.success(request, _("Saved."))
        return redirect("reminders:morning")
    return render(request, "reminders/morning.html", {"form": form})
