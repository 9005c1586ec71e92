"""A stage for the router: people, two workers that can be killed, providers that fail, and what is noted of it all."""

import asyncio
import itertools
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from hub.channels.base import Gone, Message, Misconfigured, Outcome, Rejected, RetryLater, Unknown
from hub.notifications.dead import DeadLetters
from hub.notifications.reports import Reports
from hub.settings import Settings
from persistence import conversations
from tests.clock import MovableClock
from tests.model.router_truth import Alert, Line, Reading, check
from tests.notifications.post import Posts, report
from tests.notifications.road import Road

KINDS = ("order.placed", "delivery.ready", "payment.settled", "refund.made", "review.posted", "ppv.received")
OUTCOMES: Sequence[Outcome | None] = (
    None,
    RetryLater("HTTP 503"),
    RetryLater("HTTP 429", after_seconds=20),
    Rejected("refused"),
    Gone("410"),
    Misconfigured("HTTP 401"),
    Unknown("time-out"),
)
REPORTS = ("delivered", "bounced", "complained", "failed", "seen", "clicked")
STEPS = ("before", "during", "after")
WAITS = (1.0, 11.0, 40.0, 700.0, 1900.0)
REST = (31, 60, 100, 700, 2000, 4000, 86_400, 90_000, 8 * 86_400, 8 * 86_400)
"""Seconds of the end: leases, retries, rungs and caps are over by then."""


class Action(NamedTuple):
    """Something that happens; `dice` says of what kind."""

    verb: str
    dice: int


class Router:
    """One story's stage. Begin with `begin`, end with `end`."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.clock = MovableClock(stands=True)
        self.posts = Posts(self.clock, email="sendgrid", sms="twilio", whatsapp="whatsapp")
        self._order = itertools.count()
        for post in self.posts.all:
            post.order = self._order
        self._revive()
        self._workers = [self._road(), self._road()]
        self._killed: list[Road] = []
        self._death = asyncio.Event()
        self._reports: list[Any] = []
        self._begun: dict[str, list[int]] = defaultdict(list)
        """Conversation -> when each of the creator's messages was begun."""
        self._read: list[tuple[str, int, int]] = []
        """(conversation, when it was read, how many of the creator's messages were begun before the reading)."""
        self._events: list[str] = []
        self._conversations: list[str] = []

    def _road(self) -> Road:
        return Road(self._settings, self.clock, self.posts.senders())

    async def begin(self) -> None:
        road = self._workers[0]
        await road.begin(phone="+50934000001")
        await road.device("fan")
        await road.device("fan", "tablet")
        self._conversations = [road.conversation_id, await road.another_conversation()]

    async def act(self, action: Action) -> None:
        """Does it, a little sooner or later than what else happens in its round."""
        await asyncio.sleep(action.dice // 7 % 4 * 0.005)
        await getattr(self, f"_{action.verb}")(action.dice)

    async def _publish(self, dice: int) -> None:
        kind = KINDS[dice % len(KINDS)]
        people = (("fan",), ("creator",), ("fan", "creator"))[dice % 3]
        expires_at = self.clock.now() + 500_000 if dice % 7 == 0 else None
        published = await self._workers[0].publish(kind, *people, data={"order_id": f"A{dice}"}, expires_at=expires_at)
        self._events.append(published.event_id)

    async def _message(self, dice: int) -> None:
        conversation_id = self._conversations[dice % 2]
        self._begun[conversation_id].append(next(self._order))
        await self._workers[0].write(f"Message {dice}", to=conversation_id)

    async def _read_all(self, dice: int) -> None:
        conversation_id = self._conversations[dice % 2]
        begun = len(self._begun[conversation_id])
        seq = await self._last_seq(conversation_id)
        if seq:
            await self._workers[0].read(seq, of=conversation_id)
            # Only what was stored when we looked is read; while another was being stored nothing is claimed.
            self._read.append((conversation_id, next(self._order), begun if begun == seq else -1))

    async def _read_at_call(self, dice: int) -> None:
        """The conversation is read when a provider is about to be called, just before the hub is asked."""
        post = (self.posts.push, self.posts.email)[dice % 2]

        async def read() -> None:
            post.before = _soon
            await self._read_all(dice // 2)

        post.before = read

    async def _last_seq(self, conversation_id: str) -> int:
        async with self._workers[0].database.read() as connection:
            row = await conversations.get(connection, conversation_id)
        return 0 if row is None else int(row.last_seq)

    async def _open_inbox(self, dice: int) -> None:
        rows = await self._workers[0].notifications(user_id="fan", inbox=True)
        if rows:
            await self._workers[0].hub.services.inbox.read("fan", rows[dice % len(rows)].id)

    async def _cancel(self, dice: int) -> None:
        if self._events:
            async with self._workers[0].database.begin() as tx:
                await self._workers[0].publisher.cancel(tx, self._events[dice % len(self._events)])

    async def _provider(self, dice: int) -> None:
        """From now on a provider answers so."""
        post = self.posts.all[dice % 3]
        outcome = OUTCOMES[dice % len(OUTCOMES)]

        def answer(message: Message) -> Outcome:
            return post._accept(message) if outcome is None else outcome

        post.answer = answer

    async def _kill(self, dice: int) -> None:
        """The next worker that hands something to this provider dies at this step."""
        setattr(self.posts.all[dice % 3], STEPS[dice // 3 % 3], self._die)

    async def _report(self, dice: int) -> None:
        """A provider tells something of what it has taken, or repeats what it told before."""
        if self._reports and dice % 3 == 0:
            told = self._reports[dice % len(self._reports)]
        else:
            taken = [each for post in (self.posts.email, self.posts.sms) for each in post.taken]
            if not taken:
                return
            message = taken[dice % len(taken)].message
            kind = REPORTS[dice % len(REPORTS)]
            told = report(message.delivery_id, kind, self.clock.now(), permanent=dice % 5 == 0)
            self._reports.append(told)
        await Reports(self._workers[0].database).take([told])

    async def _replay(self, dice: int) -> None:
        del dice
        await DeadLetters(self._workers[0].database).replay_all("delivery", actor="operator")

    async def _wait(self, dice: int) -> None:
        self.clock.forward(WAITS[dice % len(WAITS)])

    async def _work(self, dice: int) -> None:
        """A worker works until it has nothing more to do, or until one dies: then all do."""
        place, death = dice % 2, self._death
        worker = self._workers[place]
        working, dying = asyncio.create_task(_round(worker)), asyncio.create_task(death.wait())
        await asyncio.wait([working, dying], return_when=asyncio.FIRST_COMPLETED)
        dying.cancel()
        if not death.is_set():
            working.result()
            return
        if self._death is death:
            self._death = asyncio.Event()
            self._revive()
        await worker.kill(working)
        if self._workers[place] is worker:
            self._killed.append(worker)
            self._workers[place] = self._road()

    async def _die(self) -> None:
        self._death.set()
        await asyncio.Event().wait()

    def _revive(self) -> None:
        for post in self.posts.all:
            for step in STEPS:
                setattr(post, step, _soon)

    async def end(self) -> list[str]:
        """Lets everything come to rest; everything that is wrong then."""
        self._revive()
        for post in self.posts.all:
            post.answer = post._accept
        for seconds in REST:
            await self._workers[0].work(seconds)
        return check(await self._lines(), self._alerts(), self._readings())

    async def close(self) -> None:
        for road in (*self._workers, *self._killed):
            await road.deliverer.close()
            await road.database.connections.close()

    async def _lines(self) -> list[Line]:
        road = self._workers[0]
        found = []
        carriers = {row.id: row for row in await road.rows()}
        for row in carriers.values():
            if row.parent_id is not None:
                continue  # it shares its carrier's fate, which is checked
            critical = row.type == "refund.made"
            steps = [state for state, _ in await road.steps(row.id)]
            stream = (row.user_id, row.conversation_id, row.endpoint_id)
            found.append(Line(row.id, row.channel, row.state, critical, steps, stream, row.told_seq))
        return found

    def _alerts(self) -> list[Alert]:
        return [Alert(each.message.delivery_id, each.order) for post in self.posts.all for each in post.taken]

    def _readings(self) -> list[Reading]:
        found = []
        for conversation_id, order, count in self._read:
            begun = self._begun[conversation_id]
            if count >= 0:
                until = begun[count] if count < len(begun) else next(self._order)
                found.append(Reading(("fan", conversation_id), order, until))
        return found


async def _soon() -> None:
    """Long enough for something else to happen meanwhile."""
    await asyncio.sleep(0.01)


async def _round(road: Road) -> int:
    await road.plan()
    count = 0
    while found := await road.deliverer.run_once():
        count += found
    return count
