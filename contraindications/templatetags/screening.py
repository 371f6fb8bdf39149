"""Verdicts in templates: `_verdict.html` is included with an evaluation or a stored screening."""

from django import template

from contraindications import display
from contraindications.clearance import Clearance
from contraindications.deciding import decisions
from contraindications.models import Screening
from contraindications.screening import CannotScreen, Evaluation, evaluation_of

register = template.Library()


@register.simple_tag
def in_words(
    evaluation: Evaluation | None, screening: Screening | None, clearance: Clearance | None
) -> display.Shown | None:
    """What `_verdict.html` shows; None is "cannot screen", also where the page was given nothing to show."""
    try:
        of = evaluation or (evaluation_of(screening) if screening else None)
        return display.show(of, clearance or None) if of else None
    except CannotScreen:
        return None


@register.simple_tag(takes_context=True)
def to_decide(context, screening: Screening | None, performing: bool = False) -> decisions.ToDecide | None:
    """The forms of `_decide.html` for the person who looks, or is about to treat; None where nothing can be decided."""
    user = context["request"].user
    try:
        return decisions.to_decide(screening, user, performing=bool(performing)) if screening else None
    except CannotScreen:
        return None
