"""The shipped vocabulary, for tests that need the questions of the interview."""

import pytest
import yaml
from django.conf import settings

from patients.models import HealthFact, Substance


def ship_facts() -> None:
    """The health facts that ship with the project, and three substances."""
    rows = yaml.safe_load((settings.BASE_DIR / "patients/data/health_facts.yaml").read_text())
    HealthFact.objects.bulk_create(
        [HealthFact(position=i, **row) for i, row in enumerate(rows)], ignore_conflicts=True
    )
    Substance.objects.bulk_create(
        [
            Substance(code=code, label=label)
            for code, label in [
                ("vitamin_c", "Vitamin C"),
                ("lidocaine", "Lidocaine"),
                ("hyaluronic_acid", "Hyaluronic acid"),
            ]
        ],
        ignore_conflicts=True,
    )


@pytest.fixture
def facts(db):
    ship_facts()
