"""The chart of the page of documentation: letters taken in each tick, and below when what was broken."""

from collections import Counter
from html import escape

from clinic.chaos.running import Run

WIDTH, HIGH, LANE, TEXT = 480, 130, 34, 14
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1f2933 } .title { font-weight: 600 }
.bar { fill: #0f766e } .second { fill: #7c8aa0 } .end { stroke: #7c8aa0; stroke-dasharray: 4 3 }
@media (prefers-color-scheme: dark) {
  text { fill: #e5e9f0 } .bar { fill: #2dd4bf } .second { fill: #94a3b8 } .end { stroke: #94a3b8 }
}
"""


class Chart:
    """A run drawn to scale: its seconds over the whole width, so that it can be read on a phone."""

    def __init__(self, run: Run) -> None:
        self.run, self.tick = run, run.size.pace.tick
        last = max((taken["at"] for taken in run.evidence.taken), default=run.began) - run.began
        self.scale = WIDTH / (max(last, run.size.seconds) + self.tick)

    def svg(self) -> str:
        lanes = self._lanes()
        height = HIGH + 50 + LANE * len(lanes)
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="640" role="img">'
        )
        found = [*self._bars(), *(line for lane in enumerate(lanes.items()) for line in self._lane(lane))]
        return "\n".join([head, f"<style>{STYLE}</style>", *found, "</svg>"]) + "\n"

    def _bars(self) -> list[str]:
        ticks = Counter(int((one["at"] - self.run.began) // self.tick) for one in self.run.evidence.taken)
        most = max(ticks.values(), default=1)
        title = f"Letters and texts taken in each tick of {self.tick:.0f} seconds; at most {most}"
        found = [f'<text class="title" x="0" y="{TEXT}">{title}</text>']
        for tick, count in sorted(ticks.items()):
            high, wide = HIGH * count / most, self.tick * self.scale - 1
            x, y = tick * self.tick * self.scale, HIGH + 24 - high
            found.append(
                f'<rect class="bar" x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'
            )
        return [*found, *self._end()]

    def _end(self) -> list[str]:
        """Where all was mended."""
        x, y = self.run.size.seconds * self.scale, HIGH + 24
        line = f'<line class="end" x1="{x:.1f}" y1="24" x2="{x:.1f}" y2="{y}"/>'
        return [line, f'<text x="{x - 4:.1f}" y="{y + 16}" text-anchor="end">mended</text>']

    def _lanes(self) -> dict[str, list[tuple[float, float]]]:
        """What was broken, from which second and for how many."""
        began = self.run.began
        lanes = {"workers killed -9": [(kill.at - began, 0.0) for kill in self.run.evidence.kills]}
        for spell in sorted(self.run.evidence.spells, key=lambda one: one.began):
            lanes.setdefault(spell.what, []).append((spell.began - began, spell.ended - spell.began))
        return lanes

    def _lane(self, lane: tuple[int, tuple[str, list[tuple[float, float]]]]) -> list[str]:
        number, (name, times) = lane
        y = HIGH + 50 + LANE * number
        found = [f'<text x="0" y="{y + TEXT}">{escape(name)}</text>']
        for begin, lasts in times:
            wide = max(lasts * self.scale, 1.5)
            x = begin * self.scale
            found.append(f'<rect class="second" x="{x:.1f}" y="{y + 19}" width="{wide:.1f}" height="9"/>')
        return found


def chart(run: Run) -> str:
    """The SVG of a run."""
    return Chart(run).svg()
