"""Tells Redis what happens to the people of this node: in order, in batches, again when it was away."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence

from hub.gateway.redis_people import Change, People, Seen
from hub.gateway.seldom import Seldom

MOST_CHANGES = 50_000
"""Changes that wait for Redis; beyond, everybody on this node is told to it anew when it is back."""
BATCH = 500
PAUSE_SECONDS = 0.02
"""Between full batches, so that a storm of connections leaves Redis time for others."""
RETRY_SECONDS = 0.5


class Teller:
    """Changes are carried out in the order of `note`, and their results given to `told` in that order.

    When Redis did not answer, nobody knows which changes were carried out: they are told again, and `told` gets
    `certain=False`, because Redis may say that nothing has changed although nobody was told so. What was told twice
    does no harm. `away` is called with the changes that wait, at every vain attempt.
    """

    def __init__(
        self,
        people: People,
        *,
        everybody: Callable[[], Iterable[Change]],
        told: Callable[[Sequence[Seen], bool], Awaitable[None]],
        away: Callable[[Sequence[Change]], Awaitable[None]],
    ) -> None:
        self._people = people
        self._everybody = everybody
        self._on_told = told
        self._on_away = away
        self._waiting: list[Change] = []
        self._former: list[str] = []
        """Names of this node whose people are to be given up once they are known under the present one."""
        self._anew = True
        self._dropped = False
        """Whether changes were given up because there were too many."""
        self._registered = False
        self._certain = True
        self._more = asyncio.Event()
        self._progress = asyncio.Condition()
        self._trouble = Seldom("presence.redis_away")

    def note(self, change: Change) -> None:
        """Tells Redis soon."""
        if len(self._waiting) >= MOST_CHANGES:
            self._waiting.clear()
            self._anew = self._dropped = True
        self._waiting.append(change)
        self._more.set()

    def begin_anew(self) -> None:
        """Redis took this node for dead, or has forgotten it: it gets another name, and everybody is told again."""
        self._anew = True
        self._more.set()

    @property
    def waiting(self) -> set[str]:
        """The people about whom something waits to be told."""
        return {each.user_id for each in self._waiting}

    @property
    def registered(self) -> bool:
        """Whether Redis knows this node under its present name."""
        return self._registered and not self._anew

    async def until_told(self, user_ids: set[str] | None = None) -> None:
        """Until nothing waits about these people, or about anybody; for ever while Redis is away."""
        async with self._progress:
            await self._progress.wait_for(lambda: not (self.waiting if user_ids is None else self.waiting & user_ids))

    async def run(self) -> None:
        """Tells Redis, until cancelled."""
        self._more.set()
        while True:
            await self._more.wait()
            try:
                if self._anew:
                    await self._register()
                await self._tell_some()
                await self._leave_former_names()
            except Exception as error:  # most often Redis is away; what waits is told again
                self._trouble.say(error=f"{type(error).__name__}: {error}", waiting=len(self._waiting))
                self._certain = False
                await self._on_away(self._waiting)
                await asyncio.sleep(RETRY_SECONDS)

    async def _register(self) -> None:
        if self._registered:
            self._former.append(self._people.rename())
            self._registered = False
        await self._people.beat()
        self._registered = True
        self._anew = False
        if self._former or self._dropped:
            self._dropped = False
            self._waiting = [*self._everybody()]  # who has left goes with the former name

    async def _tell_some(self) -> None:
        batch = self._waiting[:BATCH]
        if batch:
            seen = await self._people.tell(batch)
            if not self._dropped:
                del self._waiting[: len(batch)]
            certain, self._certain = self._certain, True
            await self._on_told(seen, certain)
            async with self._progress:
                self._progress.notify_all()
            if len(batch) == BATCH:
                await asyncio.sleep(PAUSE_SECONDS)
        if not self._waiting and not self._anew:
            self._more.clear()

    async def _leave_former_names(self) -> None:
        while self._former and not self._waiting:
            await self._people.give_up(self._former[0])
            del self._former[0]
