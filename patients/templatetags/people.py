"""How people and their answers are shown."""

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients import rules
from patients.interviews import in_words
from patients.models import Patient
from patients.panels import Panel

register = template.Library()


@register.filter
def years(patient: Patient) -> str:
    """Their age today, in words."""
    n = rules.age_on(patient.birth_date, timezone.localdate())
    return ngettext("%(n)s year", "%(n)s years", n) % {"n": n}


@register.filter
def born(patient: Patient) -> str:
    """When they were born and how old they are: what tells two people of one name apart in a list."""
    return f"{_('born')} {date_format(patient.birth_date, 'DATE_FORMAT')} · {years(patient)}"


@register.filter
def reached_at(patient: Patient) -> str:
    """Their phone number as one dials it from anywhere, else their e-mail address."""
    # Compared, since the truth of a number asks a library twice whether it is valid: too long for each row of a list.
    return patient.phone.as_international if patient.phone != "" else patient.email


@register.filter
def days_ago(days: int) -> str:
    """How long ago, in words."""
    return ngettext("%(n)s day ago", "%(n)s days ago", days) % {"n": days} if days else _("today")


register.filter("in_words", in_words)


@register.simple_tag(takes_context=True)
def show_panel(context, panel: Panel, brought: dict) -> str:
    """The section of another app, rendered with what it brought."""
    with context.push(**brought):
        return context.template.engine.get_template(panel.template).render(context)


@register.filter
def answer(answers: dict, code: str) -> dict | None:
    """What `answers` say of the fact with this code."""
    return answers.get(code)
