"""What visits know against what the calendar is told. Called inside the change's transaction."""

from django.utils.translation import gettext as _

from treatments.schedule.events import SessionMissed
from treatments.schedule.models import Session
from treatments.schedule.refusals import NotMissed
from treatments.visits.models import CheckIn


def session_missed(event: SessionMissed) -> None:
    """Who was checked in has come. Raises NotMissed."""
    session = Session.objects.get(pk=event.session_id)
    if CheckIn.objects.checked_in([session]):
        raise NotMissed(_("The patient was checked in for this session, and so has come. Cancel it instead."))
