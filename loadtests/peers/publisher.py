"""`python -m loadtests.peers.publisher DATABASE REDIS`: a service that tells people of things, by order (see `steps`).

It commits as the hub's own services do: the event is emitted into the transaction, which is the whole of its work.
"""

import argparse
import asyncio
import time

import uvloop

from hub.bootstrap import Hub, bootstrap
from hub.events import EventPublished
from hub.ids import new_id
from hub.observability import configure_logging
from loadtests.configuration import settings
from loadtests.population import add_people, person
from loadtests.steps import Orders, obey

TYPE = "payment.settled"
"""A receipt by e-mail, at once, and an entry of the inbox."""
PATIENCE_SECONDS = 60.0


class Publisher:
    """The orders."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def orders(self) -> Orders:
        """By name."""
        return {"people": self._people, "store": self._store, "pace": self._pace}

    async def _people(self, count: int, *, consent: bool = False) -> int:
        await add_people(self._hub.database, count, consent=consent)
        return count

    async def _store(self, first: int, count: int) -> tuple[list[str], float]:
        """Events for as many people, all of them in the outbox at once; the notifications' ids, and when that was."""
        events = [self._event(number) for number in range(first, first + count)]
        async with self._hub.database.begin() as tx:
            for event in events:
                tx.emit(event)
        return [each for event in events for each in event.recipients.values()], time.monotonic()

    async def _pace(self, first: int, count: int, rate: float) -> list[tuple[str, float]]:
        """An event and a transaction each, at times fixed before; (notification id, when it was committed)."""
        loop = asyncio.get_running_loop()
        begins = loop.time() + 0.05
        async with asyncio.timeout(count / rate + PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            tasks = []
            for number in range(count):
                await asyncio.sleep(max(0.0, begins + number / rate - loop.time()))
                tasks.append(group.create_task(self._one(first + number)))
        return [task.result() for task in tasks]

    async def _one(self, number: int) -> tuple[str, float]:
        event = self._event(number)
        async with self._hub.database.begin() as tx:
            tx.emit(event)
        (notification_id,) = event.recipients.values()
        return notification_id, time.monotonic()

    def _event(self, number: int) -> EventPublished:
        user_id = person(number)
        data = {"order_id": f"A{number}", "title": "Video", "amount": 5000, "currency": "USD", "fan_id": user_id}
        return EventPublished(
            event_id=new_id(), type=TYPE, recipients={user_id: new_id()}, data=data, at=self._hub.services.clock.now()
        )


async def main(database_url: str, redis_url: str) -> None:
    """Obeys until stdin ends."""
    given = settings(database_url, redis_url=redis_url)
    configure_logging(given)  # to stderr: stdout is for answers
    hub = bootstrap(given)
    await hub.cluster.start()
    try:
        await obey(Publisher(hub).orders())
    finally:
        hub.wakes.stop()
        await hub.cluster.stop()
        await hub.database.connections.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("redis")
    options = parser.parse_args()
    uvloop.run(main(options.database, options.redis))
