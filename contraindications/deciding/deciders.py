"""Who may record which decision (screening.md section 5)."""

from clinic.models import User
from contraindications.models import DecisionKind


def may_decide(user: User, kind: str) -> bool:
    """May this person record this kind of decision? For a nurse's acknowledgement one SQL query.

    A hold is decided and a stop released by doctors; a caution is acknowledged by whoever may treat: a doctor, or a
    nurse with an active cooperating doctor (S1 L13).
    """
    if user.is_active and user.is_doctor:
        return kind in DecisionKind.values
    return kind == DecisionKind.ACKNOWLEDGE and User.objects.who_may_treat().filter(pk=user.pk).exists()
