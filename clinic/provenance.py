"""Where the defaults of the clinic's settings come from: a document, or us."""

from typing import Any

from django.utils.formats import time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from clinic.models import Clinic, NursesWith

OURS = gettext_lazy("Set by us; no document says.")
YOURS = gettext_lazy("Yours to fill in.")
BUFFERS = gettext_lazy(
    "Set by us; no document says. Room and practitioner are taken for so much longer, in sessions booked from now on."
)
ORIGINS = {
    "name": YOURS,
    "address": YOURS,
    "phone": YOURS,
    "email": YOURS,
    "grid_minutes": OURS,
    "buffer_before": BUFFERS,
    "buffer_after": BUFFERS,
    "messages_at": OURS,
    "quiet_from": OURS,
    "quiet_until": OURS,
    "reminder_hours": OURS,
    "precare_days": OURS,
    "recheck_days": OURS,
    "recall_times": OURS,
    "recall_every_days": OURS,
    "late_message_minutes": OURS,
    "few_days_hours": gettext_lazy(
        "The source says “a few days” (S1, line 63) and gives no number; the number is ours."
    ),
    "tentative_bookings": gettext_lazy(
        "Set by us, on the careful side; no document says. Nothing is performed before the answers are there."
    ),
    "interview_link_days": OURS,
    "interview_link_tries": OURS,
    "late_cancel_hours": OURS,
    "offer_minutes": OURS,
    "offer_to": gettext_lazy(
        "Set by us; no document says. The first who says yes gets it, the others are told."
    ),
    "nurses_with_doctor": gettext_lazy(
        "A nurse treats in cooperation with a doctor (S1, line 13); another source lets only doctors treat "
        "(S3, line 31). That the doctor is at work meanwhile is our reading of it, on the careful side."
    ),
    "feed_names": gettext_lazy(
        "Set by us, on the careful side; no document says. "
        "A calendar program keeps what it reads, often with a company elsewhere."
    ),
}


def origin(name: str) -> str:
    """The default of a setting and where it comes from. Raises KeyError for one that nobody explained."""
    default = getattr(Clinic(), name)
    return _("Default: %(default)s. %(origin)s") % {"default": _in_words(default), "origin": ORIGINS[name]}


def _in_words(default: Any) -> str:
    if isinstance(default, bool):
        return _("yes") if default else _("no")
    if isinstance(default, NursesWith):
        return str(default.label)
    if isinstance(default, list):
        return ", ".join(str(one) for one in default)
    if hasattr(default, "hour"):
        return time_format(default, "H:i")
    return str(default) if isinstance(default, int) or (default and isinstance(default, str)) else _("empty")
