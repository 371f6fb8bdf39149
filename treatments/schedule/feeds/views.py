"""Doors: one's own calendar address, everybody's for the clinic admin, and the calendar behind one."""

import hashlib

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.access import role_required
from clinic.middleware import ASK_AGAIN
from clinic.models import Clinic
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL, Role
from clinic.throttle import too_many
from treatments.schedule import ics
from treatments.schedule.feeds import actions
from treatments.schedule.feeds.files import feed_of
from treatments.schedule.models import Feed


@require_safe
@role_required(*CLINICAL, Role.CLINIC_ADMIN)
def overview(request: StaffRequest) -> HttpResponse:
    """One's own address, and for the clinic admin everybody's."""
    return _page(request)


@require_POST
@role_required(*CLINICAL)
def new(request: StaffRequest) -> HttpResponse:
    """A new address, shown this once; the one before stops working."""
    token = actions.make(by=request.user, at=timezone.now())
    address = settings.BASE_URL.rstrip("/") + reverse("feeds:feed", args=[token])
    return _page(request, address=address, webcal="webcal:" + address.partition(":")[2])


@require_POST
@role_required(*CLINICAL, Role.CLINIC_ADMIN)
def revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """Take an address back."""
    row = get_object_or_404(Feed.objects.visible_to(request.user), pk=pk)
    actions.revoke(row, by=request.user, at=timezone.now())
    messages.success(request, _("The address does not work any more."))
    return redirect("feeds:list")


def _page(request: StaffRequest, **context) -> HttpResponse:
    feeds = list(
        Feed.objects.visible_to(request.user).working().for_page().order_by("practitioner__name", "pk")
    )
    context |= {
        "own": next((feed for feed in feeds if feed.practitioner_id == request.user.pk), None),
        "others": [feed for feed in feeds if feed.practitioner_id != request.user.pk],
        "treats": request.user.is_clinical,
        "administers": request.user.has_role(Role.CLINIC_ADMIN),
        "names": Clinic.current().feed_names,
    }
    return render(request, "feeds/feeds.html", context)


@require_safe
@login_not_required
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The calendar behind an address, for programs. Every address that does not work gets the same answer."""
    found = Feed.objects.working().by_token(token).for_page().first()
    if too_many(request, "feed", key=f"feed {found.pk}" if found else ""):
        return HttpResponse(status=429, headers={"Retry-After": "60"})
    if found is None:
        return HttpResponse(_("There is nothing here."), status=404, content_type="text/plain; charset=utf-8")
    file = feed_of(found.practitioner, at=timezone.now())
    etag = quote_etag(hashlib.sha256(repr(file).encode()).hexdigest())
    answer = get_conditional_response(request, etag) or HttpResponse(
        ics.content(file), content_type=ics.CONTENT_TYPE
    )
    answer.headers["ETag"], answer.headers["Cache-Control"] = etag, ASK_AGAIN
    return answer
