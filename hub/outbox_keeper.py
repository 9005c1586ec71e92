"""Keeps the outbox small, and says how much waits in it."""

from prometheus_client import Counter, Gauge

from persistence import outbox, outbox_rotation
from persistence.uow import Database

waiting = Gauge("hub_outbox_waiting", "Events in the outbox whose reactions are not done; counted up to 100,000")
dead = Gauge("hub_outbox_dead", "Events in the outbox that were given up")
oldest = Gauge("hub_outbox_oldest_seconds", "Age of the oldest event whose reactions are not done")
rotations = Counter("hub_outbox_rotations_total", "Partitions of the outbox that were emptied")

EVERY_SECONDS = 5.0


class OutboxKeeper:
    """Measures and rotates; to be called every few seconds by whoever runs the relay."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def run_once(self) -> int:
        """Always 0: there is never more to do at once."""
        await self.measure()
        await self.rotate()
        return 0

    async def measure(self) -> None:
        """Sets the gauges."""
        async with self._database.read() as connection:
            count, lost, since = await outbox.backlog(connection)
        waiting.set(count)
        dead.set(lost)
        oldest.set(0 if since is None else max(0, self._database.clock.now() - since) / 1000)

    async def rotate(self, slot: int | None = None) -> bool:
        """Empties the partition of `slot`, by default the one whose turn it is; whether that was done."""
        if self._database.connections.is_sqlite:
            return False
        async with self._database.begin() as tx:
            chosen = await outbox_rotation.slot_to_empty(tx.connection) if slot is None else slot
            emptied = await outbox_rotation.empty(tx.connection, chosen)
        if emptied:
            rotations.inc()
        return emptied
