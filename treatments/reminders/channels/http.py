"""What the answers of an interface over HTTP mean for a message: of providers of e-mail and gateways of texts."""

import datetime as dt
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from treatments.reminders import words
from treatments.reminders.channels.lines import PutOff, Refused, Unreachable
from treatments.reminders.rules_channels import LONGEST_WAIT

TOO_MANY = 429
OURS_TO_REPAIR = {401, 402, 403, 404, 405, 407}  # a wrong address or password of the gateway, an unpaid bill


def answered(response: requests.Response | None, code: int | None) -> PutOff | Refused:
    """An answer that is no yes. After a 5xx nobody knows whether it was taken."""
    said = {"code": code or "-"}
    if code == TOO_MANY:
        return Unreachable(words.PROVIDER_LATER % said, wait=retry_after(response))
    if code is None or code >= 500:
        return PutOff(words.PROVIDER_FAILED % said, doubtful=True)
    if code in OURS_TO_REPAIR or code < 400:
        return Unreachable(words.PROVIDER_CLOSED % said)
    return Refused(words.PROVIDER_REFUSES % said)


def no_answer(error: requests.RequestException) -> PutOff:
    """Nobody there, or no word after the message was on its way: then it may have arrived."""
    if isinstance(error, requests.ConnectTimeout) or _never_connected(error):
        return Unreachable(words.PROVIDER_UNREACHABLE)
    return PutOff(words.PROVIDER_BROKE_OFF, doubtful=True, everything=True)


def _never_connected(error: BaseException | None) -> bool:
    while error is not None:
        reason = error.args[0] if error.args else None
        if isinstance(reason, MaxRetryError) and isinstance(reason.reason, NewConnectionError):
            return True
        error = error.__cause__
    return False


def retry_after(response: requests.Response | None) -> dt.timedelta | None:
    """What the answer asks to wait, in seconds or until a date; None if it says nothing that can be read."""
    said = response.headers.get("Retry-After", "") if response is not None else ""
    if said.isdigit():
        return min(dt.timedelta(seconds=int(said[:6])), LONGEST_WAIT)
    try:
        until = parsedate_to_datetime(said)
        sent = parsedate_to_datetime(response.headers["Date"]) if response is not None else until
    except (KeyError, TypeError, ValueError):
        return None
    return min(max(until - sent, dt.timedelta()), LONGEST_WAIT)
