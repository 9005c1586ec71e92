"""Presence across nodes: this node's sessions are known here, everybody else's in Redis."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import structlog

from hub.clock import Clock, rfc3339
from hub.gateway.presence import Changed, Status
from hub.gateway.redis_keeper import BEAT_SECONDS, Keeper
from hub.gateway.redis_link import TROUBLE
from hub.gateway.redis_people import SEPARATOR, Change, People, Seen
from hub.gateway.redis_teller import Teller
from hub.gateway.seldom import Seldom
from hub.gateway.wire import PresenceState

log = structlog.get_logger()

FRESH_SECONDS = 1.0
"""Whoever asks waits so long for changes that this node has not told Redis yet."""
STOP_SECONDS = 1.0


class _Here:
    """Somebody with sessions on this node, or within the grace period after the last."""

    __slots__ = ("chosen", "leaving", "looks", "sessions", "shown")

    def __init__(self) -> None:
        self.sessions: set[str] = set()
        self.chosen: Status | None = None
        """What was chosen on this node; None: whatever Redis says."""
        self.shown: str | None = None
        """What the person was last seen as; None before the first answer."""
        self.looks = False
        self.leaving: asyncio.TimerHandle | None = None


class RedisPresence:
    """See PresenceStore. A node that dies is noticed by its lease, and its people go offline in batches.

    While Redis is away, this node shows what it knows itself, to the sessions here; it is put right when Redis is
    back. A node that stops leaves its people to its lease: they have that long to come back on another one.
    """

    def __init__(
        self, people: People, clock: Clock, grace_seconds: float, *, beat_seconds: float = BEAT_SECONDS
    ) -> None:
        self.on_change: Changed | None = None
        self.looked_at: Callable[[str], Iterable[str]] = _nothing
        """The conversations that a person's sessions on this node show."""
        self._people = people
        self._clock = clock
        self._grace = grace_seconds
        self._here: dict[str, _Here] = {}
        self._alone: dict[str, str] = {}
        """What the sessions here were told about people while Redis was away."""
        self._teller = Teller(people, everybody=self._everybody, told=self._told, away=self._away)
        self._keeper = Keeper(
            people,
            beat_seconds=beat_seconds,
            registered=lambda: self._teller.registered,
            forgotten=self._teller.begin_anew,
            gone=self._gone_elsewhere,
        )
        self._trouble = Seldom("presence.shown_as_known_here")
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begins to tell Redis, and to beat."""
        if not self._tasks:
            loops = (self._teller.run(), self._keeper.beat(), self._keeper.sweep())
            self._tasks = [asyncio.create_task(each) for each in loops]

    async def stop(self) -> None:
        """Tells what waits, then stops."""
        for record in self._here.values():
            if record.leaving is not None:
                record.leaving.cancel()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._teller.until_told()
        except TimeoutError:
            log.warning("presence.not_told", people=len(self._teller.waiting))
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def arrived(self, user_id: str, session_id: str) -> None:
        """See PresenceStore."""
        record = self._here.get(user_id)
        if record is None:
            record = self._here[user_id] = _Here()
            self._teller.note(Change(user_id, "here"))
        elif record.leaving is not None:
            record.leaving.cancel()
            record.leaving = None
        record.sessions.add(session_id)

    async def left(self, user_id: str, session_id: str) -> None:
        """See PresenceStore."""
        record = self._here.get(user_id)
        if record is None or session_id not in record.sessions:
            return
        record.sessions.discard(session_id)
        if not record.sessions:
            at = self._clock.now()
            record.leaving = asyncio.get_running_loop().call_later(self._grace, self._gone, user_id, at)

    async def choose(self, user_id: str, status: Status) -> None:
        """See PresenceStore."""
        if (record := self._here.get(user_id)) is not None:
            record.chosen = status
        self._teller.note(Change(user_id, "choose", status, self._clock.now()))

    async def states(self, user_ids: Iterable[str]) -> list[PresenceState]:
        """See PresenceStore."""
        asked = list(user_ids)
        try:
            async with asyncio.timeout(FRESH_SECONDS):
                await self._teller.until_told(set(asked))
        except TimeoutError:
            pass  # what Redis says is still true of the others
        waiting = self._teller.waiting
        try:
            found = await self._people.states(asked)
        except TROUBLE as error:
            self._trouble.say(error=f"{type(error).__name__}: {error}")
            return [_state(self._known_here(user_id)) for user_id in asked]
        return [_state(self._known_here(each.user_id) if each.user_id in waiting else each) for each in found]

    def look_again(self, user_id: str) -> None:
        """The person looks at something else on this node, or at nothing."""
        record = self._here.get(user_id)
        if record is not None:
            value = SEPARATOR.join(sorted(set(self.looked_at(user_id))))
            if value or record.looks:
                record.looks = bool(value)
                self._teller.note(Change(user_id, "here", value))

    def _gone(self, user_id: str, at: int) -> None:
        del self._here[user_id]
        self._teller.note(Change(user_id, "gone", at=at))

    def _everybody(self) -> Iterable[Change]:
        for user_id, record in self._here.items():
            yield Change(user_id, "here", SEPARATOR.join(sorted(set(self.looked_at(user_id)))))
            if record.chosen is not None:
                yield Change(user_id, "choose", record.chosen, self._clock.now())

    def _known_here(self, user_id: str) -> Seen:
        record = self._here.get(user_id)
        shown = "offline" if record is None else record.chosen or record.shown or "online"
        return Seen(user_id, changed=False, shown="offline" if shown == "invisible" else shown, last_seen=None)

    # --- what the others see ------------------------------------------------------------------------------------

    async def _told(self, seen: Sequence[Seen], certain: bool) -> None:  # noqa: FBT001  (see Teller)
        for each in seen:
            if (record := self._here.get(each.user_id)) is not None:
                record.shown = each.shown
            if self._alone.pop(each.user_id, each.shown) != each.shown or each.changed or not certain:
                await self._announce(each)
        if self._alone and not self._teller.waiting:
            # Told about while Redis was away, and left since: how they appear is known to the other nodes.
            for each in await self._people.states(list(self._alone)):
                if self._alone.pop(each.user_id, each.shown) != each.shown:
                    await self._announce(each)

    async def _away(self, waiting: Sequence[Change]) -> None:
        for user_id in dict.fromkeys(each.user_id for each in waiting):
            seen = self._known_here(user_id)
            record = self._here.get(user_id)
            if self._alone.get(user_id, None if record is None else record.shown) != seen.shown:
                self._alone[user_id] = seen.shown
                await self._announce(seen)

    async def _gone_elsewhere(self, people: Sequence[Seen]) -> None:
        for each in people:
            if each.changed:
                await self._announce(each)

    async def _announce(self, seen: Seen) -> None:
        if self.on_change is not None:
            try:
                await self.on_change(_state(seen))
            except Exception:  # whoever listens must not end the telling of all
                log.exception("presence.not_announced", user_id=seen.user_id)


def _state(seen: Seen) -> PresenceState:
    hidden = seen.shown != "offline" or seen.last_seen is None
    return PresenceState(
        user_id=seen.user_id,
        status=seen.shown,  # type: ignore[arg-type]  # only what `choose` takes is ever stored
        last_seen=None if hidden else rfc3339(seen.last_seen or 0),
    )


def _nothing(_user_id: str) -> Iterable[str]:
    return ()
