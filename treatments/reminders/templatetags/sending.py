"""How numbers about sending are shown."""

from django import template
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def minutes(value: float) -> str:
    """Minutes in the two largest of days, hours and minutes.

    >>> minutes(7199.4), minutes(61), minutes(0.4)
    ('4 d 23 h', '1 h 1 min', '0 min')
    """
    days, rest = divmod(round(value), 24 * 60)
    hours, left = divmod(rest, 60)
    if days:
        return _("%(days)s d %(hours)s h") % {"days": days, "hours": hours}
    if hours:
        return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": left}
    return _("%(minutes)s min") % {"minutes": left}
