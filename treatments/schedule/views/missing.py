"""The patient did not come; or came after all."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from clinic.access import role_required
from clinic.errors import changed_meanwhile
from clinic.roles import Role
from clinic.versions import ChangedMeanwhile
from treatments.schedule import actions, refusals, words
from treatments.schedule.access import open_session
from treatments.schedule.forms import MissedForm
from treatments.schedule.views.sessions import session_page


@require_POST
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def missed(request, pk: int) -> HttpResponse:
    """Note that the patient did not come, or came after all; the page of the session says what follows."""
    row, form, at = open_session(request, pk), MissedForm(request.POST), timezone.now()
    if not form.is_valid():
        return session_page(request, row, status=422)
    came, version = form.cleaned_data["came"] == "yes", form.cleaned_data["version"]
    change = actions.come_after_all if came else actions.miss
    try:
        change(row, version=version, by=request.user, at=at)
    except ChangedMeanwhile:
        row = open_session(request, pk)
        return session_page(request, row, conflict=changed_meanwhile(row), status=409)
    except refusals.WrongTimes as wrong:
        said = " ".join(words.faults_said(wrong.faults, row.course))
        return session_page(request, row, conflict=said, status=409)
    except (refusals.NotBookable, refusals.NotMissed) as refused:
        actions.keep_verdict(refused, row.course, by=request.user, at=at)
        return session_page(request, row, conflict=str(refused), status=409)
    except refusals.SlotTaken as taken:
        return session_page(request, row, conflict=_given_away(taken), status=409)
    said = _("The session is booked as it was.") if came else _("Noted: the patient did not come.")
    messages.success(request, said)
    return redirect("schedule:session", pk=row.pk)


def _given_away(taken: refusals.SlotTaken) -> str:
    return _("Its time was given to others meanwhile. Book it anew.") if taken.numbers else str(taken)
