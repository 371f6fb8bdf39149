"""What one patient wants to be written about, as they say it at the desk or on the phone."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from clinic.access import role_required
from clinic.roles import BOOKING
from patients.access import open_patient
from patients.models import Patient
from treatments.reminders import actions
from treatments.reminders.forms import WishesForm
from treatments.reminders.models import MessageWish, Topic, WishHow


@require_http_methods(["GET", "HEAD", "POST"])
@role_required(*BOOKING)
def wishes(request, pk: int) -> HttpResponse:
    """Topics to tick, and all that was said about them before."""
    person = open_patient(request, pk)
    stood = MessageWish.objects.standing(person.pk)
    wanted = [topic for topic in Topic.values if stood.get(topic, True)]
    form = WishesForm(request.POST if request.method == "POST" else None, initial={"wanted": wanted})
    if request.method == "POST" and form.is_valid():
        actions.say_wishes(
            person, unwanted=form.unwanted, how=WishHow.DESK, by=request.user, at=timezone.now()
        )
        messages.success(request, _("Saved. What waits to be sent follows it."))
        return redirect("reminders:wishes", pk=person.pk)
    said = MessageWish.objects.filter(patient=person).select_related("said_by")
    context = {"patient": person, "form": form, "said": said, "sharing": sharing(person)}
    return render(request, "reminders/wishes.html", context, status=422 if form.is_bound else 200)


def sharing(patient: Patient) -> int:
    """How many other patients have the same phone number: a family's, as a rule."""
    if not patient.phone:
        return 0
    return Patient.objects.filter(phone=patient.phone).exclude(pk=patient.pk).count()
