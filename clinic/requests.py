"""What a request carries behind the login: for type hints."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from clinic.models import User


class StaffRequest(HttpRequest):
    """A request of a member of staff; LoginRequiredMiddleware lets nobody else through."""

    user: User
    htmx: HtmxDetails
