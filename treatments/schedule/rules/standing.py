"""Which sessions to come are held up. Plain values in, plain values out."""

from collections.abc import Collection
from enum import StrEnum


class Stage(StrEnum):
    """What holds a session up, gravest first."""

    UNREADABLE = "unreadable"
    STOP = "stop"
    REFUSED = "refused"
    UNSAID = "unsaid"
    HOLD = "hold"
    FREE = "free"


def stage(*, open_effects: Collection[str], refused: bool, unsaid: Collection[str]) -> Stage:
    """What holds a session up on its own day: the gravest of what nobody has settled; FREE for none.

    `open_effects` are the effects of the findings without a decision, `unsaid` the questions never answered. An answer
    that will be too old by then does not hold: it is asked again at check-in. A caution does not either: the
    practitioner acknowledges it on the day. Source: docs/rules.md, section 5.
    """
    if "stop" in open_effects:
        return Stage.STOP
    if refused:
        return Stage.REFUSED
    if unsaid:
        return Stage.UNSAID
    return Stage.HOLD if "hold" in open_effects else Stage.FREE


def is_held(found: Stage) -> bool:
    """Is a session at this stage held up?"""
    return found != Stage.FREE
