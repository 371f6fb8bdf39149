"""Text messages: through a gateway over HTTP, or as files where none is set up."""

import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests
from django.conf import settings
from django.urls import reverse

from treatments.reminders import words
from treatments.reminders.channels import http
from treatments.reminders.channels.lines import Letter, Line, NoSuchAddress, PutOff, Refused, Unreachable

# The number is no mobile phone, is out of use, or does not take our texts: not a matter of trying again.
NUMBER_IS_BAD = {"21211", "21610", "21614", "30005", "30006"}
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
# GSM 03.38: what a text message holds in 7 bits; of the second table each takes two places.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€\f")
WITHOUT_STROKE = {"ł": "l", "Ł": "L"}  # letters of their own, which no decomposition takes apart


@dataclass(frozen=True, slots=True)
class Length:
    """How long a text is for who sends it, and pays for each part."""

    encoding: str  # "GSM-7" or "UCS-2": one character outside GSM makes all of it UCS-2
    units: int  # septets, or units of 16 bits
    parts: int


def length(text: str) -> Length:
    """Its length as a text message: a part holds 160 septets or 70 units, of several 153 or 67.

    >>> length("a" * 161)
    Length(encoding='GSM-7', units=161, parts=2)
    >>> length("ł")
    Length(encoding='UCS-2', units=1, parts=1)
    """
    if set(text) <= GSM | GSM_TWICE:
        units = sum(2 if one in GSM_TWICE else 1 for one in text)
        return Length("GSM-7", units, _parts(units, 160, 153))
    units = len(text.encode("utf-16-be")) // 2
    return Length("UCS-2", units, _parts(units, 70, 67))


def _parts(units: int, alone: int, each: int) -> int:
    return 1 if units <= alone else -(-units // each)


def plain(text: str) -> str:
    """Without the marks on letters that are not in GSM, one of which makes the whole text cost twice.

    >>> plain("środa, März")
    'sroda, März'
    """
    return "".join(one if one in GSM | GSM_TWICE else _unmarked(one) for one in text)


def _unmarked(sign: str) -> str:
    parts = unicodedata.normalize("NFD", WITHOUT_STROKE.get(sign, sign))
    return "".join(part for part in parts if not unicodedata.combining(part))


def printable(text: str) -> str:
    """The text without control characters; lines stay."""
    return re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)


def number_of(letter: Letter) -> str:
    """Where it goes. Raises Refused if that is no number in the international form."""
    if not NUMBER.fullmatch(letter.to):
        raise Refused(words.BAD_NUMBER)
    return letter.to


class FilesLine:
    """Writes each message into a file, so that a demo never writes to anybody."""

    def open(self) -> None:
        Path(settings.SMS_FILE_PATH).mkdir(parents=True, exist_ok=True)

    def send(self, letter: Letter) -> str:
        text, to = printable(letter.text), number_of(letter)
        long = length(text)
        ref = letter.message_id.strip("<>").partition("@")[0]
        lines = [f"To: {to}", f"Parts: {long.parts} ({long.encoding}, {long.units})", "", text, ""]
        (Path(settings.SMS_FILE_PATH) / f"{ref}.txt").write_text("\n".join(lines), encoding="utf-8")
        return ref

    def close(self) -> None:
        """Nothing stays open."""


class GatewayLine:
    """One session with a gateway that speaks like Twilio's: a form in, JSON out, reports to an address of ours."""

    def __init__(self) -> None:
        self.session = requests.Session()
        self.session.trust_env = False  # the token goes where the settings say, whatever a .netrc knows
        self.session.auth = (settings.SMS_ACCOUNT, settings.SMS_TOKEN)

    def open(self) -> None:
        """The connection is made with the first message."""

    def send(self, letter: Letter) -> str:
        form = {
            "To": number_of(letter),
            "From": settings.SMS_FROM,
            "Body": printable(letter.text),
            "StatusCallback": settings.BASE_URL + reverse("hooks:sms_status"),
        }
        address = f"{settings.SMS_API}/2010-04-01/Accounts/{settings.SMS_ACCOUNT}/Messages.json"
        return _reference(self._post(address, form))

    def _post(self, address: str, form: dict[str, str]) -> requests.Response:
        try:
            response = self.session.post(
                address, data=form, timeout=settings.EMAIL_TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise http.no_answer(error) from error
        if not response.ok or response.is_redirect:
            if (code := _error_code(response)) in NUMBER_IS_BAD:
                raise NoSuchAddress(words.PROVIDER_REFUSES % {"code": words.REASONS.get(code, code)})
            raise http.answered(response, response.status_code)
        return response

    def close(self) -> None:
        self.session.close()


def _error_code(response: requests.Response) -> str:
    """What the gateway calls the error, "" if it does not say."""
    try:
        return str(response.json()["code"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return ""


def _reference(response: requests.Response) -> str:
    """What the gateway calls the message. It was taken, so an answer that cannot be read is a doubt and no failure."""
    try:
        return str(response.json()["sid"])[:120]
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise PutOff(words.PROVIDER_BROKE_OFF, doubtful=True) from error


GATEWAYS: dict[str, Callable[[], Line]] = {"files": FilesLine, "twilio": GatewayLine}


def sms_line() -> Line:
    """A line of the gateway that the settings name. Raises Unreachable for one that is not known.

    Never a file instead: it would count as sent, and nobody would have got it.
    """
    if settings.SMS_GATEWAY not in GATEWAYS:
        raise Unreachable(words.NOT_SET_UP)
    return GATEWAYS[settings.SMS_GATEWAY]()
