"""Carries planned deliveries to their channels: lease, render, ask once more, send, record.

A lane for each channel, so that a slow provider delays its own channel alone. A lane keeps hundreds under way;
no database connection is held while a provider is talked to. What many of them write is written together.

`ready` means that nothing has reached a provider; a worker that dies there loses nothing. `sending` is written just
before the step that cannot be taken back; a worker that dies there leaves it unknown whether the message is out, and
only what is critical, or what its sender can repeat without harm, is sent again (domain rules, 6).
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from msgspec import Struct

from hub.channels.base import Accepted, Channel, NotWanted, Outcome, Rejected, RetryLater, Sender, Unknown
from hub.notifications.batch import Leased
from hub.notifications.contents import Content, Contents
from hub.notifications.leasing import LEASE_MS, Leaser
from hub.notifications.recording import Attempt, record
from hub.notifications.templates import TemplateFailed, Templates
from persistence import delivering, news
from persistence.engine import database_is_away
from persistence.groupcommit import GroupCommit
from persistence.uow import Database, Signal, Tx

log = structlog.get_logger()

BATCH = 250
"""Deliveries of one lease."""
UNDER_WAY = 500
"""Deliveries of one channel and one worker under way at once."""
POLL_SECONDS = 1.0
AFTER_FAILURE_SECONDS = 2.0
STOP_SECONDS = 5.0
RECORD_AGAIN_SECONDS = (0.5, 2.0, 6.0, 0.0)
"""Pauses between attempts to record an outcome."""
GATHER_SECONDS = 0.01
"""Under load, what shall go and what has gone waits so long for company; alone it is written at once."""
ENOUGH = 200


class Going(Struct, frozen=True):
    """A delivery that is about to be handed over."""

    leased: Leased
    content: Content


class Deliverer:
    """Works on what is due."""

    def __init__(
        self,
        database: Database,
        leaser: Leaser,
        contents: Contents,
        templates: Templates,
        senders: Mapping[Channel, Sender],
    ) -> None:
        self._database = database
        self._leaser = leaser
        self._contents = contents
        self._templates = templates
        self._senders = senders
        self._going: GroupCommit[Going, bool] = GroupCommit(database, _go, gather_seconds=GATHER_SECONDS, enough=ENOUGH)
        self._recording: GroupCommit[Attempt, None] = GroupCommit(
            database, record, gather_seconds=GATHER_SECONDS, enough=ENOUGH
        )
        self._lanes = {channel: _Lane() for channel in senders}
        self._stopping = False

    def wake(self) -> None:
        """Something was planned that may be due now."""
        for lane in self._lanes.values():
            lane.due.set()

    async def run(self) -> None:
        """Works until `stop`."""
        await asyncio.gather(*(self._work(channel) for channel in self._lanes))

    async def _work(self, channel: Channel) -> None:
        lane = self._lanes[channel]
        while not self._stopping:
            try:
                await lane.room()
                looked_at = await self._fill(channel)
            except Exception as error:
                if not database_is_away(error):
                    log.exception("deliveries.failed", channel=channel)
                await lane.due.wait(AFTER_FAILURE_SECONDS)
                continue
            if looked_at < BATCH and not self._stopping:
                await lane.due.wait(POLL_SECONDS)

    async def stop(self) -> None:
        """Lets what is under way end; what does not is left to its lease."""
        self._stopping = True
        self.wake()
        tasks = self._under_way()
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def close(self) -> None:
        """Closes the connections to the providers."""
        for sender in self._senders.values():
            await sender.close()

    def _under_way(self) -> list[asyncio.Task[None]]:
        return [task for lane in self._lanes.values() for task in lane.tasks]

    async def run_once(self) -> int:
        """Handles what is due now to its end; how many deliveries it looked at. For tests and tools."""
        looked_at = sum([await self._fill(channel) for channel in self._lanes])
        while tasks := self._under_way():
            await asyncio.wait(tasks)
        return looked_at

    async def _fill(self, channel: Channel) -> int:
        """Leases what is due on the channel, at most a batch, and sets it going; how many it looked at."""
        lane, sender = self._lanes[channel], self._senders[channel]
        now = self._database.clock.now()
        async with self._database.read_one() as connection:
            if not await delivering.is_due(connection, channel, now=now):
                return 0
            await self._templates.refresh_seldom(connection, now)
        async with self._database.begin() as tx:
            leased, looked_at = await self._leaser.lease(tx, channel, limit=BATCH, repeatable=sender.repeatable)
        if self._stopping:
            return looked_at  # whoever stops does not wait for these any more: their lease runs out, and others go on
        for each in leased:
            lane.start(self._deliver(each, sender))
        return looked_at

    async def _deliver(self, leased: Leased, sender: Sender) -> None:
        began_at = self._database.clock.now()
        sent = read = False
        content: Content | None = None

        async def go() -> bool:
            nonlocal sent, read
            if content is None:
                return False
            if sent:  # a provider failed; what is read while one is being asked cannot cancel what is being sent
                read = await self._was_read(leased, content)
            may = not read and await self._going.submit(Going(leased, content))
            sent = sent or may
            return may

        try:
            content = self._contents.make(leased, sender.channel, began_at)
            outcome = await self._hand_over(leased, sender, content, go)
            if read and isinstance(outcome, NotWanted):
                outcome = RetryLater("read while a provider failed", after_seconds=0, tried=False)
        except TemplateFailed as error:
            outcome = Rejected(f"template: {error}")
        except Exception as error:  # our database while `go` was asking, or a sender that breaks its promise
            log.exception("delivery.sender_failed", delivery_id=leased.row.id, sent=sent)
            reason = type(error).__name__
            outcome = Unknown(reason) if sent else RetryLater(reason)
        await self._record(Attempt(leased, sender.channel, sender.provider, outcome, began_at, sent))
        if not isinstance(outcome, Accepted | NotWanted):
            log.info(
                "delivery.attempted",
                delivery_id=leased.row.id,
                channel=sender.channel,
                outcome=type(outcome).__name__,
                reason=getattr(outcome, "reason", None),
            )

    async def _record(self, attempt: Attempt) -> None:
        """Writes what became of it; a database that is away is waited for within the lease, for nobody else knows."""
        for pause in RECORD_AGAIN_SECONDS:
            try:
                await self._recording.submit(attempt)
            except Exception as error:
                log.warning("delivery.not_recorded", delivery_id=attempt.leased.row.id, error=type(error).__name__)
                if not database_is_away(error):
                    return  # the lease runs out, and the delivery is looked at again
            else:
                return
            await asyncio.sleep(pause)

    async def _was_read(self, leased: Leased, content: Content) -> bool:
        """Whether nothing of what it tells of is unread any more; when it is leased again, that cancels it."""
        beyond = {(of, leased.row.user_id): 0 for of in content.told}
        if not beyond:
            return False
        async with self._database.read_one() as connection:
            return not await news.of_pairs(connection, beyond)

    @staticmethod
    async def _hand_over(leased: Leased, sender: Sender, content: Content, go: Any) -> Outcome:
        if leased.again and not sender.repeatable:
            answer = await sender.ask(content.message)
            if isinstance(answer, Accepted):
                return answer
        return await sender.send(content.message, go)


class _Lane:
    """What is under way on one channel."""

    def __init__(self) -> None:
        self.tasks: set[asyncio.Task[None]] = set()
        self.due = Signal()

    def start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def room(self) -> None:
        """Until a lease more may be under way."""
        while len(self.tasks) > UNDER_WAY - BATCH:
            await asyncio.wait(self.tasks, return_when=asyncio.FIRST_COMPLETED)


async def _go(tx: Tx, wishes: Sequence[Going]) -> list[bool]:
    """Records that deliveries are about to be handed over; whether each may be."""
    rows = [
        {
            "id": each.leased.row.id,
            "lease_token": each.leased.token,
            "state": "sending",
            "due_at": tx.now + LEASE_MS,
            "told_seq": each.content.told.get(str(each.leased.row.conversation_id)),
            "template_version": each.content.version,
            "variant": each.content.variant,
            "locale": each.content.locale,
            "updated_at": tx.now,
        }
        for each in wishes
    ]
    gone = await delivering.go(tx.connection, rows)
    told = {
        child.id: each.content.told[child.conversation_id]
        for each in wishes
        for child in each.leased.children
        if each.leased.row.id in gone and child.conversation_id in each.content.told
    }
    await delivering.note_told(tx.connection, told)
    return [each.leased.row.id in gone for each in wishes]
