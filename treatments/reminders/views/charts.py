"""How sending went over the last thirty days."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.roles import BOOKING, Role
from treatments.reminders.figures import day_by_day


@require_safe
@role_required(*BOOKING, Role.CLINIC_ADMIN)
def charts(request) -> HttpResponse:
    """Sent per day, failure rate and delay; a table, which is drawn where there are scripts."""
    days = day_by_day(timezone.localdate())
    sent, failed, done = (sum(getattr(day, name) for day in days) for name in ("sent", "failed", "done"))
    rate = 100 * failed / done if done else None
    worst = max((day.worst for day in days if day.worst is not None), default=None)
    context = {"days": days, "newest_first": days[::-1], "sent": sent, "rate": rate, "worst": worst}
    return render(request, "reminders/charts.html", context)
