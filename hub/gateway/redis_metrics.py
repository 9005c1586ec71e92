"""What the bus tells Prometheus."""

from prometheus_client import Counter, Gauge

echo_seconds = Gauge("hub_bus_echo_seconds", "Time from this node to Redis and back through the bus", ["server"])
link_up = Gauge("hub_bus_link_up", "Whether this node is connected to that server", ["server", "link"])
sent = Counter("hub_bus_sent_total", "Payloads that this node gave to Redis")
received = Counter("hub_bus_received_total", "Payloads of other nodes for rooms of this node")
own = Counter("hub_bus_own_total", "Payloads of this node that Redis brought back")
refused = Counter("hub_bus_refused_total", "Payloads that no node can have made")
unconfirmed = Counter("hub_bus_unconfirmed_total", "Payloads that Redis did not confirm")
breaks = Counter("hub_bus_broken_rooms_total", "Rooms whose members may have missed frames and are told so")


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
