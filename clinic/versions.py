"""Lost updates: an editable row has `version`; whoever saves says which version was read."""

from typing import Any

from django.db import models
from django.db.models import F


class ChangedMeanwhile(Exception):
    """What the page showed is not what stands any more; nothing was written.

    `row` is what stands now, where the caller shows it (None: it is gone, or looked up anew).
    """

    def __init__(self, row: Any = None):
        super().__init__()
        self.row = row


def save_version(row: models.Model, *, version: int, fields: list[str]) -> None:
    """`UPDATE ... WHERE pk AND version`: write `fields` of `row` if it still has `version`, or raise ChangedMeanwhile.

    Call it inside a transaction, after `full_clean()`. Counts `row.version` up.
    """
    manager = type(row)._default_manager
    values = {name: getattr(row, name) for name in fields}
    if not manager.filter(pk=row.pk, version=version).update(**values, version=F("version") + 1):
        raise ChangedMeanwhile(manager.filter(pk=row.pk).first())
    row.version = version + 1  # type: ignore[attr-defined]
