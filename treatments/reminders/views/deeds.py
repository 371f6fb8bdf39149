"""What patients did by themselves, and the tick of whoever has seen it."""

import datetime as dt
from collections.abc import Iterable

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.roles import BOOKING
from treatments.reminders import actions
from treatments.reminders.forms import SeenForm
from treatments.reminders.models import Deed, DeedKind

ON_THE_PAGE = 100
SEEN_FOR = dt.timedelta(days=7)  # so long it can be read who saw what
SEEN_ON_THE_PAGE = 30


@require_safe
@role_required(*BOOKING)
def changed(request) -> HttpResponse:
    """What nobody has seen yet, newest first, and what was seen lately."""
    return page(request)


def page(request, *, status: int = 200) -> HttpResponse:
    """The list, with its named patients in the access log. Three SQL queries, however long it is."""
    at, mine = timezone.now(), Deed.objects.visible_to(request.user).for_page()
    unseen = list(mine.unseen()[: ON_THE_PAGE + 1])
    seen = list(mine.seen_since(at - SEEN_FOR)[:SEEN_ON_THE_PAGE])
    rows = unseen[:ON_THE_PAGE]
    record_list(request, [row.patient_id for row in [*rows, *seen]])
    confirmed = [row.pk for row in rows if row.kind == DeedKind.CONFIRMED]
    entries = {"entries": by_course(rows), "seen": by_course(seen)}
    context = {**entries, "more": len(unseen) > ON_THE_PAGE, "at": at, "confirmed": confirmed}
    return render(request, "reminders/changed.html", context, status=status)


def by_course(rows: Iterable[Deed]) -> list[list[Deed]]:
    """What each patient did about each course, or about none, together; whose newest is newest comes first."""
    found: dict[tuple[int, int | None], list[Deed]] = {}
    for row in rows:
        course = row.session.course_id if row.session else None
        found.setdefault((row.patient_id, course), []).append(row)
    return list(found.values())


@require_POST
@role_required(*BOOKING)
def seen(request, pk: int) -> HttpResponse:
    """What was shown together was seen. Ticked off by two people it is whoever was first."""
    mine, form = Deed.objects.visible_to(request.user), SeenForm(request.POST)
    row = get_object_or_404(mine, pk=pk)
    if not form.is_valid():
        return page(request, status=422)
    shown = mine.filter(pk__in=form.cleaned_data["shown"], patient=row.patient_id)
    actions.see(shown, by=request.user, at=timezone.now())
    if not request.htmx:
        return redirect("reminders:changed")
    record_list(request, [row.patient_id])
    return render(request, "reminders/_deed.html", {"entry": list(shown.for_page()), "at": timezone.now()})


@require_POST
@role_required(*BOOKING)
def seen_confirmed(request) -> HttpResponse:
    """All who said that they come were seen, those that the page showed."""
    form = SeenForm(request.POST)
    if not form.is_valid():
        return page(request, status=422)
    shown = Deed.objects.visible_to(request.user).confirmed_among(form.cleaned_data["shown"])
    actions.see(shown, by=request.user, at=timezone.now())
    return redirect("reminders:changed")
