"""A recall is answered: please call me, not this time, or never again."""

import datetime as dt

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from treatments.reminders import actions
from treatments.reminders.models import Answer, LinkPurpose, LinkToken, MessageWish, Topic, WishHow
from treatments.reminders.own.door import by_link
from treatments.reminders.own.forms import RecallForm


def page(request: HttpRequest, link: LinkToken, at: dt.datetime, *, status: int = 200) -> HttpResponse:
    """What can be answered, and what was."""
    message = link.message
    context = {
        "link": link,
        "patient": message.patient,
        "answered": message.course.recall_answers.first(),  # type: ignore[union-attr]  # a recall has a course
        "stopped": MessageWish.objects.standing(message.patient_id).get(Topic.MAINTENANCE) is False,  # type: ignore[arg-type]
    }
    return render(request, "messages/recall.html", context, status=status)


@require_POST
@by_link(LinkPurpose.RECALL)
def answer(request: HttpRequest, link: LinkToken, at: dt.datetime) -> HttpResponse:
    """Keep the answer; what was to follow is taken back."""
    form = RecallForm(request.POST)
    if not form.is_valid():
        return page(request, link, at, status=422)
    said, message = form.cleaned_data["answer"], link.message
    if said == "stop":
        actions.stop_topic(message.patient, Topic.MAINTENANCE, how=WishHow.LINK, at=at)  # type: ignore[arg-type]
    else:
        actions.answer_recall(message, Answer(said), at=at)
    return redirect("messages:here", link=link.pk)
