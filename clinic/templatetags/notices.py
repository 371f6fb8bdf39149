"""What is said above a page."""

from collections.abc import Iterable

from django import template
from django.contrib.messages.storage.base import Message

register = template.Library()


@register.filter
def each_once(messages: Iterable[Message] | None) -> list[Message]:
    """Each of them once, in their order: a form that was sent twice is answered twice, and the page is shown once.

    Pages of errors that know no request have none.
    """
    return list({(one.level, str(one)): one for one in messages or ()}.values())
