"""The chart of the page of documentation: bars from the cells of the tables, readable on light and dark ground."""

from collections.abc import Iterable, Sequence
from html import escape

from clinic.bench.report import Table

WIDTH, BAR, GAP, LABEL = 720, 18, 8, 230
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2933 } .title { font-weight: 600 }
.bar { fill: #0f766e } .second { fill: #7c8aa0 }
@media (prefers-color-scheme: dark) { text { fill: #e5e9f0 } .bar { fill: #2dd4bf } .second { fill: #94a3b8 } }
"""
Bar = tuple[str, float, str]  # label, value, class


def chart(tables: Iterable[Table]) -> str:
    """The SVG: how many times the bare SQL booking and calendar take, and courses booked in a second."""
    known = {table.title.split(" of ")[0]: table for table in tables}
    booking, calendar, booked = (
        next(table for title, table in known.items() if title.startswith(start))
        for start in ("Booking a course", "The calendar", "Courses booked")
    )
    times = [(f"booking, {row[0]}", float(row[6]), "bar") for row in booking.rows if row[1]]
    times += [(f"calendar, {row[0]}", float(row[4]), "bar") for row in calendar.rows]
    speed: list[Bar] = []
    for row in booked.rows:
        apart, contested = (float(cell.split(" / ")[1]) for cell in row[1:3])
        speed += [
            (f"{row[0]} clients, apart", apart, "bar"),
            (f"{row[0]} clients, contested", contested, "second"),
        ]
    upper, below = _panel("Times the bare SQL", times, 0)
    lower, height = _panel("Courses booked in a second, a million sessions", speed, below + 2 * GAP)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">'
    return "\n".join([head, f"<style>{STYLE}</style>", *upper, *lower, "</svg>"]) + "\n"


def _panel(title: str, bars: Sequence[Bar], top: int) -> tuple[list[str], int]:
    """The lines of a panel that begins at `top`, and where it ends."""
    most = max(value for _label, value, _kind in bars)
    found, y = [f'<text class="title" x="0" y="{top + 16}">{escape(title)}</text>'], top + 28
    for label, value, kind in bars:
        wide = (WIDTH - LABEL - 60) * value / most
        found.append(f'<text x="0" y="{y + 14}">{escape(label)}</text>')
        found.append(f'<rect class="{kind}" x="{LABEL}" y="{y}" width="{wide:.1f}" height="{BAR}" rx="3"/>')
        found.append(f'<text x="{LABEL + wide + 6:.1f}" y="{y + 14}">{value:.1f}</text>')
        y += BAR + GAP
    return found, y
