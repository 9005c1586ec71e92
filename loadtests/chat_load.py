"""The two loads of `chat`: a fixed rate whatever the server does, and as fast as the server answers."""

import asyncio
import itertools
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from loadtests.contention import Contention
from loadtests.figures import Latency, latency, percentile
from loadtests.pairs import NewMessage, Pairs, Person
from loadtests.sockets import SocketFailed

BODY = "Bonjou! Your video is almost ready, I will send it tonight. Mèsi anpil for waiting."
SETTLE_SECONDS = 5.0
LATE_MS = 5.0
"""A generator whose sends go out later than this (p99) measures itself, not the server."""
BUSY = 0.9
"""The same for one that takes most of a core: what it receives waits in its own queue."""
MOST_MESSAGES = 300_000
"""Of one run, so that a faster machine does not fill its memory."""


class Load(Struct, frozen=True):
    """What one load showed. Latencies count from when a message was due."""

    sent: int
    acked: int
    seconds: float
    per_second: float
    """Acked messages."""
    to_peer: Latency
    to_ack: Latency
    server_cpu_us: float | None
    """CPU time of the hub's process for each acked message, its worker included."""
    lag_p99_ms: float
    """How late the generator's sends went out."""
    generator_busy: float
    """The generator's part of one core."""
    others: float | None
    """The part of the machine's work that was somebody else's."""

    @property
    def generator_bound(self) -> bool:
        """Whether the generator, not the hub, set the figures."""
        return self.lag_p99_ms > LATE_MS or self.generator_busy > BUSY


class Server(Protocol):
    """What is loaded."""

    def cpu_seconds(self) -> float | None:
        """CPU time that its process has used."""


class _Sent(Struct, frozen=True):
    message: NewMessage


class _Error(Struct, frozen=True):
    code: str


class _Answered(Struct, frozen=True):
    success: bool
    data: _Sent | None = None
    error: _Error | None = None


_answered = msgspec.json.Decoder(tuple[_Answered]).decode


class Run:
    """One load under way: what is due, what came back."""

    def __init__(self, pairs: Pairs, hub: Server, name: str) -> None:
        self._pairs = pairs
        self._hub = hub
        self._name = name
        self._numbers = itertools.count(1)
        self._due: dict[str, float] = {}
        self._to_peer: list[float] = []
        self._to_ack: list[float] = []
        self._lags: list[float] = []
        self._open = 0
        self.began = time.perf_counter()
        self._contention = Contention()
        self._cpu, self._own_cpu = hub.cpu_seconds(), time.process_time()
        pairs.on_message = self._on_message

    @property
    def sent(self) -> int:
        """Messages that went out."""
        return len(self._lags)

    def send(self, person: Person, due: float, then: Callable[[float], None] | None = None) -> None:
        """Sends the person's next message, which was due at `due`; `then` is told when its ack came."""
        client_message_id = f"{self._name}-{next(self._numbers)}"
        self._due[client_message_id] = due
        payload: dict[str, Any] = {
            "conversation_id": person.conversation_id,
            "client_message_id": client_message_id,
            "body": BODY,
        }
        self._lags.append(time.perf_counter() - due)
        try:
            person.client.request("message.send", payload, partial(self._on_ack, due, then))
            self._open += 1
        except SocketFailed:
            self._pairs.ledger.unanswered += 1

    def _on_ack(self, due: float, then: Callable[[float], None] | None, text: bytes, at: float) -> None:
        self._open -= 1
        ledger = self._pairs.ledger
        if not text:  # the socket has ended
            ledger.unanswered += 1
            return
        (answered,) = _answered(text)
        if answered.data is None:
            ledger.refusals[answered.error.code if answered.error else "?"] += 1
        else:
            self._to_ack.append(at - due)
            message = answered.data.message
            ledger.acked(message.conversation_id, message.seq, message.client_message_id)
        if then is not None:
            then(at)

    def _on_message(self, user_id: str, message: NewMessage, at: float) -> None:
        due = self._due.get(message.client_message_id)
        if due is not None and user_id != message.sender_id:
            self._to_peer.append(at - due)

    async def result(self) -> Load:
        """The figures, once everything was answered and received, or has had the time for it."""
        seconds = time.perf_counter() - self.began
        acked = len(self._to_ack)
        cpu, own_cpu, others = self._hub.cpu_seconds(), time.process_time(), self._contention.others()
        await self._settle()
        self._pairs.ledger.unanswered += self._open
        used = None if cpu is None or self._cpu is None or not acked else (cpu - self._cpu) / acked * 1e6
        return Load(
            sent=self.sent,
            acked=acked,
            seconds=seconds,
            per_second=acked / seconds,
            to_peer=latency(self._to_peer),
            to_ack=latency(self._to_ack),
            server_cpu_us=used,
            lag_p99_ms=percentile(sorted(self._lags), 99) * 1000,
            generator_busy=(own_cpu - self._own_cpu) / seconds,
            others=others,
        )

    async def _settle(self) -> None:
        deadline = time.perf_counter() + SETTLE_SECONDS
        while (self._open or not self._pairs.ledger.settled) and time.perf_counter() < deadline:  # noqa: ASYNC110  (many)
            await asyncio.sleep(0.02)


async def fixed_rate(pairs: Pairs, hub: Server, *, rate: float, seconds: float, name: str) -> Load:
    """Sends `rate` messages a second by the clock, each person in turn, however the server does."""
    run = Run(pairs, hub, name)
    for number in range(min(int(rate * seconds), MOST_MESSAGES)):
        due = run.began + number / rate
        wait = due - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        run.send(pairs.people[number % len(pairs.people)], due)
    return await run.result()


async def as_fast_as_answered(pairs: Pairs, hub: Server, *, seconds: float, name: str) -> Load:
    """Everybody sends again as soon as the last message was acked."""
    run = Run(pairs, hub, name)
    ends = run.began + seconds

    def again(person: Person, due: float) -> None:
        if due < ends and run.sent < MOST_MESSAGES:
            run.send(person, due, partial(again, person))

    for person in pairs.people:
        again(person, run.began)
    await asyncio.sleep(seconds)
    return await run.result()
