"""Why a change of the calendar is refused. Whenever one of these is raised, nothing was written."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from treatments.schedule.rules import Fault


class NotBookable(Exception):
    """This cannot be booked as things stand. Its text says why, without anything clinical."""


class WrongTimes(Exception):
    """The chosen times break a rule. `faults`: (session number, Fault)."""

    def __init__(self, faults: Iterable[tuple[int, Fault]]):
        self.faults = sorted(faults)
        super().__init__(", ".join(f"{number}: {fault}" for number, fault in self.faults))


class SlotTaken(Exception):
    """Somebody was faster. `numbers`: the sessions whose time is gone; none: others are booking right now."""

    def __init__(self, numbers: Sequence[int]):
        self.numbers = list(numbers)
        super().__init__(_taken_said(self.numbers))

    @property
    def only_busy(self) -> bool:
        """Nothing is gone; the same may succeed in a moment."""
        return not self.numbers


class TooLate(Exception):
    """The session is nearer than the clinic's limit: the patient calls."""


class NotMissed(Exception):
    """It cannot be said that the patient did not come. Its text says why."""


def _taken_said(numbers: Sequence[int]) -> str:
    if not numbers:
        return _("Others are booking right now. Nothing was booked; please try again.")
    return ngettext(
        "The time of session %(numbers)s has just been taken. Nothing was booked.",
        "The times of sessions %(numbers)s have just been taken. Nothing was booked.",
        len(numbers),
    ) % {"numbers": ", ".join(map(str, numbers))}
