"""What each placeholder stands for, and what a demo patient would read there."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clinic.models import Clinic
from treatments.reminders.kinds import Said
from treatments.reminders.pieces import lazy_piece

# As long as a real one, and of the same signs: the preview of a text message counts them.
TOKEN = "personal-link-".ljust(43, "x")
Sample = Callable[[dt.datetime, Clinic], Said]


@dataclass(frozen=True, slots=True)
class Meaning:
    """In words for who edits a text; `sample` makes what the preview shows, at a moment, in this clinic."""

    words: str | Promise
    sample: Sample


def _on_day(at: dt.datetime, days: int, hour: int, minute: int = 0) -> dt.datetime:
    day = timezone.localtime(at + dt.timedelta(days))
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)


MEANINGS: Mapping[str, Meaning] = {
    "greet": Meaning(_("how the patient is addressed"), lambda at, clinic: "Ana"),
    "clinic": Meaning(_("name of the clinic"), lambda at, clinic: clinic.name),
    "phone": Meaning(_("phone of the clinic"), lambda at, clinic: clinic.phone),
    "signature": Meaning(
        _("name and address of the clinic"),
        lambda at, clinic: "\n".join(filter(None, [clinic.name, clinic.address])),
    ),
    "link": Meaning(_("personal link"), lambda at, clinic: f"{settings.BASE_URL}/my/with/{TOKEN}/"),
    "when": Meaning(_("day and time of the session"), lambda at, clinic: _on_day(at, 2, 10, 30)),
    "sessions": Meaning(
        _("days and times of the sessions, each on its line"),
        lambda at, clinic: tuple(_on_day(at, days, 10, 30) for days in (2, 16, 30)),
    ),
    "more": Meaning(_("how many more sessions, if there are"), lambda at, clinic: lazy_piece("more", n=2)),
    "mind": Meaning(
        _("what to mind before the session"),
        lambda at, clinic: (_("- No alcohol on the day before"), _("- Eat something light")),
    ),
    "care": Meaning(
        _("what to leave after the session, and from when you may again"),
        lambda at, clinic: (_("- Sauna: from Tuesday 14:30"), _("- Sport: from Thursday 14:30")),
    ),
    "needs": Meaning(
        _("how much needs the reader today"),
        lambda at, clinic: (_("- 2 sessions of the next days are held up"),),
    ),
    "list": Meaning(_("where it is listed"), lambda at, clinic: f"{settings.BASE_URL}/"),
    "until": Meaning(_("until when it can be answered"), lambda at, clinic: _on_day(at, 3, 18)),
}
