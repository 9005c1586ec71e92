"""What the virtual users of one generator share: where the hub is, the recorder, who has something unread."""

import asyncio
import itertools
import random
import time
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import Struct

from loadtests.history import Log, Place
from loadtests.marketplace import Tokens
from loadtests.plants import Plant
from loadtests.recorder import Recorder
from loadtests.scenario import Scenario

if TYPE_CHECKING:
    from loadtests.actor import Actor

TEXT = "Bonjou! Your video is almost ready, I will send it tonight. Mesi anpil for waiting. "
LIVE_MESSAGE, MESSAGE = "live.send", "message.send"
AWAY = "x"
TRIES = 8
MOST_ODD = 20


class Outgoing(Struct, eq=False):
    """A message that was not acknowledged yet."""

    message_id: str
    actor: "Any"
    place: Place
    event: str
    due: float
    away: bool
    """Whether the scenario had taken the sender's connection away when it was due."""
    sent_at: float = 0.0
    """When it was last sent; 0: never."""


class World:
    """Shared by all actors of a process."""

    def __init__(
        self, scenario: Scenario, bases: Sequence[str], tokens: Tokens, *, run: str, process: int, plant: Plant
    ) -> None:
        self.scenario = scenario
        self.addresses = [_address(base) for base in bases]
        self.tokens = tokens
        self.run = f"{run}.{process}"
        self.process = process
        self.plant = plant
        self.chance = random.Random(f"{scenario.seed}/{process}")
        self.recorder = Recorder()
        self.actors: list[Actor] = []
        self.logs: list[Log] = []
        self.wanted = 0
        """So many of the actors, from the first on, are to be connected."""
        self.up = 0
        """Sessions that are ready."""
        self.unacked: dict[str, Outgoing] = {}
        self.unread: list[tuple[Any, Place]] = []
        """Places with something unread, in no order."""
        self.body = (TEXT * (scenario.body_bytes // len(TEXT) + 1))[: scenario.body_bytes]
        self.odd: deque[str] = deque(maxlen=MOST_ODD)
        """What was told twice or out of order, in words."""
        self.ended = False
        self._numbers = itertools.count(1)
        self._tasks: set[asyncio.Task[Any]] = set()

    def message_id(self, due: float, *, away: bool) -> str:
        """An id that tells whoever hears the message when it was due, in this machine's monotonic clock.

        With `away` its sender had no connection then, by the scenario's own doing.
        """
        return f"{self.run}.{next(self._numbers)}.{AWAY if away else ''}{int(due * 1_000_000)}"

    def source(self, number: int) -> str | None:
        """The loopback address that a person connects from; None: whichever the system takes."""
        several = self.scenario.source_addresses
        if several == 1 or not self.addresses[0][0].startswith("127."):
            return None
        return f"127.0.0.{number % several + 2}"

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs it beside; a failure of our own ends the generator instead of being lost."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def later(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        """Calls it after a while."""
        asyncio.get_running_loop().call_later(seconds, call, *arguments)

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler({"message": "a virtual user failed", "exception": error})

    async def close(self) -> None:
        """Ends what runs beside."""
        self.ended = True
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # --- what is due ---

    def perform(self, kind: str, due: float) -> None:
        """Does one thing that was due at this time."""
        self.recorder.wait("lag", time.perf_counter() - due)
        getattr(self, f"_{kind}")(due)

    def _message(self, due: float) -> None:
        actor = self._anybody()
        actor.send(self.chance.choice(actor.own), due, MESSAGE)

    def _live(self, due: float) -> None:
        viewers = [actor for actor in (self._anybody() for _ in range(TRIES)) if actor.room is not None]
        if viewers and viewers[0].room is not None:
            viewers[0].send(viewers[0].room, due, LIVE_MESSAGE)

    def _typing(self, due: float) -> None:
        del due
        actor = self._anybody()
        actor.type_in(self.chance.choice(actor.own))

    def _read(self, due: float) -> None:
        for _ in range(min(4, len(self.unread))):
            pick = self.chance.randrange(len(self.unread))
            self.unread[pick], self.unread[-1] = self.unread[-1], self.unread[pick]
            actor, place = self.unread.pop()
            place.pooled = False
            if actor.up and not actor.slow:
                actor.read(place, due)
                return
        self.recorder.count("nothing_to_read")

    def _reconnect(self, due: float) -> None:
        del due
        self._anybody().break_off(self.chance.uniform(0, 2))

    def _anybody(self) -> "Actor":
        """Somebody who reads: whoever does not would see the ack when the phase is over."""
        found = self.actors[self.chance.randrange(self.wanted or 1)]
        for _ in range(TRIES):
            if not found.slow:
                break
            found = self.actors[self.chance.randrange(self.wanted or 1)]
        return found

    # --- who is here ---

    async def connections(self, wanted: int, over: float) -> None:
        """Brings the number of connected people to `wanted`, spread over the time."""
        for actor in self.actors[wanted : self.wanted]:
            actor.leave()
        first, self.wanted = self.wanted, max(1, wanted)
        began = time.perf_counter()
        coming = self.actors[first:wanted]
        for number, actor in enumerate(coming):
            wait = began + over * number / len(coming) - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            elif number % PACE == 0:
                await asyncio.sleep(PACE_SECONDS)
            actor.come()

    def storm(self, share: float, over: float) -> None:
        """Breaks the connections of a part of the people at once; they come back spread over the time."""
        here = [actor for actor in self.actors[: self.wanted] if actor.up]
        for actor in self.chance.sample(here, int(len(here) * share)):
            actor.break_off(self.chance.uniform(0, over))

    # --- what is open ---

    def resend_late(self) -> None:
        """Sends again what has waited too long for its ack."""
        before = time.perf_counter() - self.scenario.answer_within
        late = []
        for outgoing in self.unacked.values():
            if outgoing.sent_at and outgoing.sent_at > before:
                break
            late.append(outgoing)
        for outgoing in late:
            if outgoing.actor.up:
                self.recorder.count("sent_again")
                outgoing.actor.send_again(outgoing)

    @property
    def settled(self) -> bool:
        """Whether everything was answered and everybody holds everything that anybody heard of."""
        here = self.actors[: self.wanted]
        return not self.unacked and all(actor.up and not actor.behind for actor in here)


PACE = 20
PACE_SECONDS = 0.02
"""People who connect at once come at most at 1,000 a second."""


def _address(base: str) -> tuple[str, int]:
    parts = urlsplit(base)
    return parts.hostname or "127.0.0.1", parts.port or 80


def due_of(message_id: str) -> float:
    """When a message was due: negative for one whose sender was away, 0 for one that is none of ours."""
    written = message_id.rpartition(".")[2]
    away = written.startswith(AWAY)
    try:
        due = int(written[1:] if away else written) / 1_000_000
    except ValueError:
        return 0.0
    return -due if away else due
