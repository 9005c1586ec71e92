"""Line charts of a run as inline SVG, drawn here so that a report needs nothing but itself."""

import math
from collections.abc import Callable, Sequence
from html import escape

import msgspec
from msgspec import Struct

WIDTH, WIDE = 540, 1110
HEIGHT = 230
LEFT, RIGHT, TOP, BOTTOM = 62, 12, 20, 28
LETTER = 6.6
"""About the width of a letter in a label."""
LEAST = 1e-9
STEPS = (1, 2, 2.5, 5, 10)
SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
Value = float | None
Place = Callable[[float], float]


class Series(Struct, frozen=True):
    """One line; None leaves a hole."""

    name: str
    values: Sequence[Value]
    style: str
    """Class of its colour: c0 … c5, or r0 … r3 for a ramp."""


class Band(Struct, frozen=True):
    """A stretch of the x axis: a phase, or a fault."""

    begins: float
    ends: float
    label: str
    kind: str


class Chart(Struct, frozen=True, kw_only=True):
    """What is to be drawn."""

    name: str
    title: str
    about: str
    xs: Sequence[float]
    series: Sequence[Series]
    shown: Callable[[float], str]
    """A value of the y axis, in words."""
    log: bool = False
    wide: bool = False
    """Over the whole page; then phases are named in it."""
    bands: Sequence[Band] = ()
    x_ticks: Sequence[tuple[float, str]] = ()
    """Marks of the x axis; times are made up when there are none."""
    x_shown: Callable[[float], str] = lambda x: f"{x:g} s"

    @property
    def ends(self) -> tuple[float, float]:
        """The first and the last x."""
        return (min(self.xs), max(self.xs)) if self.xs else (0.0, 1.0)


def svg(chart: Chart) -> str:
    """The chart as a figure that can be walked through with the arrow keys."""
    title, about = escape(chart.title), escape(chart.about)
    if not any(value is not None for series in chart.series for value in series.values):
        return f'<figure class="chart"><h3>{title}</h3><p class="quiet">Nothing was measured.</p></figure>'
    legend = "".join(
        f'<button type="button" class="key {each.style}" aria-pressed="true" data-line="{number}"><i></i>'
        f"{escape(each.name)}</button>"
        for number, each in enumerate(chart.series)
    )
    # A wide picture would be unreadable on a phone, so it comes a second time; the page shows the one that fits.
    drawn = _drawn(chart, WIDE, "broad") + _drawn(chart, WIDTH, "narrow") if chart.wide else _drawn(chart, WIDTH, "")
    return (
        f'<figure class="{"chart wide" if chart.wide else "chart"}" id="{chart.name}" tabindex="0" '
        f'aria-label="{title}: {about} Arrow keys walk through the values.">'
        f"<figcaption><h3>{title}</h3><p>{about}</p></figcaption>{drawn}"
        f'<div class="legend">{legend}</div><p class="readout" aria-live="polite"></p>'
        f'<script type="application/json">{_data(chart)}</script></figure>'
    )


def _drawn(chart: Chart, width: int, kind: str) -> str:
    values = [value for series in chart.series for value in series.values if value is not None]
    x = _x_place(chart, width)
    low, high, ticks = _log_scale(values) if chart.log else _linear_scale(values)
    y = _y_place(low, high, log=chart.log)
    parts = [_band(number, band, x, chart) for number, band in enumerate(chart.bands)]
    for tick in ticks:
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{width - RIGHT}" y1="{y(tick):.1f}" y2="{y(tick):.1f}"/>')
        parts.append(f'<text class="y" x="{LEFT - 8}" y="{y(tick) + 4:.1f}">{escape(chart.shown(tick))}</text>')
    for at, label in chart.x_ticks or _time_ticks(*chart.ends):
        parts.append(f'<text class="x" x="{x(at):.1f}" y="{HEIGHT - 8}">{escape(label)}</text>')
    parts += [
        f'<path class="line {each.style}" data-line="{number}" d="{_path(chart.xs, each.values, x, y)}"/>'
        for number, each in enumerate(chart.series)
    ]
    parts.append(f'<line class="cross" y1="{TOP}" y2="{HEIGHT - BOTTOM}" x1="-9" x2="-9"/>')
    place = f'data-left="{LEFT}" data-right="{width - RIGHT}"'
    return f'<svg class="{kind}" {place} viewBox="0 0 {width} {HEIGHT}" role="presentation">{"".join(parts)}</svg>'


def _data(chart: Chart) -> str:
    """What the page's script reads out where the cross stands; x goes from 0 to 1."""
    first, last = chart.ends
    data = {
        "x": [round((each - first) / ((last - first) or 1), 4) for each in chart.xs],
        "label": [chart.x_shown(each) for each in chart.xs],
        "series": [
            {"name": each.name, "text": ["" if value is None else chart.shown(value) for value in each.values]}
            for each in chart.series
        ],
    }
    return msgspec.json.encode(data).decode().replace("</", "<\\/")


def _band(number: int, band: Band, x: Place, chart: Chart) -> str:
    first, last = chart.ends
    begins, ends = max(first, band.begins), min(last, band.ends)
    if ends < begins:
        return ""
    left, width, height = x(begins), max(1.5, x(ends) - x(begins)), HEIGHT - TOP - BOTTOM
    label = escape(band.label)
    drawn = (
        f'<rect class="{band.kind} {"odd" if number % 2 else "even"}" x="{left:.1f}" y="{TOP}" width="{width:.1f}" '
        f'height="{height}"><title>{label}</title></rect>'
    )
    if band.kind == "fault":
        drawn += f'<line class="fault" x1="{left:.1f}" x2="{left:.1f}" y1="{TOP}" y2="{TOP + height}"/>'
        drawn += f'<text class="fault" x="{left + 3:.1f}" y="{TOP - 6}">{label.partition(" ")[0]}</text>'
    elif chart.wide and len(band.label) * LETTER < width:
        drawn += f'<text class="phase" x="{left + 4:.1f}" y="{TOP + 13}">{label}</text>'
    return drawn


def _path(xs: Sequence[float], values: Sequence[Value], x: Place, y: Place) -> str:
    parts, pen_up = [], True
    for number, (at, value) in enumerate(zip(xs, values, strict=True)):
        if value is None:
            pen_up = True
            continue
        alone = pen_up and (number + 1 >= len(values) or values[number + 1] is None)
        parts.append(f"{'M' if pen_up else 'L'}{x(at):.1f} {y(value):.1f}{'h.1' if alone else ''}")
        pen_up = False
    return "".join(parts)


def _x_place(chart: Chart, width: int) -> Place:
    first, last = chart.ends
    by = (width - LEFT - RIGHT) / ((last - first) or 1)
    return lambda value: LEFT + (value - first) * by


def _y_place(low: float, high: float, *, log: bool) -> Place:
    height = HEIGHT - TOP - BOTTOM

    def place(value: float) -> float:
        part = (_log(value) - _log(low)) / (_log(high) - _log(low)) if log else (value - low) / (high - low)
        return TOP + (1 - min(1.0, max(0.0, part))) * height

    return place


def _log(value: float) -> float:
    return math.log10(max(value, LEAST))


def _log_scale(values: Sequence[float]) -> tuple[float, float, list[float]]:
    positive = [value for value in values if value > 0] or [1.0]
    least, most = math.floor(_log(min(positive))), math.ceil(_log(max(positive)))
    most = max(most, least + 1)
    return 10.0**least, 10.0**most, [10.0**power for power in range(least, most + 1)]


def _linear_scale(values: Sequence[float]) -> tuple[float, float, list[float]]:
    high = max(*values, LEAST)
    raw = high / 4
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * each for each in STEPS if power * each >= raw)
    count = math.ceil(high / step)
    return 0.0, step * count, [step * number for number in range(count + 1)]


def _time_ticks(first: float, last: float) -> list[tuple[float, str]]:
    raw = max(last - first, 1.0) / 6
    step = next((each for each in SECONDS if each >= raw), SECONDS[-1])
    begin = math.ceil(first / step) * step
    times = range(begin, int(last) + 1, step)
    return [(float(at), f"{at} s" if step < 60 else f"{at / 60:g} min") for at in times]
