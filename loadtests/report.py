"""Writes what a run has shown: run.json, series.csv, and report.html, which needs nothing but itself."""

import csv
import math
from collections.abc import Sequence
from html import escape
from io import StringIO
from pathlib import Path
from string import Template

import msgspec

from loadtests.figures import whole
from loadtests.histogram import Histogram, Percentiles
from loadtests.history import sentence
from loadtests.outcome import Check, FaultSeen, Outcome
from loadtests.recorder import Tick
from loadtests.timecharts import Band, Chart, Series, Value, svg
from loadtests.words import NAMES, figure, milliseconds

TEMPLATE = Path(__file__).with_name("report.html")
LATENCIES = ((50, "p50", "r0"), (90, "p90", "r1"), (99, "p99", "r2"), (100, "max", "r3"))
CURVE = (50, 60, 70, 80, 85, 90, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99, 99.995, 99.999)
COLOURS = ("c0", "c1", "c2", "c3", "c4", "c5")
FEW = 4
"""Examples that are shown without asking."""
COUNTED = ("sent", "acked", "received", "connected", "lost_connections", "resumed", "synced", "typing", "read")


def write_all(outcome: Outcome, folder: Path) -> None:
    """The three files."""
    encoded = msgspec.json.encode({**msgspec.structs.asdict(outcome), "passed": outcome.passed}, enc_hook=float)
    (folder / "run.json").write_bytes(msgspec.json.format(encoded))
    (folder / "series.csv").write_text(series(outcome), encoding="utf-8", newline="")
    (folder / "report.html").write_text(html(outcome), encoding="utf-8")


def series(outcome: Outcome) -> str:
    """One line a second: counts, waits, and what each server used then."""
    servers = list(dict.fromkeys(sample.server for sample in outcome.samples))
    at = {(sample.server, round(sample.at)): sample for sample in outcome.samples}
    text = StringIO()
    writer = csv.writer(text)
    head = ["second", "sessions", *COUNTED]
    head += [f"{name}_{figure}_ms" for name in ("delivery", "ack") for _, figure, _ in LATENCIES]
    head += [f"{server}_{what}" for server in servers for what in ("cpu", "rss_bytes", "loop_lag_ms")]
    writer.writerow(head)
    for tick in outcome.ticks:
        row: list[object] = [tick.second, tick.connected, *(tick.counts[name] for name in COUNTED)]
        for name in ("delivery", "ack"):
            row += tick.waits.get(name, Histogram()).at_each([percent for percent, _, _ in LATENCIES])
        for server in servers:
            sample = at.get((server, tick.second))
            row += [None, None, None] if sample is None else [sample.cpu, sample.rss, sample.lag_ms]
        writer.writerow(["" if each is None else each for each in row])
    return text.getvalue()


def html(outcome: Outcome) -> str:
    """The report."""
    scenario, verdict = outcome.scenario, outcome.verdict
    good = "good" if outcome.passed else "bad"
    return Template(TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=escape(f"{scenario.name}: load test of {outcome.at[:10]}"),
        name=escape(scenario.name),
        badge=f'<span class="badge {good}">{"Passed" if outcome.passed else "Failed"}</span>',
        about=escape(scenario.about),
        meta=escape(
            f"{outcome.at.replace('T', ' ')} · hub {outcome.hub} · {scenario.seconds:g} s · "
            f"{', '.join(outcome.started) or ', '.join(outcome.target)} · {scenario.processes} generator"
            f"{'s' if scenario.processes > 1 else ''}, seed {scenario.seed}"
        ),
        tiles=_tiles(outcome),
        verdict_class="good" if verdict.kept else "bad",
        verdict_title="Every promise was kept" if verdict.kept else "A promise was broken",
        verdict=escape(sentence(verdict).partition(". ")[2] or sentence(verdict)),
        promises="".join(
            f'<span class="{"bad" if count else ""}">{escape(name.replace("_", " "))} {count:,}</span>'
            for name, count in verdict.broken().items()
        ),
        examples=_list(verdict.examples),
        notes="".join(f'<p class="note">{escape(note)}</p>' for note in outcome.notes),
        charts="".join(_charts(outcome)),
        faults=_faults(outcome.faults),
        waits=_waits(outcome),
        phases=_phases(outcome),
        thresholds=_thresholds(outcome.checks),
        figures=_table(
            ("", "value"),
            [(escape(name.replace("_", " ")), figure(value)) for name, value in outcome.figures.items()],
        ),
        counts="".join(
            f"<div><span>{escape(name.replace('_', ' '))}</span><span>{count:,}</span></div>"
            for name, count in outcome.counts.items()
        ),
        machine=escape(str(outcome.machine)).replace("\n", "<br>"),
    )


def _tiles(outcome: Outcome) -> str:
    delivery = outcome.waits.get("delivery")
    figures = outcome.figures
    tiles = [
        ("delivery p50", *_wait(delivery.p50 if delivery else None)),
        ("delivery p99", *_wait(delivery.p99 if delivery else None)),
        ("delivery p99.9", *_wait(delivery.p99_9 if delivery else None)),
        ("acknowledged", whole(figures.get("acked_per_second")), "/s"),
        ("received", whole(figures.get("received_per_second")), "/s"),
        ("connected", whole(figures.get("connections_max")), ""),
        ("acked but lost", f"{outcome.verdict.acked_lost:,}", ""),
        ("CPU a message", whole(figures.get("server_cpu_us_per_message")), "µs"),
    ]
    if figures.get("rss_per_connection_kb") is not None:
        tiles.append(("RSS a connection", figure(figures["rss_per_connection_kb"]), "kB"))
    if figures.get("healed_seconds") is not None:
        tiles.append(("slowest healing", figure(figures["healed_seconds"]), "s"))
    return "".join(
        f'<div class="tile"><b>{escape(value)} <span>{escape(unit)}</span></b><small>{escape(name)}</small></div>'
        for name, value, unit in tiles
    )


def _wait(value: float | None) -> tuple[str, str]:
    """A wait in a unit that keeps it short."""
    return (milliseconds(value), "ms") if value is None or value < 1000 else (f"{value / 1000:.2f}", "s")


# --- charts -----------------------------------------------------------------------------------------------------------


def _charts(outcome: Outcome) -> list[str]:
    ticks = [tick for tick in outcome.ticks if tick.second >= 0]
    xs = [float(tick.second) for tick in ticks]
    bands = _bands(outcome)
    found = [
        Chart(
            name="latency",
            title="Delivery",
            about="From when a message was due to the sockets of the other members; logarithmic.",
            xs=xs,
            series=_latencies(ticks, "delivery"),
            shown=_milliseconds,
            log=True,
            wide=True,
            bands=bands,
        ),
        Chart(
            name="throughput",
            title="Messages a second",
            about="Sent by people, acknowledged by the hub, received by all members.",
            xs=xs,
            series=[
                Series(name, [float(tick.counts[name]) for tick in ticks], style)
                for name, style in (("sent", "c1"), ("acked", "c0"), ("received", "c2"))
            ],
            shown=_count,
            bands=bands,
        ),
        _distribution(outcome),
        Chart(
            name="acks",
            title="Acknowledgements",
            about="From when a message was due to the sender's ack, which means committed; logarithmic.",
            xs=xs,
            series=_latencies(ticks, "ack"),
            shown=_milliseconds,
            log=True,
            bands=bands,
        ),
        Chart(
            name="connections",
            title="Connections",
            about="Sessions that were ready at the end of each second, and connections lost in it.",
            xs=xs,
            series=[
                Series("connected", [float(tick.connected) for tick in ticks], "c0"),
                Series("lost", [float(tick.counts["lost_connections"]) for tick in ticks], "c5"),
            ],
            shown=_count,
            bands=bands,
        ),
        *_usage(outcome, bands),
    ]
    return [svg(chart) for chart in found]


def _bands(outcome: Outcome) -> list[Band]:
    phases = [Band(phase.begins, phase.ends, phase.name, "phase") for phase in outcome.phases]
    ends = outcome.scenario.seconds
    return phases + [
        Band(fault.began, fault.mended or ends, f"{number} {fault.label}", "fault")
        for number, fault in enumerate(outcome.faults, start=1)
    ]


def _latencies(ticks: Sequence[Tick], name: str) -> list[Series]:
    return [
        Series(shown, [tick.waits.get(name, Histogram()).at(percent) for tick in ticks], style)
        for percent, shown, style in LATENCIES
    ]


def _distribution(outcome: Outcome) -> Chart:
    """Waits by percentile; each step to the right is ten times rarer."""
    shown = [name for name in ("delivery", "ack", "read", "connect") if name in outcome.histograms]
    most = max((outcome.histograms[name].total for name in shown), default=0)
    curve = [percent for percent in CURVE if percent < 100 * (1 - 1 / most)] if most else []
    return Chart(
        name="distribution",
        title="Percentiles",
        about="How long the slowest part waited; each step to the right is ten times rarer.",
        xs=[_rarity(percent) for percent in curve],
        series=[
            Series(NAMES[name], _curve(outcome.histograms[name], curve), style)
            for name, style in zip(shown, COLOURS, strict=False)
        ],
        shown=_milliseconds,
        log=True,
        x_ticks=[(_rarity(each), f"{each:g} %") for each in (50, 90, 99, 99.9, 99.99, 99.999) if each in curve],
        x_shown=lambda rarity: f"{round(100 * (1 - 10**-rarity), 4):g} % waited at most",
    )


def _curve(histogram: Histogram, curve: Sequence[float]) -> list[Value]:
    known = [percent for percent in curve if percent < 100 * (1 - 1 / histogram.total)]
    return [*histogram.at_each(known), *([None] * (len(curve) - len(known)))]


def _rarity(percent: float) -> float:
    return -math.log10(1 - percent / 100)


def _usage(outcome: Outcome, bands: Sequence[Band]) -> list[Chart]:
    servers = list(dict.fromkeys(sample.server for sample in outcome.samples))
    xs = sorted({float(round(sample.at)) for sample in outcome.samples if sample.at >= 0})
    at = {(sample.server, float(round(sample.at))): sample for sample in outcome.samples}

    def lines(field: str, by: float) -> list[Series]:
        found = []
        for server, style in zip(servers, COLOURS * 4, strict=False):
            values = [getattr(at.get((server, x)), field, None) for x in xs]
            if any(value is not None for value in values):
                found.append(Series(server, [None if value is None else value * by for value in values], style))
        return found

    charts = [
        Chart(
            name="cpu",
            title="CPU",
            about="Part of one core that each server process used.",
            xs=xs,
            series=lines("cpu", 100),
            shown=lambda value: f"{value:.3g} %",
            bands=bands,
        ),
        Chart(
            name="memory",
            title="Memory",
            about="Resident memory of each server process.",
            xs=xs,
            series=lines("rss", 1e-6),
            shown=lambda value: f"{value:.4g} MB",
            bands=bands,
        ),
    ]
    lag = lines("lag_ms", 1)
    if lag:
        charts.append(
            Chart(
                name="lag",
                title="Loop lag",
                about="How late the gateways' event loops were with their timers.",
                xs=xs,
                series=lag,
                shown=_milliseconds,
                bands=bands,
            )
        )
    return charts


def _milliseconds(value: float) -> str:
    return f"{value / 1000:.3g} s" if value >= 1000 else f"{value:.3g} ms"


def _count(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


# --- tables -----------------------------------------------------------------------------------------------------------


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[int] = ()) -> str:
    """Cells are HTML already; columns in `text` stand left and may break."""

    def cell(number: int, value: str) -> str:
        kind = ' class="text"' if number in text else ""
        return f"<td{kind}>{value}</td>"

    shown = "".join("<tr>" + "".join(cell(*each) for each in enumerate(row)) + "</tr>" for row in rows)
    return (
        f"<table><thead><tr>{''.join(f'<th>{each}</th>' for each in head)}</tr></thead><tbody>{shown}</tbody></table>"
    )


def _list(texts: Sequence[str]) -> str:
    """The first few, and the rest behind a word."""
    shown = [f"<li>{escape(each)}</li>" for each in texts]
    few, rest = "".join(shown[:FEW]), "".join(shown[FEW:])
    more = f"<details><summary>{len(shown) - FEW} more</summary><ul>{rest}</ul></details>" if rest else ""
    return f"<ul>{few}</ul>{more}" if few else ""


def _percentiles(waits: Percentiles | None) -> list[str]:
    if waits is None:
        return ["-"] * 5
    return [milliseconds(each) for each in (waits.p50, waits.p90, waits.p99, waits.p99_9, waits.max)]


def _waits(outcome: Outcome) -> str:
    rows = [[escape(NAMES[name]), f"{waits.count:,}", *_percentiles(waits)] for name, waits in outcome.waits.items()]
    return _table(("", "count", "p50", "p90", "p99", "p99.9", "max"), rows)


def _phases(outcome: Outcome) -> str:
    rows = []
    for phase in outcome.phases:
        seconds = phase.ends - phase.begins
        name = escape(phase.name) + ("" if phase.measured else ' <span class="quiet">not measured</span>')
        rates = [f"{count / seconds:,.0f}" if seconds else "-" for count in (phase.sent, phase.acked, phase.received)]
        p50, _, p99, _, longest = _percentiles(phase.delivery)
        rows.append([name, f"{phase.begins:g} to {phase.ends:g} s", *rates, p50, p99, longest])
    return _table(("", "when", "sent/s", "acked/s", "received/s", "p50 ms", "p99 ms", "max ms"), rows)


def _thresholds(checks: Sequence[Check]) -> str:
    rows = []
    for check in checks:
        bound = "at least" if check.name.endswith("_at_least") else "at most"
        word = '<span class="good">✓ pass</span>' if check.passed else '<span class="bad">✗ fail</span>'
        name = escape(check.name.removesuffix("_at_least").replace("_", " "))
        value = "not measured" if check.value is None else figure(check.value)
        rows.append([name, f"{bound} {figure(check.limit)}", value, word])
    return _table(("", "limit", "value", ""), rows)


def _faults(faults: Sequence[FaultSeen]) -> str:
    if not faults:
        return ""
    rows = []
    for number, fault in enumerate(faults, start=1):
        mended = "-" if fault.mended is None else f"{fault.mended:.1f} s"
        healed = fault.problem or ("-" if fault.healed is None else f"{fault.healed:.2f} s")
        rows.append([f"{number} {escape(fault.label)}", f"{fault.began:.1f} s", mended, escape(healed)])
    about = (
        "Healed: from the mending until the last message that came more than a second after it was due. "
        "0 means that every message was on time again before that."
    )
    table = _table(("", "began", "mended", "healed after"), rows)
    return (
        f'<h2>Faults</h2><p class="quiet" style="margin-bottom:10px">{about}</p><div class="card scroll">{table}</div>'
    )
