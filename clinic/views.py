"""The first page of each role."""

from django.http import HttpResponse

from clinic.access import any_staff


@any_staff
def start(request):
    """Send people to the page that their day starts with."""
    return HttpResponse("")
