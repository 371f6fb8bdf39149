"""Error pages in words."""

from django.shortcuts import render


def csrf_failure(request, reason=""):
    """A form from a page that has gone stale, or from elsewhere: nothing was done."""
    return render(request, "403_csrf.html", status=403)
