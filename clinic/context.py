"""What every template may use."""

from django.utils.functional import SimpleLazyObject

from clinic.models import Clinic


def clinic(request) -> dict:
    """`clinic`: the clinic's settings, fetched once and only when a template asks for them."""
    return {"clinic": SimpleLazyObject(Clinic.current)}
