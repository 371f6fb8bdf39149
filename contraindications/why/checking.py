"""The check of a digest that stands on a why sheet. Who asks learns whether it is kept here, and nothing clinical."""

import datetime as dt
import re
from dataclasses import dataclass

import segno
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from clinic.accesslog import address_of
from contraindications.models import Screening
from contraindications.replaying import differences
from contraindications.why.parts import Code

LENGTH = 64  # of a SHA-256 in hexadecimal
DIGEST = re.compile(r"[0-9a-f]{64}")
# A plan that is screened again on the same day, with nothing changed, has the same digest.
MOST = 10
# Somebody with a pile of sheets gets through; a machine that tries does not get far. A digest cannot be guessed anyway.
A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Kept:
    """A screening with the digest that was asked for."""

    at: dt.datetime
    version: int  # of the rule set
    identical: bool


def kept(digest: str) -> list[Kept]:
    """The screenings with this digest, newest first, each worked out again. At most one SQL query per rule set more."""
    found = Screening.objects.with_digest(digest)[:MOST]
    return [Kept(one.at, one.rule_set.version, not differences(one)) for one in found]


def may_ask(request: HttpRequest, *, at: dt.datetime) -> bool:
    """Has this address asked at most A_MINUTE times in this minute? A few SQL queries on the cache's table."""
    key = f"check:{address_of(request)}:{int(at.timestamp()) // 60}"
    if cache.add(key, 1):
        return True
    try:
        return cache.incr(key) <= A_MINUTE
    except ValueError:  # thrown out in between
        return True


def typed(text: str) -> str:
    """The digest as a person copied it from paper: without spaces and line breaks, in small letters."""
    return "".join(text.split()).lower()


def what_is_wrong(digest: str) -> str:
    """Why what somebody typed is no digest, in words."""
    if len(digest) != LENGTH:
        return _("A digest has %(length)d signs; this has %(n)d.") % {"length": LENGTH, "n": len(digest)}
    return _("A digest has only the signs 0 to 9 and a to f; this has others.")


def code_of(digest: str) -> Code:
    """The QR code of a digest. It holds the address of the check page and nothing about anybody."""
    address = settings.BASE_URL.rstrip("/") + reverse("check:digest", args=[digest])
    drawn = segno.make(address, error="m", micro=False)
    return Code(
        address=address,
        svg=drawn.svg_inline(light="#fff", border=4, scale=4),
        picture=drawn.svg_data_uri(light="#fff", border=4, scale=4),
        alt=_("QR code of the address %(address)s") % {"address": address},
        says=_(
            "Whether this record is kept unchanged can be checked at this address. It says nothing about the patient."
        ),
    )
