"""A link: one connection to one Redis server, which comes back by itself; what is sent in a tick is one write."""

import asyncio
import contextlib
import math
import random
from collections import deque
from collections.abc import Callable
from typing import Any

import hiredis
from msgspec import Struct
from redis.asyncio.connection import AbstractConnection
from redis.exceptions import RedisError, ResponseError

from hub.gateway.redis_address import CONNECT_SECONDS
from hub.gateway.seldom import Seldom

MOST_COMMANDS = 20_000
"""Commands without an answer; beyond, the caller is told that there is no room."""
MOST_BYTES = 16_000_000
"""Bytes that wait to be written."""
ANSWER_SECONDS = 2.0
"""A server that owes an answer and says nothing for so long is given up."""
LOOK_SECONDS = 0.5
FIRST_BACKOFF = 0.05
MOST_BACKOFF = 2.0
OLDEST_VERSION = 7
"""The first Redis with sharded pub/sub."""

Answered = Callable[[Any, object], None]
"""Gets the note of the command, and the answer: an exception when there is none or it is an error."""
Push = Callable[[list[Any]], None]


def pack(*command: str | bytes | int) -> bytes:
    """A command as it goes over the wire."""
    packed: bytes = hiredis.pack_command(command)  # type: ignore[arg-type]  # its stub means tuples of one
    return packed


HELLO = pack("HELLO")


class RedisAway(Exception):
    """There is no server to ask, or it has not answered: whether the command was carried out is not known."""


TROUBLE = (RedisAway, RedisError)
"""Why something could not be asked of Redis: it is away, full, or refuses."""


class Greeting(Struct, frozen=True):
    """What a server says of itself (HELLO)."""

    version: str
    mode: str
    """`standalone` or `cluster`."""
    role: str
    """`master` or `replica`."""

    def check_version(self) -> None:
        """Raises RedisAway for a server that is too old."""
        if int(self.version.partition(".")[0]) < OLDEST_VERSION:
            raise RedisAway(f"Redis {self.version} is too old: sharded pub/sub needs {OLDEST_VERSION} or newer")

    def check_master(self) -> None:
        """Raises RedisAway for a server that does not take orders."""
        if self.role != "master":
            raise RedisAway(f"the server is a {self.role}")


class Link:
    """Commands go out in order, and answers come back in order, or RedisAway does for all that are under way."""

    def __init__(
        self,
        connect: Callable[[], AbstractConnection],
        *,
        on_up: Callable[[], None],
        on_down: Callable[[], None],
        on_push: Push | None = None,
    ) -> None:
        self._connect = connect
        self._on_up, self._on_down = on_up, on_down
        self._on_push: Push = on_push or _nothing
        self.up = False
        self._packets: list[bytes] = []
        self._bytes = 0
        self._entries: list[_Entry] = []
        self._under_way: deque[_Entry] = deque()
        self._more = asyncio.Event()
        self._reset = asyncio.Event()
        self._reason = ""
        self._heard = False
        self._former: tuple[str, str] | None = None
        self._trouble = Seldom("redis.link_failed")
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Connects in the background, again and again."""
        self._running = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Disconnects for good."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
            self._running = None

    def reset(self, reason: str) -> None:
        """The connection is no good: make another."""
        self._reason = reason
        self._reset.set()

    @property
    def idle(self) -> bool:
        """Whether every command was answered."""
        return not self._under_way and not self._entries

    def send(self, packed: bytes, answered: Answered, note: Any = None, pushes: set[bytes] | None = None) -> bool:
        """Queues a packed command; False when the link is down or full.

        `pushes`: the channels of a command of RESP3 that is answered by one push each, and by nothing else.
        """
        waiting = len(self._entries) + len(self._under_way)
        if not self.up or waiting >= MOST_COMMANDS or self._bytes >= MOST_BYTES:
            return False
        self._packets.append(packed)
        self._entries.append((answered, note, pushes))
        self._bytes += len(packed)
        if len(self._packets) == 1:
            self._more.set()
        return True

    async def _run(self) -> None:
        backoff = FIRST_BACKOFF
        while True:
            served = False
            try:
                connection = await connected(self._connect)
                served = True
                await self._end_former(connection)
                await self._serve(connection)
            except Exception as error:  # whatever it is, a link that does not come back would be deaf for ever
                self._trouble.say(error=f"{type(error).__name__}: {error}")
            backoff = FIRST_BACKOFF if served else min(backoff * 2, MOST_BACKOFF)
            await asyncio.sleep(backoff * random.uniform(0.5, 1))  # noqa: S311  (nodes must not come back as one)

    async def _end_former(self, connection: AbstractConnection) -> None:
        """What the former connection has sent must not be carried out after what this one sends."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if self._former is not None:
                    number, address = self._former
                    with contextlib.suppress(ResponseError):  # not allowed, or of another address
                        await ask(connection, "CLIENT", "KILL", "ID", number, "ADDR", address)
                told = _text(await ask(connection, "CLIENT", "INFO"))
            known = dict(each.split("=", 1) for each in told.split() if "=" in each)
            self._former = (known["id"], known["addr"])
        except (ResponseError, KeyError):
            self._former = None
        except BaseException:
            await connection.disconnect(nowait=True)
            raise

    async def _serve(self, connection: AbstractConnection) -> None:
        self.up = True
        self._heard = False
        self._reset.clear()
        self._on_up()
        tasks = [asyncio.create_task(each) for each in (self._read(connection), self._write(connection), self._watch())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            self.up = False
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await connection.disconnect(nowait=True)
            self._give_up()
            self._on_down()

    def _give_up(self) -> None:
        lost = [*self._under_way, *self._entries]
        self._under_way.clear()
        self._entries, self._packets, self._bytes = [], [], 0
        away = RedisAway("the connection ended")
        for answered, note, _pushes in lost:
            answered(note, away)

    async def _write(self, connection: AbstractConnection) -> None:
        while True:
            self._more.clear()
            if self._packets:
                packets, self._packets, self._bytes = self._packets, [], 0
                self._under_way.extend(self._entries)
                self._entries = []
                await connection.send_packed_command([b"".join(packets)], check_health=False)
            else:
                await self._more.wait()

    async def _read(self, connection: AbstractConnection) -> None:
        read = connection.read_response
        while True:
            reply: Any
            try:
                # Without a time limit: a timer for each message would cost more than the message.
                reply = await read(timeout=math.inf, push_request=True, disconnect_on_error=False)
            except ResponseError as error:
                reply = error
            self._heard = True
            if isinstance(reply, hiredis.PushNotification):
                self._settle(reply)
                self._on_push(reply)
            else:
                answered, note, _pushes = self._under_way.popleft()
                answered(note, reply)

    def _settle(self, push: list[Any]) -> None:
        """Takes note of a push that is the answer to the oldest command."""
        if push[0] == b"smessage" or not self._under_way:
            return
        answered, note, channels = self._under_way[0]
        if channels is not None and push[1] in channels:
            channels.discard(push[1])
            if not channels:
                self._under_way.popleft()
                answered(note, None)

    def _greeted(self, _note: object, answer: object) -> None:
        """A server that was demoted keeps its clients, but is not where the others are."""
        if isinstance(answer, dict):
            try:
                greeting_from(answer).check_master()
            except RedisAway as away:
                self.reset(str(away))

    async def _watch(self) -> None:
        silent = 0.0
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            if await _set_within(self._reset, LOOK_SECONDS):
                raise RedisAway(self._reason)
            self.send(HELLO, self._greeted)
            # When this process itself stood still, Redis is not to blame for the whole time.
            silent = 0.0 if self._heard else silent + min(loop.time() - before, 1.5 * LOOK_SECONDS)
            self._heard = False
            if silent > ANSWER_SECONDS:
                raise RedisAway(f"no answer for {ANSWER_SECONDS:.0f} s")


_Entry = tuple[Answered, Any, set[bytes] | None]


async def connected(connect: Callable[[], AbstractConnection]) -> AbstractConnection:
    """A connection to a server that can serve the hub; RedisAway says why it cannot."""
    connection = connect()
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await connection.connect()  # type: ignore[no-untyped-call]
            connection._parser.set_pubsub_push_handler(_as_it_is)  # type: ignore[attr-defined]  # noqa: SLF001  (as redis-py's PubSub does)
            (await greet(connection)).check_master()
    except BaseException:
        await connection.disconnect(nowait=True)
        raise
    return connection


async def greet(connection: AbstractConnection) -> Greeting:
    """What the server says of itself. Raises RedisAway when it is too old."""
    greeting = greeting_from(await ask(connection, "HELLO"))
    greeting.check_version()
    return greeting


def greeting_from(answer: dict[Any, Any]) -> Greeting:
    """The answer to HELLO."""
    said = {_text(name): _text(value) for name, value in answer.items()}
    return Greeting(said.get("version", "0"), said.get("mode", "standalone"), said.get("role", "master"))


async def ask(connection: AbstractConnection, *command: str) -> Any:
    """The answer to a command on a connection that nobody else uses yet."""
    await connection.send_command(*command)
    return await connection.read_response()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


async def _as_it_is(push: list[Any]) -> list[Any]:
    """The stock handler prints every message into a string for a log that nobody reads."""
    return push


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


def _nothing(_push: list[Any]) -> None:
    """Nothing is pushed on a link without subscriptions."""
