"""What the bus tells Prometheus, and a log that repeats itself seldom."""

import time

import structlog
from prometheus_client import Counter, Gauge

log = structlog.get_logger()

echo_seconds = Gauge("hub_bus_echo_seconds", "Time from this node to Redis and back through the bus", ["server"])
link_up = Gauge("hub_bus_link_up", "Whether this node is connected to that server", ["server", "link"])
sent = Counter("hub_bus_sent_total", "Payloads that this node gave to Redis")
received = Counter("hub_bus_received_total", "Payloads of other nodes for rooms of this node")
own = Counter("hub_bus_own_total", "Payloads of this node that Redis brought back")
refused = Counter("hub_bus_refused_total", "Payloads that no node can have made")
unconfirmed = Counter("hub_bus_unconfirmed_total", "Payloads that Redis did not confirm")
breaks = Counter("hub_bus_broken_rooms_total", "Rooms whose members may have missed frames and are told so")

SAY_EVERY_SECONDS = 10.0


class Traffic:
    """What one node has sent and received; plain numbers on the fast path, given to Prometheus by `flush`."""

    __slots__ = ("_told", "own", "received", "refused", "sent", "unconfirmed", "unwanted")

    def __init__(self) -> None:
        self.sent = 0
        self.received = 0
        self.own = 0
        self.refused = 0
        self.unconfirmed = 0
        self.unwanted = 0
        """Frames of rooms that had been left a moment before."""
        self._told = dict.fromkeys(COUNTERS, 0)

    def flush(self) -> None:
        """Brings the counters of Prometheus up to date."""
        for name, counter in COUNTERS.items():
            value = getattr(self, name)
            counter.inc(value - self._told[name])
            self._told[name] = value


COUNTERS = {"sent": sent, "received": received, "own": own, "refused": refused, "unconfirmed": unconfirmed}


class Seldom:
    """Logs a kind of trouble at most once in ten seconds, with how often it was there meanwhile."""

    def __init__(self, event: str) -> None:
        self._event = event
        self._next = 0.0
        self._times = 0

    def say(self, **details: object) -> None:
        """There is trouble."""
        self._times += 1
        now = time.monotonic()
        if now >= self._next:
            log.warning(self._event, times=self._times, **details)
            self._next, self._times = now + SAY_EVERY_SECONDS, 0
