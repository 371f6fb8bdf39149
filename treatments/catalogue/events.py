"""What the catalogue announces; who listens is not their business."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CompositionChanged:
    """Screening sees these rows otherwise than before: `changed` is {kind of row: codes}.

    Kinds are "ingredient" (role, what a class may contain), "product" (its ingredients), "technique" (family), "area"
    (region) and "goal" (its disease). An ingredient that is new or gone is among them.
    """

    changed: dict[str, frozenset[str]]
    at: dt.datetime
