"""Scenario files: what a load test does, as data. Every mistake in one is told with its line and what to write."""

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from loadtests.durations import Seconds, seconds_of

Count = Annotated[int, Meta(ge=0)]
Part = Annotated[float, Meta(ge=0, le=1)]
Rate = Annotated[float, Meta(ge=0)]
FAULTS = ("kill_node", "stop_node", "pause_node", "cut_node", "restart_redis", "restart_postgres")
OF_A_NODE = FAULTS[:4]

MOST_SECONDS = 3600.0
MOST_PEOPLE = 50_000
MOST_RATE = 20_000.0
MOST_PROCESSES = 32
MOST_ARRIVALS = 5_000_000


class ScenarioError(Exception):
    """The scenario cannot be run; each problem says where and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The root of all parts of a scenario."""


class Target(_Strict, frozen=True, kw_only=True):
    """A hub that runs already. Its secret comes from HUB_JWT_SECRET, else it is the development one."""

    url: str = ""
    urls: list[str] = []
    """Several gateways of one cluster; people are spread over them."""

    @property
    def all(self) -> list[str]:
        """Every gateway."""
        return [each.rstrip("/") for each in ([self.url] if self.url else []) + self.urls]


class Topology(_Strict, frozen=True, kw_only=True):
    """A cluster that the tool starts and ends."""

    gateways: Annotated[int, Meta(ge=1, le=8)] = 1
    database: Literal["sqlite", "postgresql"] = "postgresql"
    redis: bool = False
    worker: bool = True
    """As a process of its own; without it the first gateway hosts the worker."""


class Ramp(_Strict, frozen=True, kw_only=True):
    """A rate that rises or falls evenly through the phase."""

    start: Rate
    end: Rate


class Mix(_Strict, frozen=True, kw_only=True):
    """How often each thing is done, in relation to the others."""

    message: Rate = 0
    typing: Rate = 0
    read: Rate = 0
    """A receipt for the newest message of a conversation that has something unread."""
    live: Rate = 0
    """A message into the live room."""
    reconnect: Rate = 0
    """A person's connection breaks; they come back within two seconds."""

    @property
    def weights(self) -> dict[str, float]:
        """What is done at all, with its weight."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}


class Storm(_Strict, frozen=True, kw_only=True):
    """Many connections break at once, and everybody comes back."""

    at: Seconds
    """After the phase began."""
    share: Annotated[float, Meta(gt=0, le=1)] = 1.0
    over: Seconds = Seconds(1)
    """People come back spread over this time."""


class Phase(_Strict, frozen=True, kw_only=True):
    """A stretch of the run with one load."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    duration: Seconds
    connections: Count | None = None
    """How many people are connected; as in the phase before when left out (the first: everybody)."""
    connect_over: Seconds = Seconds(0)
    """Spreads the connecting over this time."""
    rate: Rate | Ramp = 0.0
    """Things done a second, of all kinds in `mix`, whatever the server does."""
    arrivals: Literal["poisson", "constant"] = "poisson"
    mix: Mix | None = None
    """As in the scenario when left out."""
    storm: Storm | None = None
    slow_readers: Count = 0
    """So many of the people read next to nothing while the phase lasts."""
    half_open: Count = 0
    """So many more sockets connect and then never answer, read or close."""
    measured: bool = True
    """False: warming up; its latencies do not count, its promises do."""

    @property
    def ramp(self) -> Ramp:
        """The rate at both ends."""
        return self.rate if isinstance(self.rate, Ramp) else Ramp(start=self.rate, end=self.rate)


class Fault(_Strict, frozen=True, kw_only=True, rename={"for_": "for"}):
    """Something that is broken on purpose, and mended after `for`."""

    at: Seconds
    """After the first phase began."""
    do: Literal["kill_node", "stop_node", "pause_node", "cut_node", "restart_redis", "restart_postgres"]
    for_: Seconds = Seconds(3)
    """How long until it is mended: the node started again, let go on, or joined to Redis again."""
    node: Count = 0

    @property
    def label(self) -> str:
        """As people say it."""
        what = {
            "kill_node": f"kill -9 node {self.node}",
            "stop_node": f"SIGTERM node {self.node}",
            "pause_node": f"pause node {self.node}",
            "cut_node": f"cut node {self.node} from Redis",
            "restart_redis": "restart Redis",
            "restart_postgres": "restart PostgreSQL",
        }[self.do]
        return f"{what} for {self.for_:g} s"


class Tokens(_Strict, frozen=True, kw_only=True):
    """How long people's tokens last."""

    seconds: Seconds = Seconds(3600)
    refresh: Part = 1.0
    """The part of the people who renew theirs in time; the others' sessions expire, and they connect again."""


class Live(_Strict, frozen=True, kw_only=True):
    """A live room that everybody, or a part of the people, joins."""

    viewers: Annotated[int, Meta(ge=1)]
    kind: Literal["live", "announcement"] = "live"


class Thresholds(_Strict, frozen=True, kw_only=True):
    """What the run must keep to. At most, unless the name says otherwise. The promises are always checked."""

    p50_ms: float | None = None
    p90_ms: float | None = None
    p99_ms: float | None = None
    p99_9_ms: float | None = None
    max_ms: float | None = None
    ack_p99_ms: float | None = None
    connect_p99_ms: float | None = None
    acked_lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    left_behind: int = 0
    """Clients that did not have everything until they asked for it at the end."""
    not_converged: int = 0
    """Receipts and unread counts that differ from the server's."""
    unanswered: int = 0
    """Messages that were never acknowledged, although they were sent again."""
    refused: int = 0
    healed_seconds: float | None = None
    """After a fault was mended, until every message arrives within a second again."""
    lag_p99_ms: float | None = None
    """How late the generator was: above 5 ms it measures itself."""
    loop_lag_max_ms: float | None = None
    server_cpu_us_per_message: float | None = None
    rss_growth_percent: float | None = None
    """The gateways' memory between the first and the last fifth of the measured time with all connections."""
    acked_per_second_at_least: float | None = None


class Scenario(_Strict, frozen=True, kw_only=True):
    """A whole load test."""

    name: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,59}$")]
    about: str = ""
    target: Target | None = None
    topology: Topology | None = None
    seed: int = 1
    processes: Annotated[int, Meta(ge=1, le=MOST_PROCESSES)] = 1
    """Generators; people are split among them."""
    source_addresses: Annotated[int, Meta(ge=1, le=250)] = 1
    """People come from so many addresses of 127.0.0.0/8."""
    people: Annotated[int, Meta(ge=2)]
    members: Annotated[int, Meta(ge=2, le=50)] = 2
    """Of each conversation."""
    conversations_each: Annotated[int, Meta(ge=1, le=50)] = 1
    """How many conversations each person takes part in."""
    body_bytes: Annotated[int, Meta(ge=1, le=8192)] = 80
    tokens: Tokens = Tokens()
    live: Live | None = None
    mix: Mix = Mix(message=1)
    phases: Annotated[list[Phase], Meta(min_length=1, max_length=50)]
    faults: Annotated[list[Fault], Meta(max_length=50)] = []
    settle: Seconds = Seconds(10)
    """The longest wait for everything to arrive after the last phase."""
    answer_within: Seconds = Seconds(10)
    """A message without an ack for so long is sent again, under the same id."""
    thresholds: Thresholds = Thresholds()

    @property
    def seconds(self) -> float:
        """How long all phases take."""
        return sum(phase.duration for phase in self.phases)

    @property
    def arrivals(self) -> float:
        """About how many things are done."""
        return sum((phase.ramp.start + phase.ramp.end) / 2 * phase.duration for phase in self.phases)

    def mix_of(self, phase: Phase) -> Mix:
        """What is done in a phase."""
        return self.mix if phase.mix is None else phase.mix


def load(path: Path) -> Scenario:
    """The scenario in a file. Raises ScenarioError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
        raise ScenarioError([f"{path}: cannot be read: {reason}"]) from None
    return parse(text, str(path))


def parse(text: str, name: str = "scenario") -> Scenario:
    """The scenario in a YAML text; `name` stands in front of each problem. Raises ScenarioError."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScenarioError([f"{name}:{line}: not YAML: {error.problem}"]) from None
    except yaml.YAMLError as error:
        raise ScenarioError([f"{name}: not YAML: {error}"]) from None
    try:
        scenario = msgspec.convert(data, Scenario, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ScenarioError([_told(name, node, str(error))]) from None
    problems = [f"{name}:{_line(node, path)}: {problem}" for path, problem in _contradictions(scenario)]
    if problems:
        raise ScenarioError(problems)
    return scenario


def _decode(kind: type, value: Any) -> Any:
    if kind is Seconds:
        return seconds_of(value)
    raise NotImplementedError


PATH = re.compile(r"\.([A-Za-z_0-9]+)|\[(\d+)\]")
UNKNOWN = re.compile(r"unknown field `([^`]*)`")
MISSING = re.compile(r"missing required field `([^`]*)`")
STRUCTS: dict[str, type[Struct]] = {
    "": Scenario,
    "target": Target,
    "topology": Topology,
    "phases": Phase,
    "mix": Mix,
    "storm": Storm,
    "rate": Ramp,
    "faults": Fault,
    "tokens": Tokens,
    "live": Live,
    "thresholds": Thresholds,
}


def _told(name: str, node: Any, error: str) -> str:
    """A validation error with its line, and what is possible instead."""
    problem, _, where = error.partition(" - at `$")
    path: list[str | int] = [key or int(index) for key, index in PATH.findall(where)]
    fields = [each for each in path if isinstance(each, str)]
    advice = ""
    if found := UNKNOWN.search(problem):
        path.append(found[1])
        known = [
            field.encode_name for field in msgspec.structs.fields(STRUCTS.get(fields[-1] if fields else "", Scenario))
        ]
        close = difflib.get_close_matches(found[1], known, n=1)
        advice = f"; did you mean `{close[0]}`?" if close else f"; there are {', '.join(known)}"
    elif found := MISSING.search(problem):
        advice = f"; add `{found[1]}: …`"
    place = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).lstrip(".") or "the file"
    return f"{name}:{_line(node, path)}: {place}: {problem[:1].lower()}{problem[1:]}{advice}"


def _line(node: Any, path: list[str | int]) -> int:
    """The line of what stands at `path`, or of the nearest thing around it."""
    line: int = node.start_mark.line + 1 if node is not None else 1
    for part in path:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            match = next(((key, value) for key, value in node.value if key.value == part), None)
            if match is None:
                break
            line, node = match[0].start_mark.line + 1, match[1]
        else:
            break
    return line


def _contradictions(scenario: Scenario) -> list[tuple[list[str | int], str]]:
    """What fits each field alone, but not together."""
    found: list[tuple[list[str | int], str]] = []
    if (scenario.target is None) == (scenario.topology is None):
        found.append(
            (["target"], "name either `target` (a hub that runs) or `topology` (one that is started for the run)")
        )
    if scenario.target is not None and not scenario.target.all:
        found.append((["target"], "target: name the hub's address: `url: http://127.0.0.1:8080`"))
    if scenario.topology is not None:
        found += [(["topology"], problem) for problem in _in_topology(scenario.topology)]
    if scenario.people < scenario.members:
        found.append((["people"], f"people: {scenario.people} are too few for conversations of {scenario.members}"))
    for number, phase in enumerate(scenario.phases):
        found += [(["phases", number, *path], problem) for path, problem in _in_phase(scenario, phase)]
    if scenario.faults and scenario.topology is None:
        found.append((["faults"], "faults need a cluster of the tool's own: name `topology` instead of `target`"))
    for number, fault in enumerate(scenario.faults):
        problem = _in_fault(scenario, fault)
        if problem:
            found.append((["faults", number], f"{fault.do}: {problem}"))
    return [*found, *_too_much(scenario)]


def _in_topology(topology: Topology) -> list[str]:
    if topology.gateways > 1 and topology.database == "sqlite":
        return ["topology: several gateways need `database: postgresql`"]
    if topology.gateways > 1 and not topology.redis:
        return ["topology: several gateways hear of each other through Redis: add `redis: true`"]
    return []


def _in_phase(scenario: Scenario, phase: Phase) -> list[tuple[list[str | int], str]]:
    found: list[tuple[list[str | int], str]] = []
    mix = scenario.mix_of(phase).weights
    if phase.connections is not None and phase.connections > scenario.people:
        found.append((["connections"], f"{phase.connections} connections, but there are only {scenario.people} people"))
    if max(phase.ramp.start, phase.ramp.end) > 0 and not mix:
        found.append(([], f"{phase.name}: a rate, but nothing to do: give `mix` a weight, as in `message: 1`"))
    if "live" in mix and scenario.live is None:
        found.append((["mix"], "live: there is no live room: add `live: {viewers: …}`"))
    if phase.storm is not None and phase.storm.at >= phase.duration:
        found.append((["storm"], "storm: `at` lies behind the end of the phase"))
    if phase.connect_over > phase.duration:
        found.append((["connect_over"], "connect_over: is longer than the phase"))
    if phase.slow_readers > scenario.people:
        found.append(
            (["slow_readers"], f"{phase.slow_readers} slow readers, but there are only {scenario.people} people")
        )
    return found


def _in_fault(scenario: Scenario, fault: Fault) -> str:
    topology = scenario.topology or Topology()
    if fault.at + fault.for_ > scenario.seconds:
        return f"`at` and `for` end after the last phase, which ends at {scenario.seconds:g} s"
    if fault.do in OF_A_NODE and fault.node >= topology.gateways:
        return f"there is no node {fault.node}: nodes are 0 to {topology.gateways - 1}"
    if fault.do in {"cut_node", "restart_redis"} and not topology.redis:
        return "there is no Redis: add `redis: true` to `topology`"
    if fault.do == "restart_postgres" and topology.database != "postgresql":
        return "there is no PostgreSQL: set `database: postgresql` in `topology`"
    return ""


def _too_much(scenario: Scenario) -> list[tuple[list[str | int], str]]:
    """The bounds: a typing error must not become an attack."""
    most = max(max(phase.ramp.start, phase.ramp.end) for phase in scenario.phases)
    checks: list[tuple[bool, list[str | int], str]] = [
        (scenario.people > MOST_PEOPLE, ["people"], f"people: at most {MOST_PEOPLE:,}"),
        (
            scenario.seconds > MOST_SECONDS,
            ["phases"],
            f"the phases take {scenario.seconds:g} s; at most {MOST_SECONDS:g}",
        ),
        (most > MOST_RATE, ["phases"], f"a rate of {most:g} a second; at most {MOST_RATE:g}"),
        (
            scenario.arrivals > MOST_ARRIVALS,
            ["phases"],
            f"about {scenario.arrivals:,.0f} arrivals in all; at most {MOST_ARRIVALS:,}",
        ),
    ]
    return [(path, problem) for wrong, path, problem in checks if wrong]
