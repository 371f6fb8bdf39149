"""What a transactional test changed is put back: table by table, and only the tables that it changed.

Django would empty every table, and all documented data would have to be loaded again: seconds for each such test.
"""

import io

from django.db import connection, transaction

TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
# Every row has the number of the transaction that wrote it: the same rows, written by the same, are as they were.
STATE = "SELECT '{0}', count(*), sum(hashtext(xmin::text || ctid::text)) FROM {0}"


class Stock:
    """What every table held when this was made."""

    def __init__(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(TABLES)
            self.tables = [name for (name,) in cursor.fetchall()]
            self.states = states(cursor, self.tables)
            self.rows = {name: copied(cursor, name) for name, (count, _) in self.states.items() if count}

    def put_back(self) -> None:
        """Let every table hold that again. Waits for whoever is still writing."""
        with transaction.atomic(), connection.cursor() as cursor:
            # Neither foreign keys nor the triggers that keep history and published rules look on.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f"LOCK TABLE {', '.join(self.tables)} IN EXCLUSIVE MODE")
            now = states(cursor, self.tables)
            changed = [name for name in self.tables if now[name] != self.states[name]]
            for name in changed:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608 (our own tables)
                if name in self.rows:
                    cursor.copy_expert(f"COPY {name} FROM STDIN", io.StringIO(self.rows[name]))
            if changed:
                self.states.update(states(cursor, changed))


def states(cursor, tables: list[str]) -> dict[str, tuple[int, int | None]]:
    """For each table how many rows it has, and a number that changes whenever one of them is written."""
    cursor.execute(" UNION ALL ".join(STATE.format(name) for name in tables))
    return {name: (count, written) for name, count, written in cursor.fetchall()}


def copied(cursor, table: str) -> str:
    rows = io.StringIO()
    cursor.copy_expert(f"COPY {table} TO STDOUT", rows)
    return rows.getvalue()
