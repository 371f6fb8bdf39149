"""Pages: the why sheet of a screening, its PDF, and the public check of a digest."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.accesslog import record_read
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL
from clinic.typesetting import CannotTypeset
from contraindications.models import Screening
from contraindications.screening import CannotScreen
from contraindications.why import checking
from contraindications.why.pdf import pdf_of
from contraindications.why.sheet import sheet_of


@require_safe
@role_required(*CLINICAL)
def why(request: StaffRequest, pk: int) -> HttpResponse:
    """The why sheet as a page, to read and to print."""
    stored = _open(request, pk)
    try:
        sheet = sheet_of(stored)
    except CannotScreen:
        sheet = None
    return _page(request, stored, {"sheet": sheet})


@require_safe
@role_required(*CLINICAL)
def why_pdf(request: StaffRequest, pk: int) -> HttpResponse:
    """The why sheet as a PDF; the page says so where none can be made."""
    stored = _open(request, pk)
    try:
        sheet = sheet_of(stored)
        content = pdf_of(sheet, at=stored.at)
    except CannotScreen:
        return _page(request, stored, {"sheet": None}, status=409)
    except CannotTypeset:
        return _page(request, stored, {"sheet": sheet, "no_pdf": True}, status=503)
    disposition = content_disposition_header(as_attachment=True, filename=sheet.name)
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": disposition or ""}
    )


def _open(request: StaffRequest, pk: int) -> Screening:
    """The screening, or 404; the read of the patient's record is logged first."""
    found = get_object_or_404(Screening.objects.visible_to(request.user).for_page(), pk=pk)
    record_read(request, found.patient_id)
    return found


def _page(request: StaffRequest, stored: Screening, context: dict, status: int = 200) -> HttpResponse:
    return render(request, "contraindications/why.html", {"screening": stored, **context}, status=status)


@require_safe
@login_not_required
def check(request: HttpRequest) -> HttpResponse:
    """The form for a digest copied from paper; it leads to the page of that digest."""
    text = request.GET.get("digest", "")
    digest = checking.typed(text)
    if checking.DIGEST.fullmatch(digest):
        return redirect("check:digest", digest=digest)
    context = {"text": text[:200], "wrong": checking.what_is_wrong(digest) if text else ""}
    return render(request, "contraindications/check.html", context, status=422 if text else 200)


@require_safe
@login_not_required
def check_digest(request: HttpRequest, digest: str) -> HttpResponse:
    """Whether a screening with this digest is kept here, and comes out the same. Nothing about anybody."""
    if not checking.may_ask(request, at=timezone.now()):
        return render(request, "contraindications/check.html", {"busy": True}, status=429)
    context = {"digest": digest, "kept": checking.kept(digest)}
    return render(request, "contraindications/check.html", context)
