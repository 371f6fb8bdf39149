"""The entrance: from the token in a message to the clean address of what the link is for."""

import datetime as dt

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from patients.by_link import opens_nothing, without_referrer
from treatments.reminders.models import LinkPurpose, LinkToken
from treatments.reminders.own.door import GONE, by_link, let_in
from treatments.reminders.own.views import recall, sessions, wishes

PAGES = {
    LinkPurpose.SESSION: sessions.page,
    LinkPurpose.RECALL: recall.page,
    LinkPurpose.WISHES: wishes.page,
}


@require_safe
@login_not_required
def enter(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange the token for a cookie and go on at a clean address. Nothing is used up."""
    link = LinkToken.objects.working(timezone.now()).by_token(token).first()
    if link is None:
        return opens_nothing(request, "letter", GONE)
    return without_referrer(let_in(redirect("messages:here", link=link.pk), link))


@require_safe
@by_link(*LinkPurpose)
def here(request: HttpRequest, link: LinkToken, at: dt.datetime) -> HttpResponse:
    """What the link is for."""
    return PAGES[LinkPurpose(link.purpose)](request, link, at)
