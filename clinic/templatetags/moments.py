"""Days and times on the pages that patients read."""

from django import template

from clinic import moments

register = template.Library()
register.filter("on", moments.on)
register.filter("at", moments.at)
