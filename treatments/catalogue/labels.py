"""What the catalogue calls today what a stored plan holds by code."""

from django.db.models import CharField, Value

from contraindications.rules import Plan
from treatments.catalogue.models import Area, Goal, Technique


def labels_of(plan: Plan) -> dict[str, str]:
    """{"goal": label, "area": label, "technique": label} of those still in the catalogue. One SQL query."""
    parts = [
        model.objects.filter(code=code).values_list(Value(part, output_field=CharField()), "label").order_by()
        for part, model, code in (
            ("goal", Goal, plan.goal),
            ("area", Area, plan.area),
            ("technique", Technique, plan.technique),
        )
    ]
    return dict(parts[0].union(*parts[1:], all=True))
