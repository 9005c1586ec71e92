"""A virtual user: one connected person, who behaves as a correct client of the hub does.

It numbers what it holds by `rev`, asks for what it misses, resumes after a lost connection with a jittered delay and
on another node, sends again under the same id what was not acknowledged, and renews its token.
"""

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import Any

import msgspec

from loadtests import answers, sockets
from loadtests.hearing import Hearing
from loadtests.history import Place
from loadtests.sockets import Socket, SocketFailed
from loadtests.talking import Talking

CONNECT_SECONDS = 6.0
FIRST_PAUSE = (0.05, 0.4)
"""Bounds of the random delay before coming back; each failure doubles it, up to LONGEST_PAUSE."""
LONGEST_PAUSE = 2.0
RENEW_AT = 0.7
"""Part of its life after which a token is renewed."""


class Actor(Hearing, Talking):
    """Comes, goes, and begins its sessions."""

    __slots__ = ()

    def come(self) -> None:
        """Connects, and stays connected until `leave`."""
        if not self.wanted:
            self.wanted, self._due = True, time.perf_counter()
            for place in self.places.values():
                place.gone = False
            self._connect_after(0.0)

    def leave(self) -> None:
        """Goes for good."""
        self.wanted = False
        for place in self.places.values():
            place.gone = True
        if self.socket is not None:
            self.socket.close()

    def break_off(self, away: float) -> None:
        """Loses its connection, and comes back after a while."""
        if self.socket is not None and self.up:
            self._world.recorder.count("broken_off")
            self._come_back_ms = int(away * 1000)
            self._away, self._away_from = True, time.perf_counter()
            self.node = self._world.chance.randrange(len(self._world.addresses))  # as a balancer would have it
            self.socket.abort()

    def slow_down(self) -> None:
        """Stops to read."""
        if self.socket is not None and self.up:
            self.slow, self._ready_at, self._away_from = True, float("inf"), time.perf_counter()
            self.socket.pause_reading()

    def speed_up(self) -> None:
        """Reads again."""
        if self.slow and self.socket is not None:
            self._ready_at = time.perf_counter()
            self.socket.resume_reading()

    def _connect_after(self, seconds: float) -> None:
        if not self._connecting and not self._world.ended:
            self._connecting = True
            self._world.later(seconds, lambda: self._world.spawn(self._connect()))

    async def _connect(self) -> None:
        world = self._world
        if not self.wanted:
            self._connecting = False
            return
        host, port = world.addresses[self.node % len(world.addresses)]
        auth = self._auth()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                socket = await sockets.connect(
                    host,
                    port,
                    auth=auth,
                    source=world.source(self.number),
                    on_event=self._hear,
                    on_close=self._closed,
                )
        except (SocketFailed, OSError, TimeoutError) as error:
            self._connecting = False
            wait = self._refused(error)
            self._tries += 1
            self.node += 1
            self._connect_after(max(wait, self._pause()))
            return
        self._connected(socket)

    def _connected(self, socket: Socket) -> None:
        self._connecting = False
        if not socket.open:  # it was closed before we were told that it is open
            self._connect_after(self._pause())
            return
        self.socket = socket
        if not self.wanted:
            socket.close()
        elif self._greeted:
            self._begin()

    def _auth(self) -> dict[str, Any]:
        """Begins a new session: what CONNECT carries."""
        self._greeted = False
        for place in self.places.values():
            place.begin_session()
            place.syncing = False
        resume = {place.log.id: place.rev for place in self.own if place.log.id in self.opened}
        auth: dict[str, Any] = {"token": self._token(), "device_id": "load"}
        return {**auth, "resume": resume} if resume else auth

    def _refused(self, error: Exception) -> float:
        """Counts why it could not connect; the seconds that the hub asks to wait."""
        code, wait = type(error).__name__, 0.0
        begin = str(error).find("{")
        if begin >= 0:
            with suppress(msgspec.DecodeError):
                refusal = answers.refusal(str(error)[begin:].encode())
                code = refusal.message
                wait = (refusal.data.retry_after_ms or 0) / 1000 if refusal.data else 0.0
        self._world.recorder.count(f"connect refused: {code}")
        return wait

    def _pause(self) -> float:
        pause = self._world.chance.uniform(*FIRST_PAUSE) * 2.0 ** min(self._tries, 6)
        return min(pause, LONGEST_PAUSE)

    def _closed(self, socket: Socket, _error: Exception | None) -> None:
        if socket is not self.socket:
            return
        world = self._world
        self.socket = None
        self._ready_at = float("inf")  # what the next session catches up with was due while nobody was here
        if self.up:
            self.up = False
            world.up -= 1
        if self.slow:
            self.slow = False
            world.recorder.count("slow_closed")
        elif not self._away:
            self._away_from = float("inf")
        if not self.wanted:
            return
        world.recorder.count("lost_connections")
        self._due = self._lost_at = time.perf_counter()
        wait = self._pause() if self._come_back_ms is None else self._come_back_ms / 1000
        if self._come_back_ms is None:
            self.node += 1  # the node may be gone
        else:
            self._due += wait
            self._lost_at = self._due  # until then nobody wanted it to be connected
        self._come_back_ms = None
        self._connect_after(wait)

    def _begin(self) -> None:
        """Opens what was not open before, and asks how marks and counts stand, which are no entries of a log."""
        socket = self.socket
        assert socket is not None  # noqa: S101  (the callers have looked)
        self._tries = 0
        self._pending = 1
        for place in self.places.values():
            if place.log.live:
                self._pending += 1
                self._request("live.join", {"conversation_id": place.log.id}, partial(self._joined, place))
            elif place.log.id not in self.opened:
                self._pending += 1
                self._request("conversation.open", {"conversation_id": place.log.id}, partial(self._opened, place))
        if self.opened:
            self._pending += 1
            self._request("conversation.list", {"limit": 100}, self._listed)
        if self._renews:
            self._world.later(self._world.scenario.tokens.seconds * RENEW_AT, self._renew, socket)
        self._one_done()

    def _one_done(self) -> None:
        self._pending -= 1
        if self._pending == 0 and self.socket is not None:
            self._ready()

    def _ready(self) -> None:
        world, now = self._world, time.perf_counter()
        self.up, self._away, self._ready_at = True, False, now
        self._leaving = False
        world.up += 1
        world.recorder.wait("connect", now - self._due)
        world.recorder.count("connected")
        if self._lost_at:
            world.recorder.count("resumed")
            for place in self.places.values():
                if place.behind or place.held:
                    place.since = place.since or self._lost_at
                    self._sync_after(place, 0.0)
            world.recorder.wait("heal", now - self._lost_at)
            self._lost_at = 0.0
        for outgoing in list(self._outbox.values()):
            self._send(outgoing)
        for place in self.own:
            if place.read_wish > self._read_by_me(place):
                self._send_read(place, now)

    def _opened(self, place: Place, text: bytes, _at: float) -> None:
        if not text:
            return
        (ack,) = answers.open_ack(text)
        if ack.data is None:
            self._try_again("conversation.open", {"conversation_id": place.log.id}, ack, partial(self._opened, place))
            return
        head = ack.data.head
        place.rev, place.first_seq = head.rev, head.seq + 1
        place.log.rev = max(place.log.rev, head.rev)
        place.begin_session()
        self.opened.add(place.log.id)
        self._take_list(place, ack.data.conversation)
        self._one_done()

    def _joined(self, place: Place, text: bytes, _at: float) -> None:
        if not text:
            return
        (ack,) = answers.join_ack(text)
        if ack.data is None:
            self._try_again("live.join", {"conversation_id": place.log.id}, ack, partial(self._joined, place))
            return
        if place.log.id not in self.opened:
            place.rev, place.first_seq = ack.data.head.rev, ack.data.head.seq + 1
            self.opened.add(place.log.id)
            place.begin_session()
        place.session_rev = max(
            place.session_rev, ack.data.head.rev
        )  # a room replays nothing: what is missing is asked
        place.log.rev = max(place.log.rev, ack.data.head.rev)
        self._one_done()

    def _listed(self, text: bytes, _at: float) -> None:
        if not text:
            return
        (ack,) = answers.list_ack(text)
        if ack.data is None:
            self._try_again("conversation.list", {"limit": 100}, ack, self._listed)
            return
        self._take_page(ack.data)
        self._one_done()

    def _try_again(self, event: str, payload: Any, ack: answers.Failed, on_ack: sockets.OnAck) -> None:
        self._count_error(event, ack.error)
        self._world.later(self._wait(ack.error), self._request_if, self.socket, event, payload, on_ack)

    def _request_if(self, socket: Socket, event: str, payload: Any, on_ack: sockets.OnAck) -> None:
        if socket is self.socket:
            self._request(event, payload, on_ack)

    def _renew(self, socket: Socket) -> None:
        if socket is self.socket and self.up and not self._world.ended:
            self._request("session.refresh", {"token": self._token()}, partial(self._renewed, socket))

    def _renewed(self, socket: Socket, text: bytes, _at: float) -> None:
        if text:
            self._world.recorder.count("tokens_renewed")
            self._world.later(self._world.scenario.tokens.seconds * RENEW_AT, self._renew, socket)
