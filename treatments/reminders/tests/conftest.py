import pytest

from treatments.reminders.tests.smtp import MailServer


@pytest.fixture
def post_office(settings):
    """A mail server on loopback, and settings that send to it with little patience."""
    server = MailServer()
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = server.hostname, server.port, 0.3
    yield server
    server.stop()
