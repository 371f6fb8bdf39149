"""Questions whose SQL is spelled out once in a process: Django takes longer to spell one than PostgreSQL to answer it.

For what is asked again and again inside a booking, and whenever a calendar is drawn. The question stays a queryset, so
that nothing is said twice; only what differs from one time to the next is left open, as `asked("name")`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Expression, Field, QuerySet
from django.db.models.query import ModelIterable, get_related_populators

Converters = Sequence[tuple[int, tuple[Sequence[Callable[..., Any]], Any]]]


class Asked(Expression):
    """A value that is named when the question is asked."""

    def __init__(self, name: str, output_field: Field | None = None) -> None:
        super().__init__(output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


def asked(name: str, output_field: Field | None = None) -> Any:
    """Stands in a filter for what is named later; with a field where the question reckons with it."""
    return Asked(name, output_field)


class Prepared:
    """A question that differs only by what is `asked`. Neither an answer nor a connection is kept.

    Nothing of the moment may be in it: no time zone, no language, nothing that a setting changes. `beside`: SQL that
    writes something in the same statement, with what is asked as `%(name)s`.
    """

    def __init__(self, question: Callable[[], QuerySet[Any, Any]], *, beside: str = "") -> None:
        self.question, self.beside = question, beside

    def rows(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows of a `values_list`. One SQL query."""
        return list(self._answer(values))

    def column(self, **values: Any) -> list[Any]:
        """The first value of each row. One SQL query."""
        return [row[0] for row in self._answer(values)]

    def objects(self, **values: Any) -> list[Any]:
        """The model's objects, with those that the question selects beside them. One SQL query."""
        shape, found = self._spelled[3], []
        for row in self._answer(values):
            one = shape.model.from_db(DEFAULT_DB_ALIAS, shape.names, row[shape.place])
            for populator in shape.beside:
                populator.populate(row, one)
            for name, position in shape.annotations:
                setattr(one, name, row[position])
            found.append(one)
        return found

    def _answer(self, values: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
        sql, fixed, converters, _shape = self._spelled
        with connection.cursor() as cursor:
            cursor.execute(sql, {**fixed, **values})
            rows = cursor.fetchall()
        return [_converted(row, converters) for row in rows] if converters else rows

    @cached_property
    def _spelled(self) -> tuple[str, dict[str, Any], Converters, Any]:
        """Statement, what is fixed in it, converters, shape of objects. The compiler has a connection: it is let go."""
        asked_for = self.question()
        compiler = asked_for.query.get_compiler(DEFAULT_DB_ALIAS)
        sql, fixed = _named(*compiler.as_sql())
        if self.beside:
            sql = f"WITH beside AS ({self.beside}) {sql}"
        converters = compiler.get_converters([one[0] for one in compiler.select])
        shape = Shape.of(compiler) if asked_for._iterable_class is ModelIterable else None
        return sql, fixed, list(converters.items()), shape


def _named(sql: str, parameters: Sequence[Any]) -> tuple[str, dict[str, Any]]:
    """All values by name: the driver spells each once, however often it stands in the statement. And what is fixed."""
    names = [one.name if isinstance(one, Asked) else f"fixed {n}" for n, one in enumerate(parameters)]
    fixed = {f"fixed {n}": one for n, one in enumerate(parameters) if not isinstance(one, Asked)}
    return sql.replace("%%", "%%%%") % tuple(f"%({name})s" for name in names), fixed


def _converted(row: tuple[Any, ...], converters: Converters) -> tuple[Any, ...]:
    """What the fields make of what the database says: JSON, for one."""
    said = list(row)
    for position, (steps, expression) in converters:
        for step in steps:
            said[position] = step(said[position], expression, connection)
    return tuple(said)


@dataclass(frozen=True, slots=True)
class Shape:
    """Where in a row is what, as Django's own ModelIterable reads it."""

    model: Any
    names: Sequence[str]
    place: slice
    beside: Sequence[Any]
    annotations: Sequence[tuple[str, int]]

    @classmethod
    def of(cls, compiler: Any) -> "Shape":
        """Of a compiler that has spelled its question."""
        select, known = compiler.select, compiler.klass_info
        fields = known["select_fields"]
        place = slice(fields[0], fields[-1] + 1)
        names = [one[0].target.attname for one in select[place]]
        beside = get_related_populators(known, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]  # as of Django 5.2
        return cls(known["model"], names, place, beside, list(compiler.annotation_col_map.items()))
