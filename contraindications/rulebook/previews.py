"""Pages of the preview: start it, watch it, go on with it here, and for doctors who it is about."""

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from clinic.accesslog import record_read
from clinic.errors import conflict
from clinic.requests import StaffRequest
from contraindications import tasks
from contraindications.models import Draft, Flip, Preview, Verdict
from contraindications.rulebook import draft_actions, drafts, previewing
from contraindications.rulebook.access import doctor, drafters
from contraindications.rulebook.draft_page import steps
from contraindications.rulebook.preview_page import item_words, titles_of

HERE = 15  # seconds that a person waits for what runs in the request
PAGE = 20  # people on a page: each of them is a read of a record


@require_POST
@drafters
def start(request: StaffRequest, pk: int) -> HttpResponse:
    """Run the draft against everybody; a worker does it, or the button beside the bar."""
    row, now = get_object_or_404(Draft, pk=pk), timezone.now()
    try:
        preview = previewing.start(row, by=request.user, day=timezone.localdate(now), at=now)
    except draft_actions.Ended:
        return conflict(request, _("This draft was published or discarded meanwhile."))
    transaction.on_commit(lambda: tasks.ask_a_worker(preview.pk))
    return _progress(request) if request.htmx else redirect("rules:draft")


@require_POST
@drafters
def run(request: StaffRequest, pk: int) -> HttpResponse:
    """Go on with a preview in this request, for a clinic without a worker."""
    preview = get_object_or_404(Preview, pk=pk, draft__ended_at=None)
    tasks.go_on(preview.pk, seconds=HERE)
    return _progress(request) if request.htmx else redirect("rules:draft")


@require_safe
@drafters
def progress(request: StaffRequest) -> HttpResponse:
    """The part of the draft's page with preview and publishing, as it is now."""
    return _progress(request) if request.htmx else redirect("rules:draft")


@require_safe
@doctor
def people(request: StaffRequest, pk: int) -> HttpResponse:
    """Who it is that flips, for one line of the summary; every one of them is a read of a record."""
    one = get_object_or_404(
        Flip.objects.select_related("preview__draft"), pk=pk, preview__draft__ended_at=None
    )
    page = _number(request.GET.get("page", "1"))
    some = list(Flip.objects.like(one)[(page - 1) * PAGE : page * PAGE + 1])
    for patient in dict.fromkeys(row.patient_id for row in some[:PAGE]):
        record_read(request, patient)
    draft = one.preview.draft
    titles = titles_of(draft, drafts.content_of(draft))
    context = {
        "one": one,
        "words": (Verdict(one.before).label, Verdict(one.after).label),
        "items": [(code, item_words(code, titles)) for code in one.items],
        "rows": some[:PAGE],
        "page": page,
        "more": len(some) > PAGE,
    }
    return render(request, "contraindications/rules/people.html", context)


def _progress(request: StaffRequest) -> HttpResponse:
    row = Draft.objects.open().first()
    context = steps(row, drafts.content_of(row), request) if row else {}
    return render(request, "contraindications/rules/_steps.html", context)


def _number(typed: str) -> int:
    if not (typed.isascii() and typed.isdecimal() and 0 < len(typed) < 7 and int(typed)):
        raise Http404
    return int(typed)
