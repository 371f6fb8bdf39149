"""A patient's own report beside what stands, for a practitioner to confirm or to set aside."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clinic.access import role_required
from clinic.errors import conflict
from clinic.requests import StaffRequest
from clinic.roles import CLINICAL
from patients import actions
from patients.access import open_patient
from patients.confirm_forms import ConfirmForm, SetAsideForm
from patients.confirming import comparison
from patients.models import Interview, Patient, Report
from patients.moved import read_standing, who_was_faster


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*CLINICAL)
def confirm_report(request: StaffRequest, pk: int) -> HttpResponse:
    """What stands and what the patient now says (GET); the next version on it (POST)."""
    patient = open_patient(request, pk)
    if request.method == "POST":
        return _confirm(request, patient)
    report = Report.objects.pending(patient)
    return _page(request, patient, report) if report else _nothing_open(request, patient)


@require_POST
@role_required(*CLINICAL)
def set_aside(request: StaffRequest, pk: int) -> HttpResponse:
    """Let the report not count, for a reason."""
    patient = open_patient(request, pk)
    report, form = _posted(request, patient), SetAsideForm(request.POST)
    if report is None:
        return _nothing_open(request, patient)
    if not form.is_valid():
        return _page(request, patient, report, aside=form, status=422)
    try:
        actions.set_aside(report, reason=form.cleaned_data["reason"], by=request.user, at=timezone.now())
    except actions.AlreadySettled as done:
        return conflict(request, _settled(done.report))
    messages.success(request, _("The patient's own answers are set aside. They do not count."))
    return redirect(patient)


def _confirm(request: StaffRequest, patient: Patient) -> HttpResponse:
    report, at = _posted(request, patient), timezone.now()
    if report is None:
        return _nothing_open(request, patient)
    stands, opened_on = Interview.objects.standing(patient), read_standing(request).standing
    form = _form(report, stands)
    form.read(request.POST)
    if form.errors and not report.settled_at and opened_on == (stands.number if stands else 0):
        return _page(request, patient, report, form, status=422)
    try:
        made = actions.confirm_report(
            report,
            answers=form.answers,
            allergies=form.allergies,
            standing=opened_on,
            by=request.user,
            at=at,
        )
    except actions.AlreadySettled as done:
        return conflict(request, _settled(done.report))
    except actions.InterviewMoved as moved:
        return _moved(request, patient, report, who_was_faster(moved))
    except ValidationError:
        return _moved(request, patient, report, _("What stands has changed. Nothing was saved yet."))
    messages.success(request, _("Confirmed as interview %(number)s.") % {"number": made.number})
    return redirect(patient)


def _moved(request: StaffRequest, patient: Patient, report: Report, said: str) -> HttpResponse:
    """The page as it stands now, with what was typed."""
    form = _form(report, Interview.objects.standing(patient))
    form.read(request.POST)
    return _page(request, patient, report, form, conflict=said, status=409)


def _page(
    request: StaffRequest,
    patient: Patient,
    report: Report,
    form: ConfirmForm | None = None,
    *,
    aside: SetAsideForm | None = None,
    conflict: str = "",
    status: int = 200,
) -> HttpResponse:
    stands = Interview.objects.standing(patient)
    form = form or _form(report, stands)
    context = {
        "patient": patient,
        "report": report,
        "compared": form.compared,
        "form": form,
        "reported_allergies": form.reported_allergies,
        "aside": aside or SetAsideForm(),
        "conflict": conflict,
    }
    return render(request, "patients/confirm.html", context, status=status)


def _form(report: Report, stands: Interview | None) -> ConfirmForm:
    day = timezone.localdate()
    return ConfirmForm(comparison(report, stands, day=day), day=day)


def _posted(request: StaffRequest, patient: Patient) -> Report | None:
    """The signed report of this patient that the page was about, settled or not."""
    number = request.POST.get("report", "")
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        return None
    signed = Report.objects.filter(patient=patient, submitted_at__isnull=False)
    return signed.select_related("patient", "settled_by", "link").filter(pk=int(number)).first()


def _nothing_open(request: StaffRequest, patient: Patient) -> HttpResponse:
    messages.info(request, _("There is no report of this patient to confirm."))
    return redirect(patient)


def _settled(report: Report) -> str:
    """Who was faster and when, in a sentence."""
    said = (
        _("%(who)s set this report aside on %(when)s.")
        if report.set_aside
        else _("%(who)s confirmed this report on %(when)s.")
    )
    when = date_format(timezone.localtime(report.settled_at), "j M, H:i")
    return said % {"who": report.settled_by, "when": when}
