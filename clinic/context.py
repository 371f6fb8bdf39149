"""What every template may use."""

from django.utils.functional import SimpleLazyObject

from clinic.models import Clinic

THEMES = ("light", "dark")


def clinic(request) -> dict:
    """`clinic`: the clinic's settings, fetched once and only when a template asks for them."""
    return {"clinic": SimpleLazyObject(Clinic.current)}


def theme(request) -> dict:
    """`theme`: light or dark where the reader chose one on this device; otherwise the device decides."""
    chosen = request.COOKIES.get("theme")
    return {"theme": chosen if chosen in THEMES else ""}
