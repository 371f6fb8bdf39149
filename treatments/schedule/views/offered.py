"""The patient's own page of an offer: GET shows it, POST answers it.

GET and HEAD change nothing: mail scanners open links. Every address that opens nothing gets the same page.
"""

import datetime as dt

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from clinic.languages import speaking, spoken
from clinic.versions import ChangedMeanwhile
from patients.by_link import gone, opens_nothing
from treatments.schedule import actions, refusals
from treatments.schedule.models import Offer, OfferState, Session
from treatments.schedule.waiting.forms import AnswerForm

GONE = "waiting/own/gone.html"
REFUSALS = (refusals.NotBookable, refusals.WrongTimes, refusals.SlotTaken, ChangedMeanwhile)


@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show the offer, or take the answer to it."""
    at = timezone.now()
    offer = Offer.objects.by_token(token).for_page().first()
    if offer is None:
        return opens_nothing(request, "offer", GONE)
    with speaking(offer.patient.language):
        response = _answer(request, offer, at=at)
        response.headers.setdefault("Content-Language", spoken())
        return response


def _answer(request: HttpRequest, offer: Offer, *, at: dt.datetime) -> HttpResponse:
    is_open = Offer.objects.open(at).filter(pk=offer.pk).exists()
    if request.method == "POST":
        return _answered(request, offer, at=at) if is_open else _too_late(request, offer)
    return _show(request, offer, at=at) if is_open else gone(request, GONE)


def _show(
    request: HttpRequest, offer: Offer, *, at: dt.datetime, busy: bool = False, status: int = 200
) -> HttpResponse:
    entry = offer.waiting
    has = Session.objects.booked().filter(course=entry.course_id, number=entry.number).first()
    context = {"offer": offer, "has": has, "busy": busy}
    return render(request, "waiting/own/offer.html", context, status=status)


def _answered(request: HttpRequest, offer: Offer, *, at: dt.datetime) -> HttpResponse:
    form = AnswerForm(request.POST)
    if not form.is_valid():
        return _show(request, offer, at=at, status=422)
    try:
        if form.cleaned_data["answer"] == "no":
            actions.say_no(offer, desk=None, at=at)
        else:
            actions.say_yes(offer, desk=None, at=at)
    except actions.OfferGone:
        return _too_late(request, offer)
    except REFUSALS as refused:
        if isinstance(refused, refusals.SlotTaken) and refused.only_busy:
            return _show(request, offer, at=at, busy=True, status=409)
        return render(request, "waiting/own/refused.html", status=409)
    return render(request, "waiting/own/answered.html", {"offer": _now(offer)})


def _too_late(request: HttpRequest, offer: Offer) -> HttpResponse:
    """Answered before: the same answer again for a double click, the word that somebody was faster, or nothing."""
    now = _now(offer)
    if now.state in (OfferState.YES, OfferState.NO) and request.POST.get("answer") == now.state:
        return render(request, "waiting/own/answered.html", {"offer": now})
    if now.state == OfferState.LOST:
        return render(request, "waiting/own/lost.html", {"offer": now}, status=409)
    return gone(request, GONE)


def _now(offer: Offer) -> Offer:
    return Offer.objects.for_page().get(pk=offer.pk)
