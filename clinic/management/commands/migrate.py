"""Django's own, without the limit that holds for what pages ask."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate
from django.db import connections


class Command(Migrate):
    # The index of a large clinic may take longer than any page. Waiting for a lock stays limited: whoever waits for a
    # whole table lets nobody else to it.
    def handle(self, *args: Any, database: str, **options: Any) -> None:
        with connections[database].cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        try:
            super().handle(*args, database=database, **options)
        finally:
            with connections[database].cursor() as cursor:
                cursor.execute("RESET statement_timeout")
