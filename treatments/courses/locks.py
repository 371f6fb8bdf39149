"""The advisory lock between those who make plans from the catalogue and those who change what is in it.

A plan that is just being made is not there yet to be found, and it may have read the catalogue of before. Planners
share the lock and take it first of all; a change of the catalogue takes it alone, once it is written.
"""

from django.db import connection

CATALOGUE = 7_305_003


def planning() -> None:
    """Make or change a plan: wait while the catalogue changes. Held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [CATALOGUE])


def nobody_plans() -> None:
    """The catalogue has changed: wait for whoever is planning. Held to the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CATALOGUE])
