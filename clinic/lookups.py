"""What can be asked of every field beside what Django offers. Importing registers it; `ClinicConfig` does."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Field, Lookup
from django.db.models.fields.related import ForeignObject
from django.db.models.sql.compiler import SQLCompiler

from clinic.prepared import Asked


@Field.register_lookup
@ForeignObject.register_lookup
class Among(Lookup):
    """`pk__among=[...]`: one of these keys, sent as one array.

    The same plan as `__in`, which looks at each key on its own: of hundreds that takes longer than the query.
    """

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        keys = self.rhs if isinstance(self.rhs, Asked) else list(self.rhs)
        return f"{column} = ANY(%s)", (*parameters, keys)
