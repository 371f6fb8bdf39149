"""The door of the interview by the patient: from the link to the date of birth, and out again.

GET and HEAD change nothing: mail scanners open links. Pages that are forms keep the house's Referrer-Policy, since
"no-referrer" would make browsers send `Origin: null` with the form; the token is in the address of none of them.
"""

import datetime as dt

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clinic.throttle import too_many
from patients import actions, steps
from patients.actions.links import working
from patients.actions.reports import draft_of, missing
from patients.by_link import gone, opens_nothing, slow_down, without_referrer
from patients.models import LinkKind, Report
from patients.own_forms import BirthDateForm
from patients.visitors import Visitor, by_link, forget, is_of_another, remember, visitor

get_or_post = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
@login_not_required
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the token for a cookie and go on at a clean address. Nothing is used up."""
    at = timezone.now()
    link = working(at).by_token(token).first()
    if link is None:
        return opens_nothing(request, "link")
    response = without_referrer(redirect("interview:here"))
    known = visitor(request, at=at)
    if known is None or known.link != link:
        remember(response, link.pk, proven=None)
    return response


@get_or_post
@login_not_required
def here(request: HttpRequest) -> HttpResponse:
    """The date of birth, then where the patient is: to begin, to go on, or done."""
    at = timezone.now()
    who = visitor(request, at=at)
    if who is None:
        return gone(request)
    if request.method == "POST":
        return redirect("interview:here") if is_of_another(request, who) else _prove(request, who, at)
    if not who.verified:
        return _ask(request, who, BirthDateForm())
    return received(request, who.received, who) if who.received else _begin(request, who, at)


def _prove(request: HttpRequest, who: Visitor, at: dt.datetime) -> HttpResponse:
    """Compare the date of birth; right, the cookie becomes another one."""
    form = BirthDateForm(request.POST)
    if too_many(request, "birth-date"):
        return slow_down(request)
    if not form.is_valid():
        return _ask(request, who, form, status=422)
    try:
        actions.check_birth_date(who.link.pk, form.cleaned_data["born"], at=at)
    except actions.WrongBirthDate as wrong:
        return (
            _ask(request, who, form, wrong=True, left=wrong.left, status=422) if wrong.left else gone(request)
        )
    except actions.LinkDead:
        return gone(request)
    response = redirect("interview:here")
    remember(response, who.link.pk, proven=at)
    return response


def _ask(
    request: HttpRequest, who: Visitor, form: BirthDateForm, *, status: int = 200, **said
) -> HttpResponse:
    context = {"form": form, "link": who.link, **said}
    return render(request, "patients/own/birth_date.html", context, status=status)


def _begin(request: HttpRequest, who: Visitor, at: dt.datetime) -> HttpResponse:
    draft, parts = draft_of(who.link.patient, at=at), steps.steps(who.link.patient)
    left = set(missing(who.link.patient, draft))
    context = {
        "patient": who.link.patient,
        "parts": parts,
        "draft": draft,
        "next": next((part for part in parts if left & set(part.codes)), None),
        "tablet": who.link.kind == LinkKind.TABLET,
    }
    return render(request, "patients/own/begin.html", context)


@require_POST
@by_link
def leave(request: HttpRequest, who: Visitor, at: dt.datetime) -> HttpResponse:
    """Stop for now: this device forgets the link, the answers are kept."""
    response = render(request, "patients/own/left.html", {"tablet": who.link.kind == LinkKind.TABLET})
    forget(response)
    return response


def received(request: HttpRequest, report: Report | None, who: Visitor, status: int = 200) -> HttpResponse:
    """Done. A tablet forgets the link at once."""
    tablet = who.link.kind == LinkKind.TABLET
    context = {"report": report, "again": status == 409, "tablet": tablet}
    response = render(request, "patients/own/received.html", context, status=status)
    if tablet:
        forget(response)
    return response
