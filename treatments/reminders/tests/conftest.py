import datetime as dt

import pytest

from clinic.models import Clinic
from treatments.reminders.tests.smtp import MailServer


@pytest.fixture
def post_office(settings):
    """A mail server on loopback, and settings that send to it."""
    server = MailServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = server.hostname, server.port
    yield server
    server.stop()


@pytest.fixture
def no_quiet_hours(db):
    """For what happens now, at whatever hour the tests run; the row is what workers of their own read, too."""
    Clinic.objects.update_or_create(pk=1, defaults={"quiet_from": dt.time(0), "quiet_until": dt.time(0)})
