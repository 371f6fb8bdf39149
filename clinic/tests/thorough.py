"""How many examples a property is tried with: some in the suite, many times as many by `make thorough`."""

import os

TIMES = int(os.environ.get("THOROUGH", "1"))


def examples(some: int) -> int:
    """As many as the suite tries, or that many times more."""
    return some * TIMES
