"""The catalogue as CSV, out and in again: rows by their codes, lists separated by "|", all rows or none."""

import json
from collections import Counter
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from import_export import resources, widgets
from import_export.fields import Field
from import_export.formats.base_formats import CSV

from treatments.catalogue import actions
from treatments.catalogue.models import Ingredient, Synergy

BETWEEN = "|"
# A spreadsheet runs a cell that begins so as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")
LARGEST = 1_000_000  # bytes of a file to import
MOST_ROWS = 2_000  # of them; all are written in one request
NOT_IN_SHEETS = {"id", "substance"}


def guarded(cell: Any) -> str:
    """A cell that no spreadsheet takes for a formula. `bare` takes the guard off again."""
    text = "" if cell is None else str(cell)
    return "'" + text if text.startswith(FORMULA) or text.startswith("'") else text


def bare(cell: Any) -> Any:
    """The cell as it was before `guarded`."""
    if isinstance(cell, str) and cell.startswith("'") and cell[1:].startswith((*FORMULA, "'")):
        return cell[1:]
    return cell


class GuardedCSV(CSV):
    """CSV without formulas, and with words for files that are none."""

    def export_data(self, dataset, **kwargs):
        for _row in range(len(dataset)):
            dataset.append([guarded(cell) for cell in dataset.lpop()])
        return super().export_data(dataset, **kwargs)

    def create_dataset(self, in_stream, **kwargs):
        if len(in_stream) > LARGEST:
            raise ValueError("The file is too large for a catalogue.")
        if b"\0" in in_stream:
            raise ValueError("The file is no text.")
        dataset = super().create_dataset(in_stream, **kwargs)
        if not dataset.headers:
            raise ValueError("The file is empty.")
        for _row in range(len(dataset)):
            dataset.append([bare(cell) for cell in dataset.lpop()])
        return dataset


class ListWidget(widgets.Widget):
    """A list of texts."""

    def clean(self, value, row=None, **kwargs):
        return [part.strip() for part in str(value or "").split(BETWEEN) if part.strip()]

    def render(self, value, obj=None, **kwargs):
        return BETWEEN.join(value or [])


class NumberWidget(widgets.Widget):
    """A whole number, or nothing."""

    def clean(self, value, row=None, **kwargs):
        try:
            return int(value) if str(value or "").strip() else None
        except ValueError:
            raise ValueError(f"{value!r} is no whole number.") from None


class YesNoWidget(widgets.Widget):
    """Yes, no, or nothing said. Any other word is an error: it must not be taken for a no."""

    WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False, "": None}

    def clean(self, value, row=None, **kwargs):
        try:
            return self.WORDS[str(value or "").strip().lower()]
        except KeyError:
            raise ValueError(f"Say yes or no, not {value!r}.") from None

    def render(self, value, obj=None, **kwargs):
        return {True: "yes", False: "no"}.get(value, "")


class JSONWidget(widgets.Widget):
    """A JSON object."""

    def clean(self, value, row=None, **kwargs):
        try:
            return json.loads(value or "{}")
        except json.JSONDecodeError as error:
            raise ValueError(f"{value!r} is no JSON: {error}") from error

    def render(self, value, obj=None, **kwargs):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)


class CodeWidget(widgets.ForeignKeyWidget):
    """A related row by its code."""

    def clean(self, value, row=None, **kwargs):
        try:
            return super().clean(value, row, **kwargs)
        except self.model.DoesNotExist:
            raise ValueError(f"There is no {self.model._meta.verbose_name} {value!r}.") from None


class CodesWidget(widgets.ManyToManyWidget):
    """Related rows by their codes; one that is not there is an error, not a gap."""

    def clean(self, value, row=None, **kwargs):
        codes = ListWidget().clean(value)
        found = list(self.model._default_manager.filter(code__in=codes))
        if missing := sorted(set(codes) - {row.code for row in found}):
            raise ValueError(f"There is no {self.model._meta.verbose_name} {missing[0]!r}.")
        return found

    def render(self, value, obj=None, **kwargs):
        return BETWEEN.join(sorted(row.code for row in value.all())) if value is not None else ""


class Sheet(resources.ModelResource):
    """One table. What fails in one row leaves the whole file out."""

    class Meta:
        clean_model_instances = True
        skip_unchanged = True
        report_skipped = True
        use_transactions = True
        skip_diff = True

    def before_import(self, dataset, **kwargs):
        columns = {f.column_name for f in self.get_import_fields()}
        unknown = [header for header in dataset.headers if header not in columns]
        missing = [name for name in self._meta.import_id_fields if name not in dataset.headers]
        if unknown:
            raise ValidationError(
                f"There is no column {unknown[0]!r}. Columns: {', '.join(sorted(columns))}."
            )
        if missing:
            raise ValueError(f"The column {missing[0]!r} is missing.")
        self._refuse_odd_rows(dataset)

    def _refuse_odd_rows(self, dataset) -> None:
        """Too many rows, or two for the same row of the table, of which the last would win."""
        if len(dataset) > MOST_ROWS:
            raise ValidationError(
                f"The file has {len(dataset)} rows: more than {MOST_ROWS} at once are not read."
            )
        keys = Counter(zip(*(dataset[name] for name in self._meta.import_id_fields), strict=True))
        twice = next((key for key, count in keys.items() if count > 1), None)
        if twice:
            raise ValidationError(f"There are two rows for {', '.join(map(str, twice))}.")

    def before_import_row(self, row, **kwargs):
        for name in self._meta.import_id_fields:
            if not row.get(name):
                raise ValidationError({name: "This cell cannot be empty."})

    def before_save_instance(self, instance, row, **kwargs):
        if isinstance(instance, Ingredient):
            actions.keep_substance(instance)

    def validate_instance(self, instance, import_validation_errors=None, validate_unique=True):
        """As `full_clean`, but an ingredient's substance is found for it afterwards."""
        exclude = ["substance"] if isinstance(instance, Ingredient) else []
        errors = dict(import_validation_errors or {})
        try:
            instance.full_clean(exclude=[*exclude, *errors], validate_unique=validate_unique)
        except ValidationError as error:
            errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)


def sheet(model: type[models.Model]) -> type[Sheet]:
    """The sheet of a table: a column for every field."""
    columns = {f.name: _column(f) for f in (*model._meta.concrete_fields, *model._meta.many_to_many)}
    keys = ["one", "other"] if model is Synergy else ["code"]
    names = [name for name in columns if name not in NOT_IN_SHEETS]
    meta = type("Meta", (Sheet.Meta,), {"model": model, "fields": names, "import_id_fields": keys})
    own = {name: columns[name] for name in names if columns[name]}
    return type(f"{model.__name__}Sheet", (Sheet,), {**own, "Meta": meta})


SIMPLE = {
    models.JSONField: JSONWidget,
    models.BooleanField: YesNoWidget,
    models.PositiveSmallIntegerField: NumberWidget,
}


def _column(f: Any) -> Field | None:
    """How a field is written into a cell; None: as import-export does it."""
    widget: widgets.Widget
    if f.many_to_many:
        widget = CodesWidget(f.related_model, field="code", separator=BETWEEN)
    elif f.is_relation:
        widget = CodeWidget(f.related_model, field="code")
    elif hasattr(f, "base_field"):
        widget = ListWidget()
    elif type(f) in SIMPLE:
        widget = SIMPLE[type(f)]()
    else:
        return None
    return Field(attribute=f.name, column_name=f.name, widget=widget, m2m_add=False)
