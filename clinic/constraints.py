"""Shapes of facts that many tables keep."""

from typing import Any

from django.db.models import CheckConstraint, Q


def together(name: str, *fields: str) -> CheckConstraint:
    """All of `fields` are filled, or none: a "when" never goes without its "who"."""
    return CheckConstraint(
        name=name,
        condition=Q(**{f"{f}__isnull": True for f in fields}) | Q(**{f"{f}__isnull": False for f in fields}),
    )


def one_of(name: str, field: str, choices: Any) -> CheckConstraint:
    """`field` holds one of the values of a Choices class, whoever writes it."""
    return CheckConstraint(name=name, condition=Q(**{f"{field}__in": list(choices.values)}))
