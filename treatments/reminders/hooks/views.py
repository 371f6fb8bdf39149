"""The doors for reports. Exempt from the CSRF token, since no browser comes here: without a valid signature, 403."""

import re
from collections.abc import Callable
from functools import wraps

from anymail import urls as anymail_urls
from anymail.exceptions import AnymailWebhookValidationFailure
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseForbidden
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from treatments.reminders import actions
from treatments.reminders.channels.sms import NUMBER_IS_BAD
from treatments.reminders.hooks import signatures
from treatments.reminders.models import Channel
from treatments.reminders.tasks import database_clock

View = Callable[[HttpRequest], HttpResponse]
DELIVERED, CAME_BACK = {"delivered", "read"}, {"undelivered", "failed"}
STOP = {"STOP", "STOPP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}


def signed(view: View) -> View:
    """Only the gateway gets in: its signature is over the address and all fields, with the token that both know."""

    @login_not_required
    @csrf_exempt  # the gateway has no cookie of ours: its signature is the proof
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        address = settings.BASE_URL + request.get_full_path()
        claimed = request.headers.get("X-Twilio-Signature", "")
        if not signatures.is_signed(claimed, address, dict(request.POST.lists()), settings.SMS_TOKEN):
            return HttpResponseForbidden()
        return _unless_too_early(view, request)

    return guarded


def _unless_too_early(view: View, request: HttpRequest) -> HttpResponse:
    """The view's answer; 503 asks to report again, when it is written down what was sent."""
    try:
        return view(request)
    except actions.TooEarly:
        return HttpResponse(status=503, headers={"Retry-After": "60"})


@signed
def sms_status(request: HttpRequest) -> HttpResponse:
    """What became of a text message. What we do not know is taken note of by nobody, and no error."""
    ref, status = request.POST.get("MessageSid", ""), request.POST.get("MessageStatus", "")
    code = request.POST.get("ErrorCode", "")[:20]
    if status in DELIVERED:
        actions.arrived(Channel.SMS, ref, at=database_clock())
    elif status in CAME_BACK:
        actions.came_back(Channel.SMS, ref, said=code, for_good=code in NUMBER_IS_BAD, at=database_clock())
    return HttpResponse()


@signed
def sms_reply(request: HttpRequest) -> HttpResponse:
    """Somebody answered a text: STOP is heeded, nothing else is read."""
    if re.sub(r"[\W_]+", "", request.POST.get("Body", "")).upper() in STOP:  # "Stop." and "STOP ALL", too
        actions.stop_number(request.POST.get("From", ""), at=database_clock())
    return HttpResponse("<Response/>", content_type="text/xml")


@login_not_required
@csrf_exempt  # the provider has no cookie of ours: the secret that it knows is the proof
@require_POST
def mail(request: HttpRequest) -> HttpResponse:
    """What the provider of e-mail reports, in its own form; see `listening.py` for what follows.

    It must know ANYMAIL_WEBHOOK_SECRET; where it signs as well and its key is set, the signature must be right, too.
    """
    view = _view_of_provider()
    if view is None or not settings.ANYMAIL.get("WEBHOOK_SECRET"):
        raise Http404
    try:
        return _unless_too_early(view, request)
    except AnymailWebhookValidationFailure:
        return HttpResponseForbidden()
    except (ValueError, KeyError, TypeError):
        return HttpResponseBadRequest()


def _view_of_provider() -> View | None:
    name = f"{settings.EMAIL_PROVIDER}_tracking_webhook"
    return next((one.callback for one in anymail_urls.urlpatterns if one.name == name), None)
