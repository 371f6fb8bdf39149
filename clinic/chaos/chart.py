"""The chart of the page of documentation: letters taken in each tick, and below when what was broken."""

from collections import Counter
from html import escape

from clinic.bench.chart import STYLE, WIDTH
from clinic.chaos.pace import TICK
from clinic.chaos.running import Run

LABEL, HIGH, LANE = 310, 140, 20


def chart(run: Run) -> str:
    """The SVG of a run."""
    last = max((taken["at"] for taken in run.evidence.taken), default=run.began) - run.began
    scale = (WIDTH - LABEL) / (max(last, run.seconds) + TICK)
    lines = [*_bars(run, scale), *_lanes(run, scale)]
    height = HIGH + 40 + LANE * (len(_names(run)) + 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    return "\n".join([head, f"<style>{STYLE}</style>", *lines, "</svg>"]) + "\n"


def _bars(run: Run, scale: float) -> list[str]:
    ticks = Counter(int((taken["at"] - run.began) // TICK) for taken in run.evidence.taken)
    most = max(ticks.values(), default=1)
    found = [f'<text class="title" x="0" y="14">Letters taken in each tick ({TICK:.0f} s)</text>']
    found.append(f'<text x="0" y="34">at most {most}</text>')
    for tick, count in sorted(ticks.items()):
        high = HIGH * count / most
        x, wide = LABEL + tick * TICK * scale, TICK * scale - 1
        found.append(
            f'<rect class="bar" x="{x:.1f}" y="{HIGH + 20 - high:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'
        )
    return found


def _names(run: Run) -> list[str]:
    return list(dict.fromkeys(spell.what for spell in sorted(run.evidence.spells, key=lambda one: one.began)))


def _lanes(run: Run, scale: float) -> list[str]:
    found = [_label("workers killed -9", 0)]
    found += [_mark(kill.at - run.began, 0, 1 / scale, scale) for kill in run.kills]
    for lane, name in enumerate(_names(run), 1):
        found.append(_label(name, lane))
        for spell in (one for one in run.evidence.spells if one.what == name):
            found.append(_mark(spell.began - run.began, lane, spell.ended - spell.began, scale))
    return found


def _label(text: str, lane: int) -> str:
    return f'<text x="0" y="{HIGH + 40 + LANE * lane + 13}">{escape(text)}</text>'


def _mark(begin: float, lane: int, lasts: float, scale: float) -> str:
    x, y, wide = LABEL + begin * scale, HIGH + 40 + LANE * lane, max(lasts * scale, 2)
    return f'<rect class="second" x="{x:.1f}" y="{y}" width="{wide:.1f}" height="{LANE - 5}" rx="2"/>'
