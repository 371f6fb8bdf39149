"""What follows from what a provider of e-mail reports, whichever it is: django-anymail puts it into one form."""

from anymail.signals import AnymailTrackingEvent, EventType

from treatments.reminders import actions
from treatments.reminders.models import Channel
from treatments.reminders.tasks import database_clock

CAME_BACK = {EventType.BOUNCED, EventType.REJECTED, EventType.FAILED}
UNWANTED = {EventType.COMPLAINED, EventType.UNSUBSCRIBED}


def mail_reported(sender, event: AnymailTrackingEvent, esp_name: str, **kwargs) -> None:
    """Delivered, came back, or unwanted; of opened and clicked nobody keeps anything."""
    ref, at = event.message_id or "", database_clock()
    if event.event_type == EventType.DELIVERED:
        actions.arrived(Channel.EMAIL, ref, at=at)
    elif event.event_type in CAME_BACK:
        for_good = event.event_type != EventType.FAILED
        said = event.reject_reason or event.event_type
        actions.came_back(Channel.EMAIL, ref, said=said, for_good=for_good, at=at)
    elif event.event_type in UNWANTED:
        actions.unwanted(Channel.EMAIL, ref, at=at)
