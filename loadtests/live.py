"""What somebody sees who waits for a run: a picture that renews itself on a terminal, plain lines elsewhere."""

import sys
import time
from collections import deque
from collections.abc import Sequence
from types import TracebackType
from typing import Self, TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from loadtests.histogram import Histogram
from loadtests.recorder import Tick
from loadtests.runner import Show
from loadtests.scenario import Scenario
from loadtests.servers import Sample

BARS = "▁▂▃▄▅▆▇█"
KEPT = 60
BEAT_SECONDS = 5
EVENTS = 6


class Lines(Show):
    """One line every few seconds, for logs and pipes."""

    def __init__(self, scenario: Scenario, stream: TextIO = sys.stderr) -> None:
        self._scenario = scenario
        self._stream = stream
        self._stage = ""

    def stage(self, text: str) -> None:
        """See Show."""
        if text != self._stage:
            self._stage = text
            self._say(text)

    def second(self, tick: Tick, samples: Sequence[Sample]) -> None:
        """See Show."""
        if tick.second % BEAT_SECONDS == BEAT_SECONDS - 1 and tick.second < self._scenario.seconds:
            counts = tick.counts
            self._say(
                f"{_phase(self._scenario, tick.second)}: {tick.connected:,} connected, "
                f"{counts['sent']:,} sent/s, {counts['acked']:,} acked/s, {counts['received']:,} received/s, "
                f"delivery p50 {_ms(tick, 'delivery', 50)} p99 {_ms(tick, 'delivery', 99)} ms"
                f"{''.join(_usage(sample) for sample in samples)}"
            )

    def fault(self, text: str) -> None:
        """See Show."""
        self._say(f"fault: {text}")

    def _say(self, text: str) -> None:
        print(f"  {text}", file=self._stream, flush=True)


class Picture(Show):
    """A picture of the run on a terminal."""

    def __init__(self, scenario: Scenario, console: Console) -> None:
        self._scenario = scenario
        self._live = Live(console=console, refresh_per_second=4, transient=True)
        self._stage = "starting"
        self._tick: Tick | None = None
        self._samples: Sequence[Sample] = ()
        self._events: deque[str] = deque(maxlen=EVENTS)
        self._rates: deque[float] = deque(maxlen=KEPT)
        self._waits: deque[float] = deque(maxlen=KEPT)
        self._sums: dict[str, int] = {}
        self._began = time.monotonic()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def stage(self, text: str) -> None:
        """See Show."""
        self._stage = text
        self._draw()

    def second(self, tick: Tick, samples: Sequence[Sample]) -> None:
        """See Show."""
        self._tick, self._samples = tick, samples
        self._rates.append(float(tick.counts["received"]))
        self._waits.append(tick.waits.get("delivery", Histogram()).at(99) or 0.0)
        for name, count in tick.counts.items():
            self._sums[name] = self._sums.get(name, 0) + count
        self._draw()

    def fault(self, text: str) -> None:
        """See Show."""
        self._events.append(f"{self._second:4d} s  {text}")
        self._draw()

    @property
    def _second(self) -> int:
        return self._tick.second + 1 if self._tick is not None else 0

    def _draw(self) -> None:
        self._live.update(Group(self._head(), self._body(), self._foot()))

    def _head(self) -> Table:
        whole = self._scenario.seconds
        head = Table.grid(padding=(0, 2), expand=True)
        head.add_column()
        head.add_column(ratio=1)
        head.add_column(justify="right")
        left = max(0, int(whole) - self._second)
        stage = _phase(self._scenario, self._second) if 0 < self._second < whole else self._stage
        head.add_row(
            Text(f"{self._scenario.name}: {stage}", style="bold"),
            ProgressBar(total=whole, completed=min(self._second, whole)),
            f"{left // 60}:{left % 60:02d} left",
        )
        return head

    def _body(self) -> Table:
        table = Table.grid(padding=(0, 3))
        for _ in range(4):
            table.add_column(justify="left")
        tick = self._tick
        if tick is None:
            return table
        counts = tick.counts
        table.add_row("connected", f"{tick.connected:,}", "lost / resumed", self._both("lost_connections", "resumed"))
        table.add_row(
            "sent, acked /s", f"{counts['sent']:,}, {counts['acked']:,}", "received /s", f"{counts['received']:,}"
        )
        table.add_row(
            "delivery ms",
            f"p50 {_ms(tick, 'delivery', 50)}  p99 {_ms(tick, 'delivery', 99)}  max {_ms(tick, 'delivery', 100)}",
            "ack ms",
            f"p50 {_ms(tick, 'ack', 50)}  p99 {_ms(tick, 'ack', 99)}",
        )
        table.add_row("received", _spark(self._rates), "p99", _spark(self._waits))
        for sample in self._samples:
            table.add_row(sample.server, _usage(sample).removeprefix(f"; {sample.server} "), "", "")
        table.add_row("generator late", f"p99 {_ms(tick, 'lag', 99)} ms", "synced", f"{self._sums.get('synced', 0):,}")
        return table

    def _both(self, first: str, second: str) -> str:
        return f"{self._sums.get(first, 0):,} / {self._sums.get(second, 0):,}"

    def _foot(self) -> Text:
        return Text("\n".join(self._events), style="yellow")


def _spark(values: Sequence[float]) -> str:
    most = max(values, default=0.0)
    return "".join(BARS[int(value / most * (len(BARS) - 1))] if most else BARS[0] for value in values)


def _phase(scenario: Scenario, second: int) -> str:
    ends = 0.0
    for phase in scenario.phases:
        ends += phase.duration
        if second < ends:
            return phase.name
    return "settling"


def _ms(tick: Tick, name: str, percent: float) -> str:
    value = tick.waits.get(name, Histogram()).at(percent)
    return "-" if value is None else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def _usage(sample: Sample) -> str:
    parts = []
    if sample.cpu is not None:
        parts.append(f"{sample.cpu:.0%} CPU")
    if sample.rss is not None:
        parts.append(f"{sample.rss / 1e6:.0f} MB")
    if sample.lag_ms is not None:
        parts.append(f"lag {sample.lag_ms:.1f} ms")
    return f"; {sample.server} {', '.join(parts)}" if parts else ""
