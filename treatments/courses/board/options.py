"""The parts that a question of the plan's page is made of."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from contraindications.citations import Citation


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that can be chosen."""

    value: str
    label: str
    hint: str = ""
    citations: Sequence[Citation] = ()
    checked: bool = False
    documented: bool = True
    warnings: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """Options of one question: the ones to look at first, and the rest behind `more`."""

    name: str
    kind: str  # radio or checkbox
    first: list[Option]
    rest: list[Option] = field(default_factory=list)
    more: str = ""
    findable: bool = False

    @property
    def opened(self) -> bool:
        """The rest is open where something in it is chosen, or where there is nothing else."""
        return not self.first or any(option.checked for option in self.rest)


def documented_first(
    name: str, kind: str, options: Iterable[Option], more: str, *, findable: bool = False
) -> Group:
    rows = list(options)
    first = [option for option in rows if option.documented]
    return Group(name, kind, first, [option for option in rows if not option.documented], more, findable)
