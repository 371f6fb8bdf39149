"""The rail: where each role can go, and the signs that stand beside words."""

from functools import cache

from django import template
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from clinic import counters
from clinic.middleware import OwnActs
from clinic.roles import BOOKING, CLINICAL, Role

register = template.Library()

# (URL name, sign, label, roles)
ITEMS = [
    ("schedule:day", "calendar", _("Calendar"), BOOKING),
    ("patients:list", "people", _("Patients"), BOOKING),
    ("waiting:list", "queue", _("Waiting list"), BOOKING),
    ("schedule:given_up", "gap", _("Given up"), BOOKING),
    ("contraindications:worklist", "scales", _("Decisions"), CLINICAL),
    ("rules:versions", "columns", _("Rules"), (*CLINICAL, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)),
    ("reminders:maintenance", "again", _("Maintenance"), BOOKING),
    ("reminders:changed", "person", _("Patients changed"), BOOKING),
    ("reminders:messages", "letter", _("Messages"), (*BOOKING, Role.CLINIC_ADMIN)),
    ("admin:index", "leaf", _("Catalogue"), (Role.CATALOGUE_ADMIN,)),
    ("staff", "badge", _("Staff"), (Role.CLINIC_ADMIN,)),
    ("absences:list", "clock", _("Absences"), (Role.FRONT_DESK, Role.CLINIC_ADMIN)),
    ("equipment:left", "turn", _("To re-plan"), (Role.FRONT_DESK,)),
    ("rooms", "door", _("Rooms"), (Role.CLINIC_ADMIN,)),
    ("equipment:list", "device", _("Equipment"), (Role.CLINIC_ADMIN,)),
    ("access_log", "eye", _("Access log"), (Role.CLINIC_ADMIN,)),
    ("settings", "sliders", _("Settings"), (Role.CLINIC_ADMIN,)),
]


@register.simple_tag
@cache  # the files are collected before a process starts
def sign(name: str) -> SafeString:
    """A drawing from `static/signs.svg`, for the eye only: words say the same beside it."""
    return format_html(
        '<svg class="sign" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>',
        static("signs.svg"),
        name,
    )


@register.simple_tag(takes_context=True)
def nav_items(context) -> list[dict]:
    """The items of the rail for this person; `here` marks the group of the present page, `waits` is how much waits."""
    request = context.get("request")
    if request is None or not request.user.is_authenticated:
        return []
    found = [one for one in ITEMS if _address(one[0]) and request.user.has_role(*one[3])]
    here = _nearest(request.path, [url for name, *_rest in found if (url := _address(name))])
    waits = counters.counted([one[0] for one in found], timezone.now(), anew=OwnActs.just_did(request))
    return [
        {
            "url": (url := _address(name)),
            "sign": sign,
            "label": label,
            "here": url == here,
            "waits": _said(waits.get(name, 0)),
        }
        for name, sign, label, _roles in found
    ]


def _said(waits: int) -> str:
    return f"{counters.MOST}+" if waits > counters.MOST else str(waits or "")


def _nearest(path: str, urls: list[str]) -> str | None:
    """The item that the page at `path` belongs to: the one that it lies deepest under, else one of its group."""
    above = [url for url in urls if path.startswith(url) and url != "/"]
    alike = [url for url in urls if _group(url) == _group(path)]
    return max(above, key=len) if above else next(iter(alike), None)


@register.filter
def role_names(user) -> list[str]:
    """The roles of a person in words, in the order of the house."""
    return [str(role.label) for role in Role if role in user.roles]


@register.filter
def days_at_work(person) -> list[str]:
    """The weekdays on which a person works, shortened."""
    days = sorted({hours.weekday for hours in person.working_hours.all()})
    return [str(WEEKDAYS_ABBR[day - 1]) for day in days]


@register.filter
def initials(name: str) -> str:
    """The first letters of the first and the last part of a name."""
    parts = str(name).split()
    return "".join(part[0] for part in (parts[0], *parts[1:][-1:])).upper() if parts else ""


@cache  # where pages are does not change while a process runs
def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None


def _group(path: str) -> str:
    return path.strip("/").partition("/")[0]
