"""Text messages: through a gateway over HTTP, or as files where none is set up."""

import re
from dataclasses import dataclass

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")  # E.164
# GSM 03.38: what a text message holds in 7 bits; of the second table each takes two places.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_TWICE = frozenset("^{}\\[~]|€\f")


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
