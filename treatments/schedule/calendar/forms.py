"""Which days the calendar shows, and of whom or what."""

import datetime as dt

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from treatments.schedule.calendar.columns import BY, By
from treatments.schedule.calendar.spans import Days, Show, shown
from treatments.schedule.models import Session
from treatments.schedule.models.sessions import LONGEST_ADDED
from treatments.schedule.rules import Slot

MOST_DAYS = 31  # that the feed answers for at once
SHOW = {Show.DAY: _("Day"), Show.WEEK: _("Week"), Show.MONTH: _("Month")}


def sensible(day: dt.date | None) -> dt.date | None:
    """The day, if there can be a calendar for it. Raises ValidationError."""
    if day and not 2000 <= day.year <= 2200:
        raise forms.ValidationError(_("There is no calendar for this day."))
    return day


class DayForm(forms.Form):
    """Which day is printed, by practitioner, room or device."""

    day = forms.DateField(required=False)
    by = forms.ChoiceField(required=False, choices=list(BY.items()))

    def clean_day(self) -> dt.date | None:
        return sensible(self.cleaned_data["day"])


class WhoForm(forms.Form):
    """Columns: practitioners, rooms or devices, all or one of them."""

    by = forms.ChoiceField(required=False, choices=list(BY.items()))
    who = forms.IntegerField(required=False, min_value=0, max_value=2**63 - 1)
    course = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1
    )  # whose next session is sought
    session = forms.IntegerField(
        required=False, min_value=1, max_value=2**63 - 1
    )  # for which another time is sought

    def clean_by(self) -> By:
        return By(self.cleaned_data["by"] or By.PRACTITIONER)


class CalendarForm(WhoForm):
    """What the page shows: around which day, how much; for which course free time is looked for."""

    of = forms.CharField(
        required=False, max_length=20
    )  # what `who` is one of, where that may be another `by`
    day = forms.DateField(required=False)
    show = forms.ChoiceField(required=False, choices=list(SHOW.items()))

    def clean_day(self) -> dt.date | None:
        return sensible(self.cleaned_data["day"])

    def clean_show(self) -> Show:
        return Show(self.cleaned_data["show"] or Show.DAY)

    def clean(self) -> dict:
        said = super().clean() or {}
        if said.get("of") and said["of"] != said.get("by"):
            said["who"] = None
        return said


class SpanForm(WhoForm):
    """What EventCalendar asks for: from midnight of one day to that of another."""

    start = forms.DateField()
    end = forms.DateField()

    def clean_start(self) -> dt.date | None:
        return sensible(self.cleaned_data["start"])

    def clean(self) -> dict:
        said = super().clean() or {}
        if (start := said.get("start")) and (end := said.get("end")):
            count = (end - start).days
            if not 1 <= count <= MOST_DAYS:
                raise forms.ValidationError(_("That is no stretch of days that the calendar shows."))
            said["days"] = Days(start, count)
        return said


class PointForm(forms.Form):
    """A point of the calendar: when by the clinic's clock, in whose or which column."""

    at = forms.CharField(max_length=16)  # Django's field for moments refuses the hour that a night has twice
    by = forms.ChoiceField(choices=[(by, by) for by in By])
    column = forms.IntegerField(min_value=1, max_value=2**63 - 1)

    def clean_at(self) -> dt.datetime:
        """The moment; of the two that an hour in autumn has the first."""
        return self.clock().replace(tzinfo=timezone.get_default_timezone()).astimezone(dt.UTC)

    def clean_by(self) -> By:
        return By(self.cleaned_data["by"])

    def clock(self) -> dt.datetime:
        """What the clock shows there. Raises ValidationError."""
        try:
            clock = dt.datetime.fromisoformat(self.cleaned_data["at"]).replace(tzinfo=None)
        except ValueError:
            raise forms.ValidationError(_("That is no time.")) from None
        sensible(clock.date())
        return clock


class DropForm(PointForm):
    """Where a session is put with the mouse, and how much longer it is made than its plan."""

    minutes = forms.IntegerField(min_value=0, max_value=LONGEST_ADDED)

    def __init__(self, data, *, session: Session):
        super().__init__(data)
        self.session = session

    def clean_at(self) -> dt.datetime:
        """The moment. One that does not change is kept as it is: a night in autumn has the hour twice."""
        clock, begins = self.clock(), self.session.starts_at
        if clock == shown(begins):
            return begins
        zone, fold = timezone.get_default_timezone(), timezone.localtime(begins).fold
        return clock.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC)

    @property
    def slot(self) -> Slot:
        """The time, room and practitioner that are meant."""
        said, session = self.cleaned_data, self.session
        room = said["column"] if said["by"] == By.ROOM else session.room_id
        who = said["column"] if said["by"] == By.PRACTITIONER else session.practitioner_id
        return Slot(session.number, said["at"], room, who)
