"""`python -m loadtests.peers.reader DATABASE REDIS`: people who read a message just when they would be told of it.

By order (see `steps`): `prepare` makes conversations and devices, `read` sends and reads. It calls the services that a
gateway's handlers call, in a process of its own.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import uvloop

from hub.bootstrap import Hub, bootstrap
from hub.chat.conversations import NewConversation, NewMember
from hub.chat.receipts import MoveReceipt
from hub.chat.sender import SendMessage
from hub.chat.users import add_bare
from hub.clock import parse_rfc3339
from hub.events import ReceiptMoved
from hub.ids import new_id
from hub.observability import configure_logging
from loadtests.configuration import settings
from loadtests.slips import Reading
from loadtests.steps import Orders, obey
from persistence import endpoints
from persistence.uow import Reactions, Tx

AT_ONCE = 100
SEED = 4
NEVER = 10
"""Every tenth never reads: who is to be told is told."""
BURST = 50
"""Messages that are sent together, so that their pushes are due together: the last waits for the others."""
EARLY_SECONDS, LATE_SECONDS = 0.05, 0.15
"""People read from so long before their push is due until so long after it."""


class Reader:
    """The orders."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._places: list[tuple[str, str]] = []
        self._committing: dict[str, float] = {}
        given = hub.database.reactions
        within = dict(given.within)
        within[ReceiptMoved] = (*within[ReceiptMoved], self._about_to_commit)
        hub.database.reactions = Reactions(within, given.live, given.durable, given.unsure, given.ordered)
        self._random = random.Random(SEED)

    def orders(self) -> Orders:
        """By name."""
        return {"prepare": self._prepare, "read": self._read}

    async def _prepare(self, count: int, p256dh: str, auth: str) -> int:
        """So many conversations of two; the fan of each has a browser with these keys, at an endpoint of their name."""
        for begin in range(0, count, AT_ONCE):
            async with self._hub.database.begin() as tx:
                for number in range(begin, min(count, begin + AT_ONCE)):
                    fan, creator = f"fan-{number}", f"creator-{number}"
                    await add_bare(tx, [fan, creator])
                    people = [NewMember(fan, "fan"), NewMember(creator, "creator")]
                    new = NewConversation(kind="order", order_id=f"order-{number}", members=people)
                    place = await self._hub.services.conversations.create(tx, new, created_by="platform")
                    await endpoints.register(tx.connection, _device(fan, p256dh, auth, tx.now))
                    self._places.append((place, fan))
        return len(self._places)

    async def _read(self, rate: float, due_after: float) -> list[Reading]:
        """A message to each at this rate, in bursts; each reads theirs when the push, `due_after` later, is due."""
        loop, tasks = asyncio.get_running_loop(), []
        begins = loop.time()
        async with asyncio.TaskGroup() as group:
            for number in range(len(self._places)):
                await asyncio.sleep(max(0.0, begins + number // BURST * BURST / rate - loop.time()))
                tasks.append(group.create_task(self._one(number, due_after)))
        return [task.result() for task in tasks]

    async def _one(self, number: int, due_after: float) -> Reading:
        place, fan = self._places[number]
        wish = SendMessage(
            conversation_id=place, sender_id=f"creator-{number}", client_message_id="first", body="Se pare!"
        )
        sent = await self._hub.services.sender.send(wish)
        at = (parse_rfc3339(sent.message.created_at) / 1000) - time.time() + time.monotonic()
        due_at = at + due_after
        if number % NEVER == 0:
            return Reading(_path(fan), due_at, None, None)
        moment = due_at + self._random.uniform(-EARLY_SECONDS, LATE_SECONDS)
        await asyncio.sleep(max(0.0, moment - time.monotonic()))
        await self._hub.services.receipts.move(MoveReceipt(place, fan, sent.message.seq, "read"))
        return Reading(_path(fan), due_at, self._committing[place], time.monotonic())

    async def _about_to_commit(self, _tx: Tx, moved: Sequence[ReceiptMoved]) -> None:
        now = time.monotonic()
        self._committing.update(dict.fromkeys((each.conversation_id for each in moved), now))


def _path(user_id: str) -> str:
    return f"/push/{user_id}"


def _device(user_id: str, p256dh: str, auth: str, at: int) -> dict[str, Any]:
    address = f"https://push.example.com{_path(user_id)}"
    return {
        "id": new_id(),
        "user_id": user_id,
        "channel": "push",
        "address": address,
        "address_hash": sha256(address.encode()).hexdigest(),
        "p256dh": p256dh,
        "auth": auth,
        "label": "a browser",
        "status": "active",
        "created_at": at,
        "updated_at": at,
    }


async def main(database_url: str, redis_url: str) -> None:
    """Obeys until stdin ends."""
    given = settings(database_url, redis_url=redis_url)
    configure_logging(given)  # to stderr: stdout is for answers
    hub = bootstrap(given)
    await hub.cluster.start()
    try:
        await obey(Reader(hub).orders())
    finally:
        await hub.services.sender.stop()
        await hub.services.receipts.stop()
        await hub.badges.stop()
        await hub.services.notices.stop()
        hub.wakes.stop()
        await hub.cluster.stop()
        await hub.database.connections.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    parser.add_argument("redis")
    options = parser.parse_args()
    uvloop.run(main(options.database, options.redis))
