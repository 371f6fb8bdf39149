"""What can be said of a booked session in one click, on its page and in every list of a day."""

from django import template
from django.template.loader import render_to_string
from django.utils import timezone

from treatments.schedule.actions.cancelling import LATE_REASON, is_late
from treatments.schedule.actions.missing import may_be_missed
from treatments.schedule.lateness import may_be_late
from treatments.schedule.models import Session, SessionState

register = template.Library()


@register.simple_tag(takes_context=True)
def exceptions(context, session: Session, small: bool = False) -> str:
    """The buttons for which the time has come: did not come, is late, cancelled late; none unless it is booked."""
    at, hours = timezone.now(), context["clinic"].late_cancel_hours
    could_come = session.state == SessionState.BOOKED and not session.course.patient.has_ended
    shown = {
        "may_be_missed": may_be_missed(session, at),
        "may_be_late": may_be_late(session, at) and session.arrived_at is None,
        "late_now": could_come and is_late(session, hours, at),
    }
    if not any(shown.values()):  # for most of a list: no template for nothing
        return ""
    said = {"session": session, "small": small, "late_reason": LATE_REASON}
    return render_to_string(
        "schedule/_exceptions.html", {**said, **shown, "csrf_token": context.get("csrf_token")}
    )
