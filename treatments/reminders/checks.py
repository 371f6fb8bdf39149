"""Whether the patience of those who send a message fits together; said before anything starts."""

import itertools

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from treatments.reminders import rules


@register
def patience(app_configs, **kwargs) -> list[CheckMessage]:
    """A letter ends before its task, a task before its lease, a lease before the broker hands the task out again.

    In another order two could be at one message: it would be sent twice with nobody dead in between.
    """
    said = {
        "EMAIL_TIMEOUT": settings.EMAIL_TIMEOUT,
        "CELERY_TASK_SOFT_TIME_LIMIT": settings.CELERY_TASK_SOFT_TIME_LIMIT,
        "CELERY_TASK_TIME_LIMIT": settings.CELERY_TASK_TIME_LIMIT,
        "the lease": rules.LEASE.total_seconds() / settings.MESSAGE_PACE,
        "visibility_timeout": settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"],
    }
    seconds = list(said.values())
    if all(less < more for less, more in itertools.pairwise(seconds)):
        return []
    stands = ", ".join(f"{name} {value:g} s" for name, value in said.items())
    return [Error(f"Each of these must be longer than the one before it: {stands}.", id="reminders.E001")]
