"""Perform a session: today's verdict, the cocktail as planned, and the record."""

import datetime as dt

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.errors import conflict
from clinic.roles import Role
from contraindications.clearance import Clearance
from contraindications.models import Screening
from contraindications.screening import CannotScreen, Evaluation
from treatments.courses.models import Course
from treatments.courses.plans import cocktail_of
from treatments.courses.told import told
from treatments.schedule.access import open_session
from treatments.schedule.models import Session
from treatments.visits import actions
from treatments.visits.forms import PerformForm
from treatments.visits.models import CheckIn
from treatments.visits.rules import Refusal

SAID = {
    Refusal.NOT_BOOKED: gettext_lazy("This session is not booked any more."),
    Refusal.ENDED: gettext_lazy("This record had ended before that day: nothing can be recorded."),
    Refusal.TOO_EARLY: gettext_lazy("This session is on a later day. It is performed on its own day."),
    Refusal.DAY_OVER: gettext_lazy(
        "This session was more than a week ago and cannot be recorded any more. Cancel it and say what happened."
    ),
    Refusal.MAY_NOT_TREAT: gettext_lazy("You may not treat: there is no active cooperating doctor."),
    Refusal.UNCONFIRMED: gettext_lazy(
        "The patient has reported something by themself. A practitioner confirms it first."
    ),
    Refusal.NOT_CHECKED_IN: gettext_lazy(
        "The patient is not checked in: what changes has to be asked again today."
    ),
    Refusal.NOT_CLEARED: gettext_lazy("The screening does not let this session be performed."),
}


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(Role.DOCTOR, Role.NURSE)
def perform(request, pk: int) -> HttpResponse:
    """Today's verdict (GET), the record (POST)."""
    session = open_session(request, pk)
    form = PerformForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return _page(request, session, form)
    if not form.is_valid():
        return _page(request, session, form, status=422)
    try:
        actions.perform(session, note=form.cleaned_data["note"], by=request.user, at=timezone.now())
    except actions.AlreadyPerformed as done:
        if done.visit.performed_by != request.user:
            return conflict(
                request, _("%(who)s has recorded this session already.") % {"who": done.visit.performed_by}
            )
    except actions.NotPerformable as refused:
        return _page(request, session, form, refused=refused.why, status=409)
    messages.success(request, _("The session is recorded as performed."))
    return redirect(session.course.patient)


def _page(
    request, session: Session, form: PerformForm, *, refused: Refusal | None = None, status: int = 200
) -> HttpResponse:
    course, today = session.course, timezone.localdate()
    day = min(today, timezone.localdate(session.starts_at))
    evaluation, cleared = _judged(course, session, today)
    why = refused or actions.refusal(session, course, cleared, by=request.user, day=today)
    done = CheckIn.objects.that_counts(session)
    context = {
        "session": session,
        "course": course,
        "patient": course.patient,
        "told": told(course.patient, day=day),
        "form": form,
        "evaluation": evaluation,
        "clearance": cleared,
        "cocktail": cocktail_of(course),
        "around": course.procedure_substances.all(),
        "why": _said(why, cleared),
        "refusal": why,
        "day": day,
        "late": day < today,
        "done": done,
    }
    if evaluation and why == Refusal.NOT_CLEARED:
        kept = _kept(evaluation, course.screening, done)
        beside = kept and cleared and not refused and not cleared.performable  # the verdict says it already
        context |= {"undecided": True, "screening": kept, **({"why": ""} if beside else {})}
    return render(request, "visits/perform.html", context, status=status)


def _judged(
    course: Course, session: Session, today: dt.date
) -> tuple[Evaluation, Clearance] | tuple[None, None]:
    """The verdict of that day and what may happen on it; nothing where none can be given."""
    try:
        return actions.judged(course, session, day=today)
    except CannotScreen:
        return None, None


def _kept(evaluation: Evaluation, newest: Screening | None, done: CheckIn | None) -> Screening | None:
    """A kept screening with the same findings, to decide on there and then."""
    kept = [newest, done.screening if done else None]
    return next((one for one in kept if one and one.finding_digests == dict(evaluation.digests)), None)


def _said(why: Refusal | None, cleared: Clearance | None) -> str:
    """In words, why not; of a verdict what it leaves to whom."""
    if why == Refusal.NOT_CLEARED and cleared:
        own = gettext_lazy("Whoever treats acknowledges each point: it has not been acknowledged by you.")
        return str(own) if cleared.performable else cleared.said
    return str(SAID[why]) if why else ""
