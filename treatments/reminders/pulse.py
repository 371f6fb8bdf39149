"""Whether messages go out, in one statement: cheap enough for every page of staff."""

import datetime as dt
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from clinic.models import Clinic
from patients.models import Channel
from treatments.reminders.rules_lateness import Pulse

# Raw, since there is no row to hang it on: the first entries of two small indexes, and two tables of one row. A message
# that was tried in vain comes up again and again in the future: it is as late as it was due. After one attempt that
# need not be so, for quiet hours put a message off too.
FIRST = "(SELECT min(try_at) FROM reminders_message WHERE state = 'due' AND channel = '{}')"
ASK = f"""
SELECT least(
    {", ".join(FIRST.format(channel) for channel in Channel.values)},
    (SELECT min(due_at) FROM reminders_message WHERE state = 'due' AND attempts >= 2)
), (SELECT ticked_at FROM reminders_heartbeat), (SELECT late_message_minutes FROM clinic_clinic)
"""  # noqa: S608 (names of ours)
UP_SINCE = timezone.now()  # this process
PATIENCE = Clinic._meta.get_field("late_message_minutes").default


class Felt(NamedTuple):
    """The pulse, and how long the clinic wants to wait before it is told."""

    pulse: Pulse
    patience: dt.timedelta


def feel() -> Felt:
    """How sending does now. One query."""
    with connection.cursor() as cursor:
        cursor.execute(ASK)
        waiting_since, ticked_at, minutes = cursor.fetchone()
    return Felt(Pulse(waiting_since, ticked_at, UP_SINCE), dt.timedelta(minutes=minutes or PATIENCE))
