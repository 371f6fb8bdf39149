"""The sections of the patient's page that higher apps bring: plans, sessions, messages.

Imports run down the house, so the page does not know them; each app registers its own in its AppConfig.
"""

from collections.abc import Callable
from dataclasses import dataclass

from clinic.requests import StaffRequest
from patients.models import Patient


@dataclass(frozen=True, slots=True)
class Panel:
    """One section: `template` is rendered with what `context(request, patient)` returns, for people with `roles`."""

    name: str
    order: int
    roles: tuple[str, ...]
    template: str
    context: Callable[[StaffRequest, Patient], dict]


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    """Show `panel` on every patient's page."""
    _panels[panel.name] = panel


def for_page(request: StaffRequest, patient: Patient) -> list[tuple[Panel, dict]]:
    """The sections that this person may see, in order, each with its context."""
    mine = [panel for panel in _panels.values() if request.user.has_role(*panel.roles)]
    return [(panel, panel.context(request, patient)) for panel in sorted(mine, key=lambda p: p.order)]
