"""What an interview page was opened on, read from its form, and who was faster."""

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clinic.requests import StaffRequest
from patients.actions import InterviewMoved, Seen


def read_seen(request: StaffRequest) -> Seen:
    """What the page was opened on; anything unreadable is nothing that stands."""
    numbers = [request.POST.get(name, "") for name in ("standing", "draft")]
    if not all(n.isascii() and n.isdecimal() and len(n) < 10 for n in numbers):
        return Seen(-1, -1)
    return Seen(*map(int, numbers))


def read_standing(request: StaffRequest) -> Seen:
    """What a page was opened on that does not show the draft; anything unreadable is nothing that stands."""
    number = request.POST.get("standing", "")
    return Seen(int(number) if number.isascii() and number.isdecimal() and len(number) < 10 else -1, None)


def who_was_faster(moved: InterviewMoved) -> str:
    """Who was faster and when, in a sentence."""
    if moved.draft:
        said = _("%(who)s saved this interview on %(when)s.")
        words = {"who": moved.draft.saved_by, "when": _clock(moved.draft.saved_at)}
    elif moved.standing and moved.standing.submitted_at:
        said = _("%(who)s submitted an interview of this patient on %(when)s.")
        words = {"who": moved.standing.submitted_by, "when": _clock(moved.standing.submitted_at)}
    else:
        said, words = _("The draft was thrown away meanwhile."), {}
    return said % words + " " + _("Your answers are still here, not saved yet.")


def _clock(at: dt.datetime) -> str:
    """The moment as the clinic's wall shows it."""
    return date_format(timezone.localtime(at), "j M, H:i")
