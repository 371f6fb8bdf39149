"""The clinic changes the text of a kind of message: a version more, nothing is written over."""

import datetime as dt
from contextlib import suppress

from django.db import IntegrityError, transaction

from clinic.models import User
from clinic.versions import ChangedMeanwhile
from treatments.reminders.models import Wording


@transaction.atomic
def reword(
    kind: str,
    channel: str,
    language: str,
    *,
    subject: str,
    body: str,
    seen: int,
    by: User,
    at: dt.datetime,
) -> Wording:
    """Write the version that follows the one that was seen (0: the text that ships).

    The same text by the same person twice is one version: a button that was pressed twice. Raises ChangedMeanwhile,
    with the newest version (None: there is none), when what was seen is not the newest.
    """
    versions = Wording.objects.filter(kind=kind, channel=channel, language=language)
    row = Wording(kind=kind, channel=channel, language=language, number=seen + 1, made_by=by, made_at=at)
    row.subject, row.body = subject, body
    newest = versions.order_by("-number").first()
    if (newest.number if newest else 0) == seen:
        with suppress(IntegrityError), transaction.atomic():  # in the same instant: the number is taken
            row.save(force_insert=True)
            return row
        newest = versions.order_by("-number").first()
    if newest and _said(newest) == _said(row):
        return newest
    raise ChangedMeanwhile(newest)


def _said(row: Wording) -> tuple:
    return row.number, row.made_by_id, row.subject, row.body
