"""What somebody typed into the search box, as parts that the search column can be asked for. Pure."""

import datetime as dt
import re

MOST_PARTS, MOST_TEXT = 8, 200
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{2})(?!\d)")
_NUMBER = re.compile(r"(?<![^\s,])\+?\(?\d[\d\s()./-]*(?![^\s,])")
_BETWEEN_WORDS = re.compile(r"[-''’`.,()/\s]+")  # the same as in the SQL function search_text


def parts(typed: str) -> list[str]:
    """The parts that a patient must have, all of them. A word has a leading space: a part of the name starts so.

    >>> parts("nowak, ana 02.05.1989")
    ['1989-05-02', ' nowak', ' ana']
    >>> parts("+48 601 234-567")
    ['48601234567']
    """
    text = typed[:MOST_TEXT].replace("\x00", "")
    dates: list[str] = []
    text = _YEAR_FIRST.sub(lambda m: _keep(dates, m[0], m[1], m[2], m[3]), text)
    text = _YEAR_LAST.sub(lambda m: _keep(dates, m[0], m[3], m[2], m[1]), text)
    numbers: list[str] = []
    text = _NUMBER.sub(lambda m: _number(numbers, m[0]), text)
    words = [f" {word}" for word in _BETWEEN_WORDS.split(text) if word]
    return (dates + numbers + words)[:MOST_PARTS]


def _keep(dates: list[str], said: str, year: str, month: str, day: str) -> str:
    """Add the date as the search column has it; day and month change places where only that is a date."""
    for m, d in [(int(month), int(day)), (int(day), int(month))]:
        try:
            dt.date(int(year) or 2000, m, d)
        except ValueError:
            continue
        dates.append(f"{int(year):0{len(year)}}-{m:02}-{d:02}")
        return " "
    return said


def _number(numbers: list[str], said: str) -> str:
    """Add the digits of a number; the 00 or 0 that stands for a prefix does not count."""
    digits = "".join(str(int(c)) for c in said if c.isdecimal())
    numbers.append(digits.lstrip("0") or digits)
    return " "
