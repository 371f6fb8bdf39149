"""Whether messages can go out as the settings say; said before anything starts."""

import itertools

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as Doubt
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from treatments.reminders import rules
from treatments.reminders.channels.sms import GATEWAYS

WANTED = {"twilio": ("SMS_ACCOUNT", "SMS_TOKEN", "SMS_FROM")}  # what a gateway must be told


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


@register
def gateway(app_configs, **kwargs) -> list[CheckMessage]:
    """Text messages go by a gateway that there is, and it has been told what it wants to know."""
    if settings.SMS_GATEWAY not in GATEWAYS:
        known = ", ".join(GATEWAYS)
        return [Error(f"SMS_GATEWAY is {settings.SMS_GATEWAY!r}; known are: {known}.", id="reminders.E002")]
    missing = [name for name in WANTED.get(settings.SMS_GATEWAY, ()) if not getattr(settings, name)]
    if not missing:
        return []
    return [Error(f"SMS_GATEWAY={settings.SMS_GATEWAY} wants {', '.join(missing)}.", id="reminders.E003")]


@register
def mail(app_configs, **kwargs) -> list[CheckMessage]:
    """E-mail goes by a backend that there is, and it has been told what it wants to know."""
    try:
        get_connection()
    except (ImportError, ImproperlyConfigured) as error:
        said = str(error).partition("\n")[0]
        return [Error(f"No e-mail can be sent ({settings.EMAIL_BACKEND}): {said}", id="reminders.E004")]
    if settings.TLS and settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
        hint = "Set EMAIL_URL or EMAIL_PROVIDER."
        said = "E-mails become files that count as sent, and nobody gets any."
        return [Doubt(said, hint, id="reminders.W001")]
    return []
