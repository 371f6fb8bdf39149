"""The clinic changes the text of a kind of message: a version more, nothing is written over."""

import datetime as dt

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

    Raises ChangedMeanwhile, with the newest version, when somebody else wrote one first.
    """
    versions = Wording.objects.filter(kind=kind, channel=channel, language=language)
    newest = versions.order_by("-number").first()
    if (newest.number if newest else 0) != seen:
        raise ChangedMeanwhile(newest)
    row = Wording(kind=kind, channel=channel, language=language, number=seen + 1, made_by=by, made_at=at)
    row.subject, row.body = subject, body
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:  # in the same instant: the number is taken
        raise ChangedMeanwhile(versions.order_by("-number").first()) from error
    return row
