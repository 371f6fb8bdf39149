"""What the patient's page says first: messages to them came back, so nothing reaches them there."""

from clinic.roles import BOOKING
from patients.models import Channel, Patient
from patients.panels import Panel
from treatments.reminders.models import BadAddress


def context(request, patient: Patient) -> dict:
    """The addresses of theirs that do not work, as they stand now; one query, none for who has no address."""
    theirs = {Channel.EMAIL.value: patient.email.lower(), Channel.SMS.value: str(patient.phone or "")}
    known = {channel: address for channel, address in theirs.items() if address}
    rows = BadAddress.objects.filter(address__in=known.values()).order_by("-since") if known else []
    bad = [row for row in rows if known.get(row.channel) == row.address]
    broken = {row.channel for row in bad}
    return {"undelivered": bad, "other_way": next((one for one in known if one not in broken), None)}


PANEL = Panel(
    name="undelivered",
    order=0,
    roles=BOOKING,
    template="reminders/_undelivered.html",
    context=context,
    where="above",
)
