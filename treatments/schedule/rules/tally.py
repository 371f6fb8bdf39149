"""Counting at every step of a day at once: the counts are written in binary across sets of steps."""

from treatments.schedule.rules.steps import Steps


class Tally:
    """How often each step was added."""

    def __init__(self) -> None:
        self.planes: list[Steps] = []  # the ones, the twos, the fours ... of all counts

    def add(self, steps: Steps) -> None:
        """One more for each of these steps: what overflows a plane is carried to the next."""
        for place, plane in enumerate(self.planes):
            if not steps:
                return
            self.planes[place], steps = plane ^ steps, plane & steps
        if steps:
            self.planes.append(steps)

    def split(self, steps: Steps) -> list[tuple[int, Steps]]:
        """(count, those of the steps that have it) for each count there is, the least first."""
        groups = [(0, steps)] if steps else []
        for plane in reversed(self.planes):
            groups = [
                (2 * count + bit, part)
                for count, whole in groups
                for bit, part in ((0, whole & ~plane), (1, whole & plane))
                if part
            ]
        return groups
