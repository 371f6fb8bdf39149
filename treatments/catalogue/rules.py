"""What follows from the catalogue's rows: plain values in, plain values out. No Django, no clock."""

from collections.abc import Mapping
from typing import Any, Literal

Merged = Literal["added", "updated", "same", "kept", "left out"]


def merged(
    shipped: Mapping[str, Any], last: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> Merged:
    """What becomes of a row that ships as `shipped`, shipped `last` time as that, and is `now` in the database.

    The clinic has the last word: what it changed stays as it is, what it deleted stays away.
    """
    if now is None:
        return "added" if last is None else "left out"
    if now == shipped:
        return "same"
    return "updated" if now == last else "kept"
