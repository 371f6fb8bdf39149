"""The calendar of a day, a week or a month, and the list beside it."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.views.decorators.http import require_safe

from clinic.access import role_required
from clinic.accesslog import record_list, record_read
from clinic.models import User
from clinic.requests import StaffRequest
from clinic.roles import Role
from patients.models import Report
from treatments.schedule.access import sought_by
from treatments.schedule.calendar import changes, lists, months
from treatments.schedule.calendar.columns import BY, By, Column, columns, shifts
from treatments.schedule.calendar.forms import SHOW, CalendarForm
from treatments.schedule.calendar.seeking import Sought
from treatments.schedule.calendar.spans import Days, Show
from treatments.schedule.models import Session
from treatments.schedule.occupations import clock
from treatments.schedule.steps import next_steps

EVERYBODY = 0  # as an address says it; without a word the week is that of one practitioner


@dataclass(frozen=True, slots=True)
class Shown:
    """Which calendar the page shows."""

    day: dt.date
    show: Show
    by: By
    who: int | None
    days: Days
    columns: list[Column]
    sought: Sought | None = None

    def address(self, **changed: object) -> str:
        """The address of this page with something else chosen."""
        who = EVERYBODY if self.who is None else self.who
        said = {"day": self.day, "show": self.show, "by": self.by, "who": who, **self.seeking} | changed
        return "?" + urlencode({name: str(value) for name, value in said.items()})

    @property
    def seeking(self) -> dict[str, int]:
        """What the address says of the session that is sought."""
        if self.sought is None:
            return {}
        moving = self.sought.moving
        return {"session": moving.pk} if moving else {"course": self.sought.course.pk}

    @property
    def label(self) -> str:
        """Whose calendar it is, if it is one's alone."""
        return next((one.label for one in self.columns if one.pk == self.who), "")

    @property
    def before(self) -> str:
        return self.address(day=self.days.before)

    @property
    def after(self) -> str:
        return self.address(day=self.days.after)

    @property
    def now(self) -> str:
        return self.address(day=timezone.localdate())

    @property
    def shows(self) -> list[tuple[str, str, str]]:
        """(name, words, address) of each stretch of days."""
        alone = {} if self.who else {"who": ""}  # of everybody: each stretch begins with its own
        return [(show.value, str(SHOW[show]), self.address(show=show, **alone)) for show in Show]

    @property
    def bys(self) -> list[tuple[str, str]]:
        return [(by.value, str(BY[by])) for by in By]


@require_safe
@role_required(Role.DOCTOR, Role.NURSE, Role.FRONT_DESK)
def day(request) -> HttpResponse:
    """A day, a week or a month. To htmx only what changes in it: the list, or the month."""
    form, at = CalendarForm(request.GET), timezone.now()
    form.is_valid()
    today = timezone.localdate(at)
    shown = _shown(request.user, form.cleaned_data, today)
    if shown.sought:
        record_read(request, shown.sought.course.patient_id)
    context = {
        "form": form,
        "shown": shown,
        "today": today,
        "clinical": request.user.is_clinical,
        "digest": changes.digest(shown.days, at=at),
        "offset": timezone.localtime(at).isoformat()[-6:],
    }
    if shown.show == Show.MONTH:
        context |= {"weeks": months.month(shown.days, at=at), "weekdays": WEEKDAYS_ABBR.values()}
    else:
        context |= {"grid": clock().grid, **_listed(request, shown, today)}
    page = "schedule/_calendar_list.html" if request.htmx else "schedule/calendar.html"
    return render(request, page, context, status=422 if form.errors else 200)


def _shown(user: User, said: dict, today: dt.date) -> Shown:
    sought = sought_by(user, course=said.get("course"), session=said.get("session"))
    show, by = said.get("show") or Show.DAY, said.get("by") or By.PRACTITIONER
    day = said.get("day") or max(today, (sought and sought.day) or today)
    known = columns(by)
    first = sought.moving.practitioner_id if sought and sought.moving else user.pk
    who = _who(first, said.get("who"), show, known)
    return Shown(day, show, by, who, Days.around(day, show), known, sought)


def _who(first: int, asked: int | None, show: Show, known: list[Column]) -> int | None:
    """Whom the calendar is about: nobody in particular, or in a week who comes `first` if they treat, else anybody."""
    if asked is not None or show != Show.WEEK:
        return asked if any(one.pk == asked for one in known) else None
    current = [one.pk for one in known if one.current]
    return first if first in current else next(iter(current), None)


def _listed(request: StaffRequest, shown: Shown, today: dt.date) -> dict:
    """What the list shows. That it names these patients is logged first."""
    user = request.user
    days = lists.listed(shown.days, shown.by, who=shown.who, user=user)
    sessions = [session for day in days for session in day.sessions]
    record_list(request, (session.course.patient_id for session in sessions))
    steps = next_steps(user, sessions)
    return {
        "days": [(day, [(session, steps.get(session.pk)) for session in day.sessions]) for day in days],
        "count": len(sessions),
        "reported": _reported(user, sessions),
        "at_work": _at_work(shown, days[0]) if shown.show == Show.DAY and shown.day == today else [],
    }


def _at_work(shown: Shown, day: lists.ListedDay) -> list[Column]:
    known = shown.columns if shown.by == By.PRACTITIONER else columns(By.PRACTITIONER)
    people = [one for one in known if one.current]
    working = shifts([one.pk for one in people], shown.days)
    return lists.still_at_work(people, working, day)


def _reported(user: User, sessions: list[Session]) -> set[int]:
    """The patients who reported something that nobody has confirmed; for clinical eyes only."""
    if not user.is_clinical:
        return set()
    patients = {session.course.patient_id for session in sessions}
    return set(Report.objects.unsettled().filter(patient__in=patients).values_list("patient", flat=True))
