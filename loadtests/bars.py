"""Bar charts of a comparison, as one SVG that README and documents can show, in light and in dark."""

import math
from collections.abc import Iterable, Sequence
from html import escape

from loadtests.lines import NAMES, Line

WIDTH = 720
LEFT = 132
RIGHT = 96
"""For the figures behind the bars."""
BAR, GAP, TITLE = 18, 6, 30
STYLE = (
    "text{fill:#1c1b22}.page{fill:#fff}.hub{fill:#5b3df5}.node{fill:#8f9bb3}.stock{fill:#d0c9bd}.procrastinate{fill:#8f9bb3}.quiet{fill:#6a6777}"
    "@media(prefers-color-scheme:dark){text{fill:#eceaf4}.page{fill:#17161d}.hub{fill:#8d78ff}.node{fill:#6d7891}"
    ".stock{fill:#57524a}.procrastinate{fill:#6d7891}.quiet{fill:#a19eae}}"
)


def draw(lines: Iterable[Line]) -> str:
    """One group of bars for each line whose goal compares the hub with a peer."""
    compared = [line for line in lines if any(goal.against in line.turns for goal in line.goals)]
    groups, top = [], 16.0
    for line in compared:
        text, height = _group(line, top)
        groups.append(text)
        top += height
    alt = "; ".join(_said(line) for line in compared)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top:.0f}" role="img" aria-label="{escape(alt)}"'
        f' font-family="system-ui, sans-serif" font-size="13"><style>{STYLE}</style>'
        f'<rect class="page" width="100%" height="100%"/>\n{"".join(groups)}</svg>\n'
    )


def _group(line: Line, top: float) -> tuple[str, float]:
    servers = [server for server in NAMES if server in line.turns]
    widest = max((line.median(server) for server in servers), default=1) or 1
    better = "more" if any(goal.least for goal in line.goals) else "less"
    heading = (
        f'<text x="16" y="{top + 14:.0f}" font-weight="600">{escape(line.title)}'
        f'<tspan class="quiet" font-weight="400"> {escape(line.unit)}, {better} is better</tspan></text>\n'
    )
    bars = []
    y = top + TITLE - 6
    for server in servers:
        value = line.median(server)
        width = max(2.0, (WIDTH - LEFT - RIGHT) * (0 if math.isnan(value) else value) / widest)
        middle = y + BAR / 2 + 4.5
        bars.append(
            f'<text x="{LEFT - 8}" y="{middle:.0f}" text-anchor="end">{NAMES[server]}</text>'
            f'<rect class="{server}" x="{LEFT}" y="{y:.0f}" width="{width:.0f}" height="{BAR}" rx="3"/>'
            f'<text x="{LEFT + width + 8:.0f}" y="{middle:.0f}">{value:,.{line.digits}f}</text>\n'
        )
        y += BAR + GAP
    return heading + "".join(bars), y - top + 10


def _said(line: Line) -> str:
    figures: Sequence[str] = [
        f"{NAMES[server]} {line.median(server):,.{line.digits}f}" for server in NAMES if server in line.turns
    ]
    return f"{line.title}, {line.unit}: {', '.join(figures)}"
