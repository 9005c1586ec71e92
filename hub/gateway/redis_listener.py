"""The subscriptions of one node at one Redis server: one sharded channel for each wanted room, and an echo."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from itertools import groupby, islice
from typing import Any, Protocol

from redis.asyncio.connection import AbstractConnection
from redis.crc import key_slot
from redis.exceptions import ResponseError

from hub.gateway.redis_link import Link, pack
from hub.gateway.redis_metrics import echo_seconds, link_up
from hub.gateway.seldom import Seldom

ECHO_SECONDS = 1.0
DEAF_SECONDS = 3.0
"""Without an echo for so long the link is taken for dead."""
LISTENING_SECONDS = 1.0
"""Whoever waits for a subscription waits no longer; the room counts as broken then."""
UNWANTED_SECONDS = 1.0
"""A room that was left is unsubscribed after this, because people who reload a page are soon back."""
CHANNELS_A_COMMAND = 500
TOKEN_BYTES = 12


class Hears(Protocol):
    """What a listener tells."""

    def message(self, room: str, channel: bytes, payload: bytes) -> None:
        """A payload for a wanted room."""
        ...

    def unwanted(self) -> None:
        """A payload for a room that was just left."""
        ...

    def broken(self, rooms: Iterable[str]) -> None:
        """These rooms are heard again, after a time when they may not have been."""
        ...

    def misplaced(self) -> None:
        """The server is not, or no longer, the one for some channel."""
        ...


class Listener:
    """Holds the wanted rooms of one server subscribed, whatever happens to the connection."""

    def __init__(self, server: str, connect: Callable[[], AbstractConnection], hears: Hears, *, by_slot: bool) -> None:
        self._server = server
        self._hears = hears
        self._by_slot = by_slot
        self._link = Link(connect, on_up=self._up, on_down=self._down, on_push=self._pushed)
        self._wanted: dict[bytes, str] = {}
        self._asked: set[bytes] = set()
        """Channels that are subscribed once everything sent so far has been carried out."""
        self._unconfirmed: Counter[bytes] = Counter()
        self._late: set[bytes] = set()
        """Channels whose members may have missed frames before the subscription is confirmed."""
        self._waiting: dict[bytes, asyncio.Future[None]] = {}
        self._to_ask: dict[bytes, None] = {}
        self._leaving: set[bytes] = set()
        self._flush_soon = False
        self._echo = b""
        self._token = b""
        self._token_at = 0.0
        self._deaf = 0.0
        self._refused = Seldom("redis.subscription_refused")
        self._ticking: asyncio.Task[None] | None = None

    def start(self, echo: bytes) -> None:
        """Connects; `echo` is a channel of this server that nobody else uses."""
        self._echo = echo
        self._link.start()
        self._ticking = asyncio.create_task(self._tick())

    async def stop(self) -> None:
        """Disconnects."""
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        await self._link.stop()
        link_up.labels(self._server, "listener").set(0)

    @property
    def up(self) -> bool:
        """Whether it is connected and hears its own echo."""
        return self._link.up and self._deaf <= ECHO_SECONDS

    @property
    def rooms(self) -> dict[bytes, str]:
        """The wanted rooms by their channels."""
        return self._wanted

    def want(self, channel: bytes, room: str, *, late: bool = False) -> None:
        """Subscribes soon. `late`: frames may have been missed before that."""
        self._wanted[channel] = room
        self._leaving.discard(channel)
        if late or not self._link.up:
            self._late.add(channel)
        if channel not in self._asked:
            self._ask(channel)

    def unwant(self, channel: bytes) -> None:
        """Unsubscribes in a while."""
        self._wanted.pop(channel, None)
        self._late.discard(channel)
        self._leaving.add(channel)

    async def listening(self, channel: bytes) -> None:
        """Until the channel is subscribed, the time is up, or the link is down."""
        if not self._link.up or channel not in self._wanted or self._hears_on(channel):
            return
        future = self._waiting.get(channel)
        if future is None:
            future = self._waiting[channel] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(LISTENING_SECONDS):
                await asyncio.shield(future)
        except TimeoutError:
            if channel in self._wanted and not self._hears_on(channel):
                self._late.add(channel)

    def echo_on(self, channel: bytes) -> None:
        """The echo goes through another channel from now on, if it does not already."""
        if channel != self._echo:
            self._leaving.add(self._echo)
            self._echo = channel
            self._ask(channel)

    def _hears_on(self, channel: bytes) -> bool:
        return channel in self._asked and not self._unconfirmed[channel]

    def _up(self) -> None:
        link_up.labels(self._server, "listener").set(1)
        self._deaf = 0.0
        self._token = b""
        self._ask(self._echo)
        for channel in self._wanted:
            self._ask(channel)

    def _down(self) -> None:
        link_up.labels(self._server, "listener").set(0)
        self._asked.clear()
        self._unconfirmed.clear()
        self._leaving.clear()
        self._to_ask.clear()
        self._late.update(self._wanted)
        self._wake(list(self._waiting))

    def _ask(self, channel: bytes) -> None:
        self._to_ask[channel] = None
        if not self._flush_soon:
            self._flush_soon = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_soon = False
        if not self._link.up:
            return
        due = [each for each in self._to_ask if each not in self._asked and self._is_wanted(each)]
        self._to_ask.clear()
        for channels in self._batches(due):
            if not self._order(b"SSUBSCRIBE", channels):
                self._to_ask.update(dict.fromkeys(channels))  # the next tick tries again
                continue
            self._asked.update(channels)
            self._unconfirmed.update(channels)

    def _is_wanted(self, channel: bytes) -> bool:
        return channel in self._wanted or channel == self._echo

    def _batches(self, channels: list[bytes]) -> Iterable[list[bytes]]:
        """A cluster takes only channels of one slot in a command."""
        if self._by_slot:
            channels.sort(key=key_slot)
            groups: Iterable[Iterable[bytes]] = (group for _slot, group in groupby(channels, key_slot))
        else:
            groups = (channels,)
        for group in groups:
            left = iter(group)
            while batch := list(islice(left, CHANNELS_A_COMMAND)):
                yield batch

    def _order(self, command: bytes, channels: list[bytes]) -> bool:
        packed = pack(command, *channels)
        return self._link.send(packed, self._ordered, (command, channels), pushes=set(channels))

    def _ordered(self, note: tuple[bytes, list[bytes]], answer: object) -> None:
        """Every channel was confirmed; or the command was refused; or the connection ended, see _down."""
        command, channels = note
        if not isinstance(answer, ResponseError):
            return
        if command == b"SSUBSCRIBE":
            self._refused.say(server=self._server, error=str(answer))
            for channel in channels:
                self._unconfirmed[channel] -= 1
                if self._unconfirmed[channel] <= 0:
                    del self._unconfirmed[channel]
                self._asked.discard(channel)
            self._to_ask.update(dict.fromkeys(channels))
            self._late.update(each for each in channels if each in self._wanted)
            self._hears.misplaced()

    def _pushed(self, push: list[Any]) -> None:
        kind, channel = push[0], push[1]
        if kind == b"smessage":
            room = self._wanted.get(channel)
            if room is not None:
                self._hears.message(room, channel, push[2])
            elif channel == self._echo:
                self._echoed(push[2])
            else:
                self._hears.unwanted()
        elif kind == b"ssubscribe":
            self._confirmed(channel)
        elif kind == b"sunsubscribe" and channel in self._asked and not self._unconfirmed[channel]:
            self._taken_away(channel)

    def _confirmed(self, channel: bytes) -> None:
        self._unconfirmed[channel] -= 1
        if self._unconfirmed[channel] > 0:
            return
        del self._unconfirmed[channel]
        if channel in self._asked:
            self._wake([channel])
            room = self._wanted.get(channel)
            if channel in self._late and room is not None:
                self._late.discard(channel)
                self._hears.broken((room,))

    def _taken_away(self, channel: bytes) -> None:
        """The server ended the subscription itself: the channel's slot has moved to another one."""
        self._asked.discard(channel)
        self._to_ask[channel] = None
        if channel in self._wanted:
            self._late.add(channel)
        self._hears.misplaced()

    def _wake(self, channels: list[bytes]) -> None:
        for channel in channels:
            future = self._waiting.pop(channel, None)
            if future is not None and not future.done():
                future.set_result(None)

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            before = loop.time()
            await asyncio.sleep(ECHO_SECONDS)
            if self._link.up:
                # When this process itself stood still, Redis is not to blame for the whole time.
                self._deaf += min(loop.time() - before, 1.5 * ECHO_SECONDS)
                self._look_after()

    def _look_after(self) -> None:
        if self._deaf > DEAF_SECONDS:
            self._link.reset("no echo")
            self._deaf = 0.0
            return
        self._send_echo()
        self._unsubscribe()
        self._flush()

    def _send_echo(self) -> None:
        self._token = secrets.token_bytes(TOKEN_BYTES)
        self._token_at = asyncio.get_running_loop().time()
        self._link.send(pack(b"SPUBLISH", self._echo, self._token), self._echo_sent)

    def _echo_sent(self, _note: object, answer: object) -> None:
        if isinstance(answer, ResponseError):
            self._hears.misplaced()

    def _echoed(self, token: bytes) -> None:
        if token == self._token:
            self._deaf = 0.0
            echo_seconds.labels(self._server).set(asyncio.get_running_loop().time() - self._token_at)

    def _unsubscribe(self) -> None:
        due = [each for each in self._leaving if each in self._asked and not self._is_wanted(each)]
        self._leaving.clear()
        for channels in self._batches(due):
            self._asked.difference_update(channels)
            if not self._order(b"SUNSUBSCRIBE", channels):
                self._asked.update(channels)
                self._leaving.update(channels)
