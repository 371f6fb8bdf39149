"""After a session was cancelled or missed: it is booked anew, with what has to move for it, on one click."""

import datetime as dt
from collections.abc import Sequence
from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import role_required
from clinic.roles import BOOKING
from clinic.versions import ChangedMeanwhile
from treatments.courses.models import Course
from treatments.schedule import actions, refusals
from treatments.schedule.access import named, open_course
from treatments.schedule.changing import gaps
from treatments.schedule.changing.posted import read_following
from treatments.schedule.forms import BookForm, read_slots
from treatments.schedule.models import Session

SHOWN = 200


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def gap(request, pk: int) -> HttpResponse:
    """Show the least change by which no session is missing (GET), make it (POST)."""
    course, at = open_course(request, pk), timezone.now()
    if request.method != "POST":
        return _page(request, course, at=at)
    form, slots = BookForm(request.POST), read_slots(request.POST)
    if not (form.is_valid() and slots and all(slot.practitioner for slot in slots)):
        return _page(request, course, at=at, said=[_("This form is not complete.")], status=422)
    try:
        changes = read_following(request.POST, course.sessions.booked().select_related("course__patient"))
        actions.close_gap(course, slots, changes, by=request.user, at=at, **form.cleaned_data)
    except refusals.WrongTimes:
        return _page(request, course, at=at, status=422)
    except ChangedMeanwhile:
        said = [_("Sessions of this course were booked or changed meanwhile. Nothing of yours was booked.")]
        return _page(request, course, at=at, said=said, status=409)
    except (refusals.NotBookable, refusals.SlotTaken) as refused:
        actions.keep_verdict(refused, course, by=request.user, at=at)
        return _page(request, course, at=at, said=[str(refused)], status=409)
    messages.success(request, _("The gap is closed: all sessions of the course are booked."))
    return redirect(course.patient)


@require_safe
@role_required(*BOOKING)
def given_up(request) -> HttpResponse:
    """The sessions that somebody gave up or missed and that nobody has booked anew, patients by their link included."""
    rows = list(Session.objects.given_up(timezone.now())[: SHOWN + 1])
    named(request, rows[:SHOWN])
    return render(request, "schedule/given_up.html", {"sessions": rows[:SHOWN], "more": len(rows) > SHOWN})


def _page(
    request, course: Course, *, at: dt.datetime, said: Sequence[str] = (), status: int = 200
) -> HttpResponse:
    context = {
        "course": course,
        "patient": course.patient,
        "closing": gaps.closing(course, by=request.user, at=at),
        "key": uuid4(),
        "said": said,
        "interval_reason": request.POST.get("interval_reason", ""),
    }
    return render(request, "schedule/gap.html", context, status=status)
