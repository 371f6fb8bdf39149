"""The sections of the patient's pages that higher apps bring: plans, sessions, messages.

Imports run down the house, so the page does not know them; each app registers its own in its AppConfig.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from clinic.requests import StaffRequest
from patients.models import Patient

# On the patient's page; before everything else on it, since something has to be done; where the record is closed.
Where = Literal["page", "above", "closing"]


@dataclass(frozen=True, slots=True)
class Panel:
    """One section: `template` is rendered with what `context(request, patient)` returns, for people with `roles`."""

    name: str
    order: int
    roles: tuple[str, ...]
    template: str
    context: Callable[[StaffRequest, Patient], dict]
    where: Where = "page"


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    """Show `panel` on every patient's page."""
    _panels[panel.name] = panel


def for_page(request: StaffRequest, patient: Patient, where: Where = "page") -> list[tuple[Panel, dict]]:
    """The sections that this person may see there, in order, each with its context."""
    there = [panel for panel in _panels.values() if panel.where == where]
    mine = [panel for panel in there if request.user.has_role(*panel.roles)]
    return [(panel, panel.context(request, patient)) for panel in sorted(mine, key=lambda p: p.order)]
