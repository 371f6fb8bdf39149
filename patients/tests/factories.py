"""Patients for tests."""

import datetime as dt
from itertools import count

from conftest import NOW
from patients.models import Patient

_numbers = count(1)


def patient(*, by, **fields) -> Patient:
    """An adult woman who answers to a made-up name; every field can be given."""
    values = {
        "name": f"Ana Nowak {next(_numbers)}",
        "birth_date": dt.date(1989, 5, 2),
        "sex": "female",
        "created_at": NOW,
        "created_by": by,
        **fields,
    }
    return Patient.objects.create(**values)
