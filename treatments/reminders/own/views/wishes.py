"""Which messages a patient wants, how and in which language; and the button of the mail program (RFC 8058)."""

import datetime as dt

from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from clinic.languages import speaking
from patients.actions import write_to
from patients.by_link import opens_nothing, without_referrer
from patients.models import Patient
from treatments.reminders import actions, kinds
from treatments.reminders.models import LinkPurpose, LinkToken, MessageWish, Topic, WishHow
from treatments.reminders.own.door import GONE, by_link, let_in
from treatments.reminders.own.forms import WishesForm

ONE_CLICK = "One-Click"


@require_http_methods(["GET", "HEAD", "POST"])
@by_link(*LinkPurpose)
def wishes(request: HttpRequest, link: LinkToken, at: dt.datetime) -> HttpResponse:
    """The choice, behind every link of a message: a text message has no room for a link of its own to it."""
    return _save(request, link, at) if request.method == "POST" else page(request, link, at)


def page(request: HttpRequest, link: LinkToken, at: dt.datetime) -> HttpResponse:
    """What is wanted now."""
    patient: Patient = link.message.patient  # type: ignore[assignment]  # links go to patients
    stood = MessageWish.objects.standing(patient.pk)
    wanted = [topic for topic in Topic.values if stood.get(topic, True)]
    initial = {"wanted": wanted, "channel": patient.channel, "language": patient.language}
    return _page(request, link, WishesForm(initial=initial, patient=patient))


def _page(request: HttpRequest, link: LinkToken, form: WishesForm, *, status: int = 200) -> HttpResponse:
    context = {"link": link, "patient": link.message.patient, "form": form}
    return render(request, "messages/wishes.html", context, status=status)


def _save(request: HttpRequest, link: LinkToken, at: dt.datetime) -> HttpResponse:
    """Keep what was ticked; messages that wait follow at once."""
    patient: Patient = link.message.patient  # type: ignore[assignment]
    form = WishesForm(request.POST, patient=patient)
    if not form.is_valid():
        return _page(request, link, form, status=422)
    try:
        _keep(patient, form, at)
    except ValidationError as wrong:  # the number was taken off the record meanwhile
        form.add_error("channel", wrong.messages)
        return _page(request, link, form, status=422)
    return redirect(reverse("messages:wishes", args=[link.pk]) + "?kept=yes")


@transaction.atomic
def _keep(patient: Patient, form: WishesForm, at: dt.datetime) -> None:
    said = form.cleaned_data
    write_to(patient, channel=said["channel"], language=said["language"], at=at)
    actions.say_wishes(patient, unwanted=form.unwanted, how=WishHow.LINK, by=None, at=at)


@csrf_exempt  # mail programs post it, without a page of ours and without a cookie: the token is the proof
@require_http_methods(["GET", "HEAD", "POST"])
@login_not_required
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """POST, as mail programs do it: no more messages of this topic. GET: the page on which people choose."""
    at = timezone.now()
    link = LinkToken.objects.working(at).filter(purpose=LinkPurpose.WISHES).by_token(token).first()
    if link is None:
        return opens_nothing(request, "letter", GONE)
    if request.POST.get("List-Unsubscribe") != ONE_CLICK:
        return without_referrer(let_in(redirect("messages:here", link=link.pk), link))
    patient: Patient = link.message.patient  # type: ignore[assignment]
    actions.stop_topic(patient, kinds.topic_of(link.message.kind), how=WishHow.UNSUBSCRIBE, at=at)
    with speaking(patient.language):
        return without_referrer(render(request, "messages/unsubscribed.html"))
