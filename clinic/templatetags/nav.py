"""The rail: where each role can go."""

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext_lazy as _

from clinic.roles import BOOKING, CLINICAL, Role

register = template.Library()

# (URL name, sign, label, roles)
ITEMS = [
    ("schedule:day", "▦", _("Calendar"), BOOKING),
    ("patients:list", "☰", _("Patients"), BOOKING),
    ("contraindications:worklist", "?", _("Decisions"), CLINICAL),
    ("reminders:messages", "↻", _("Messages"), (*BOOKING, Role.CLINIC_ADMIN)),
    ("admin:index", "❧", _("Catalogue"), (Role.CATALOGUE_ADMIN,)),
    ("staff", "☺", _("Staff"), (Role.CLINIC_ADMIN,)),
    ("rooms", "⌂", _("Rooms"), (Role.CLINIC_ADMIN,)),
    ("settings", "⚙", _("Settings"), (Role.CLINIC_ADMIN,)),
]


def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


@register.simple_tag(takes_context=True)
def nav_items(context) -> list[dict]:
    """The items of the rail for this person; `here` marks the group of the present page."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return []
    found = [
        (_address(name), sign, label) for name, sign, label, roles in ITEMS if request.user.has_role(*roles)
    ]
    return [
        {"url": url, "sign": sign, "label": label, "here": request.path.startswith(url)}
        for url, sign, label in found
        if url
    ]
