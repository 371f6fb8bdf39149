"""How people and their answers are shown."""

import datetime as dt

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from patients import rules
from patients.interviews import in_words
from patients.models import Patient
from patients.panels import Panel

register = template.Library()


@register.filter
def age(patient: Patient, day: dt.date | None = None) -> int:
    """Whole years on `day`, without one on the clinic's today."""
    return rules.age_on(patient.birth_date, day or timezone.localdate())


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
def greeting(patient: Patient) -> str:
    """How to greet them on their own device: what they asked for, else the first word of the name."""
    return patient.called or patient.name.split()[0]


@register.filter
def answer(answers: dict, code: str) -> dict | None:
    """What `answers` say of the fact with this code."""
    return answers.get(code)
