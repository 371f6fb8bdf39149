"""Random edits of a rule set, each of which leaves one that can be published."""

import copy
import random
from collections.abc import Callable
from typing import Any

from contraindications.rules import words

Content = dict[str, Any]


def edited(rng: random.Random, content: Content, edits: int = 3) -> Content:
    """A copy of `content` with that many edits, drawn by `rng`."""
    new = copy.deepcopy(content)
    for _ in range(edits):
        rng.choice(EDITS)(rng, new)
    return new


def force(rng: random.Random, content: Content) -> None:
    """An item speaks with another force."""
    rng.choice(content["items"])["strength"] = rng.choice(words.STRENGTHS)


def match(rng: random.Random, content: Content) -> None:
    """A row is met more or less surely."""
    rng.choice(rng.choice(content["items"])["when"])["match"] = rng.choice(words.MATCHES)


def states(rng: random.Random, content: Content) -> None:
    """A row looks at other states."""
    row = rng.choice([row for item in content["items"] for row in item["when"] if "states" in row])
    row["states"] = rng.sample(words.HELD_STATES, rng.randint(1, 3))


def row(rng: random.Random, content: Content) -> None:
    """An item is met by a further fact."""
    fact = rng.choice(content["facts"])["code"]
    found = {"fact": fact, "states": rng.sample(words.HELD_STATES, 1), "match": rng.choice(words.MATCHES)}
    rng.choice(content["items"])["when"].append(found)


def retired(rng: random.Random, content: Content) -> None:
    """An item goes; one always stays."""
    if len(content["items"]) > 1:
        content["items"].remove(rng.choice(content["items"]))


def added(rng: random.Random, content: Content) -> None:
    """An item comes that repeats another one."""
    number = len(content["items"])
    content["items"].append(
        {**copy.deepcopy(rng.choice(content["items"])), "id": f"NEW-{number}-{rng.random()}"[:20]}
    )


def reach(rng: random.Random, content: Content) -> None:
    """A list reaches further or less far."""
    by_family = content["scope"]["reach"][rng.choice(sorted(content["scope"]["reach"]))]
    by_region = by_family[rng.choice(sorted(by_family))]
    by_region[rng.choice(sorted(by_region))] = rng.choice(words.REACHES)


def setting(rng: random.Random, content: Content) -> None:
    """The clinic sets a number differently."""
    name = rng.choice(["minimum_age", "look_back_days", "validity_days"])
    content["settings"] = {**content["settings"], name: rng.choice([0, 1, 16, 18, 30, 60, 90])}


EDITS: list[Callable[[random.Random, Content], None]] = [
    force,
    match,
    states,
    row,
    retired,
    added,
    reach,
    setting,
]
