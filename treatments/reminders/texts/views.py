"""The pages on which the clinic admin words the messages."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from clinic.access import role_required
from clinic.errors import conflict
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from treatments.reminders import actions
from treatments.reminders.models import Wording
from treatments.reminders.texts import listing
from treatments.reminders.texts.forms import TextForm
from treatments.reminders.texts.meanings import MEANINGS
from treatments.reminders.texts.preview import preview


@require_safe
@role_required(Role.CLINIC_ADMIN)
def texts(request) -> HttpResponse:
    """All texts, and which of them the clinic changed."""
    return render(request, "reminders/texts/list.html", {"groups": listing.groups()})


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.CLINIC_ADMIN)
def text(request, kind: str, channel: str, language: str) -> HttpResponse:
    """One text: changed, shown as a patient would read it, and its versions. 409 if somebody else changed it."""
    place = listing.place(kind, channel, language)
    form = TextForm(request.POST or None, place=place, initial=_start(request, place))
    if "preview" in request.POST:
        return _previewed(request, place, form)
    if request.method == "POST" and form.is_valid():
        return _saved(request, place, form)
    return _page(request, place, form, status=422 if form.is_bound else 200)


def _saved(request, place: listing.Place, form: TextForm) -> HttpResponse:
    subject, body = form.text()
    seen, at = form.cleaned_data["seen"], timezone.now()
    try:
        actions.reword(**place.columns(), subject=subject, body=body, seen=seen, by=request.user, at=at)
    except ChangedMeanwhile as changed:
        return _not_saved(request, place, form, changed.row)
    messages.success(request, _("Saved. Messages that are written from now on read so."))
    return redirect(reverse("texts:text", kwargs=place.columns()))


def _not_saved(request, place: listing.Place, form: TextForm, theirs: Wording | None) -> HttpResponse:
    """What was typed, and what stands now: somebody's version, or none, where it ships as it always did."""
    form.data = {**request.POST.dict(), "seen": theirs.number if theirs else 0}
    said = _("This text is as it ships, whatever you saw. Nothing of yours was saved yet.")
    if theirs:
        said = _("%(who)s changed this text while you were editing. Nothing of yours was saved yet.")
        said %= {"who": theirs.made_by}
    context = _context(place, form) | {"theirs": theirs}
    return conflict(request, said, template="reminders/texts/text.html", context=context)


def _previewed(request, place: listing.Place, form: TextForm) -> HttpResponse:
    valid = form.is_valid()
    shown = _shown(place, form) if valid else None
    if request.htmx:
        context = {"shown": shown, "form": form}
        return render(request, "reminders/texts/_preview.html", context, status=200 if valid else 422)
    return _page(request, place, form, status=200 if valid else 422)


def _page(request, place: listing.Place, form: TextForm, *, status: int) -> HttpResponse:
    return render(request, "reminders/texts/text.html", _context(place, form), status=status)


def _context(place: listing.Place, form: TextForm) -> dict:
    return {
        "place": place,
        "form": form,
        "shown": _shown(place, form),
        "versions": place.versions(),
        "meanings": [(name, MEANINGS[name].words) for name in sorted(place.allowed)],
        "required": place.required,
        "languages": [replace(place, language=code) for code in listing.languages_of(place.kind)],
        "stands": listing.stands(place, listing.newest_versions(kind=place.kind, channel=place.channel)),
    }


def _shown(place: listing.Place, form: TextForm):
    """The preview of what is typed, or of what stands where that is not right (yet)."""
    typed = form.is_bound and form.is_valid()
    subject, body = form.text() if typed else (form.initial.get("subject", ""), form.initial["body"])
    return preview(subject, body, place, at=timezone.now())


def _start(request, place: listing.Place) -> dict:
    """What the form opens with: the text that stands, or the version that was asked for."""
    newest = place.versions().first()
    start = newest or place.shipped
    asked = request.GET.get("from", "")
    if asked == "shipped":
        start = place.shipped
    elif asked.isdecimal() and len(asked) < 10:
        start = get_object_or_404(place.versions(), number=int(asked))
    return {"seen": newest.number if newest else 0, "subject": start.subject, "body": start.body}
