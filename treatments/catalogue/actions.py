"""Changes to the catalogue that touch more than the row itself."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import models, transaction

from patients.models import Interview, Substance
from treatments.catalogue.models import Ingredient
from treatments.catalogue.querysets import CatalogueQuerySet


class InUse(Exception):
    """The row is part of something that stays; `uses` says of what, {kind of record: how many}."""

    def __init__(self, uses: dict[str, int]):
        super().__init__(", ".join(f"{kind}: {count}" for kind, count in uses.items()))
        self.uses = uses


def uses_of(row: models.Model) -> dict[str, int]:
    """What the row is part of, {kind of record: how many}; a row without uses may be deleted."""
    counted = [
        (model, model._default_manager.filter(**{name: row}).count()) for model, name in _users_of(row)
    ]
    uses: dict[str, int] = {}
    for model, count in counted:
        if count:
            kind = str(model._meta.verbose_name_plural)
            uses[kind] = uses.get(kind, 0) + count
    return uses | (_uses_of_substance(row) if isinstance(row, Ingredient) else {})


def _users_of(row: models.Model) -> Iterator[tuple[type[models.Model], str]]:
    """(model, field) of everything that points to rows of this kind, from whatever app; history does not count."""
    fields: list[Any] = row._meta.get_fields(include_hidden=True)
    for relation in fields:
        if not relation.is_relation or relation.concrete or not relation.auto_created:
            continue
        model = relation.related_model
        if not model._meta.auto_created and not hasattr(model, "pgh_tracked_model"):
            yield model, relation.remote_field.name


def _uses_of_substance(row: Ingredient) -> dict[str, int]:
    """Allergies and classes speak of the ingredient's substance."""
    counts = {
        "recorded allergies": Interview.objects.filter(allergies__substances__contains=row.code).count(),
        "classes that may contain it": Ingredient.objects.filter(may_contain=row.substance_id).count(),
    }
    return {kind: count for kind, count in counts.items() if count}


@transaction.atomic
def delete(row: models.Model) -> None:
    """Delete a row that nothing speaks of, an ingredient with its substance. Raises InUse: then only retire it."""
    if uses := uses_of(row):
        raise InUse(uses)
    row.delete()
    if isinstance(row, Ingredient):
        row.substance.delete()


def retire(rows: CatalogueQuerySet, *, day: dt.date) -> int:
    """Take rows out of all choices from `day` on; old records keep them. Returns how many."""
    return rows.in_use().update(retired_on=day)


def bring_back(rows: CatalogueQuerySet) -> int:
    """Offer retired rows again. Returns how many."""
    return rows.exclude(retired_on=None).update(retired_on=None)


@transaction.atomic
def keep_substance(ingredient: Ingredient) -> None:
    """Give the ingredient the substance of its code, which allergies point to, under the same label."""
    ingredient.substance, _new = Substance.objects.update_or_create(
        code=ingredient.code, defaults={"label": ingredient.label}
    )
