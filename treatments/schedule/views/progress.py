"""How far the run has come that holds everything against the lists in force."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.roles import Role
from contraindications.models import RuleSet
from treatments.courses.models import Course
from treatments.schedule.models import Session


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)
def progress(request) -> HttpResponse:
    """Counts only, nobody's name: what is left is asked of the database, so no run can lie about it."""
    rule_set, courses = RuleSet.objects.in_force(), Course.objects.open()
    left = courses.unchecked(rule_set.pk) if rule_set else courses
    context = {
        "rule_set": rule_set,
        "all": courses.count(),
        "left": left.count(),
        "sessions": Session.objects.booked().filter(course__in=left).count(),
    }
    context["done"] = context["all"] - context["left"]
    page = "courses/_rescreening.html" if request.htmx else "courses/rescreening.html"
    return render(request, page, {"run": context})
