"""The report of decisions."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.accesslog import record_list
from clinic.requests import StaffRequest
from clinic.roles import Role
from contraindications.deciding import reporting
from contraindications.forms import ReportForm
from contraindications.models import Decision


@require_safe
@role_required(Role.DOCTOR)
def report(request: StaffRequest) -> HttpResponse:
    """Decisions by person, reason and item, and the newest of them."""
    form = ReportForm(request.GET or None)
    if form.is_bound and not form.is_valid():
        return render(request, "contraindications/report.html", {"form": form}, status=422)
    rows = _asked(form)
    found = list(rows[: reporting.LONGEST + 1])
    shown, items = found[: reporting.LONGEST], reporting.by_item(rows)
    record_list(request, (row.patient_id for row in shown))
    context = {
        "form": form,
        "rows": [(row, [(code, _called(items, code)) for code in row.items]) for row in shown],
        "more": len(found) > len(shown),
        "people": reporting.by_person(rows),
        "reasons": reporting.by_reason(rows),
        "items": items,
        "asked": request.GET.urlencode(),
    }
    return render(request, "contraindications/report.html", context)


@require_safe
@role_required(Role.DOCTOR)
def report_csv(request: StaffRequest) -> HttpResponse:
    """The same as a file, all of it."""
    form = ReportForm(request.GET or None)
    if form.is_bound and not form.is_valid():
        return render(request, "contraindications/report.html", {"form": form}, status=422)
    rows = list(_asked(form))
    record_list(request, (row.patient_id for row in rows))
    called = reporting.titles(code for row in rows for code in row.items)
    answer = HttpResponse("".join(reporting.lines(rows, called)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="decisions.csv"'
    return answer


def _asked(form: ReportForm):
    """The decisions that were asked for, newest first."""
    return Decision.objects.for_report(**(form.asked() if form.is_bound else {}))


def _called(items: list[reporting.Counted], code: str) -> str:
    return next((item.label for item in items if item.code == code), code)
