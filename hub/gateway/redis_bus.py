"""The bus of many processes: sharded pub/sub of Redis 7, one channel for each room, subscribed where it has members."""

import asyncio
import contextlib
from collections.abc import Iterable

import structlog

from hub.gateway.bus import Broken, Command, Deliver, Obey, ignore
from hub.gateway.frames import Frame, Priority
from hub.gateway.redis_link import pack
from hub.gateway.redis_metrics import Traffic, breaks
from hub.gateway.redis_shards import Shard, Shards, is_moved
from hub.gateway.redis_suspects import Suspects
from hub.gateway.redis_wire import Codec, Forged, Kind
from hub.gateway.seldom import Seldom

log = structlog.get_logger()

EVERYBODY = ":all"
"""The room of all nodes. No room of the gateway begins with a colon."""
FIRST_HEAL_SECONDS = 0.25
MOST_HEAL_SECONDS = 2.0
ROOMS_AT_ONCE = 1_000
GATHER_SECONDS = 0.05
"""Broken rooms are told in one call for all that broke within this time."""
STOP_SECONDS = 1.0
METRICS_SECONDS = 1.0


class RedisBus:
    """See Bus. A payload of another node is delivered only when its signature is right.

    What Redis has not confirmed is not sent again, because it may have arrived: the room is told to be suspect
    instead, as soon as Redis confirms that. Frames that only live for a moment (typing) are let go.
    """

    def __init__(self, shards: Shards, codec: Codec, prefix: str) -> None:
        self.on_break: Broken = ignore
        self.traffic = Traffic()
        self._shards = shards
        self._codec = codec
        self._prefix = f"{prefix}:room:"
        self._subscribers: list[tuple[Deliver, Obey]] = []
        self._homes: dict[str, Shard | None] = {EVERYBODY: None}
        """Every wanted room, and the server where it is subscribed."""
        self._suspects = Suspects()
        self._healing = asyncio.Event()
        self._failed = False
        self._broken: set[str] = set()
        self._telling: asyncio.TimerHandle | None = None
        self._forgeries = Seldom("bus.payload_refused")
        self._tasks: list[asyncio.Task[None]] = []
        shards.attach(self, self._find_homes)

    def subscribe(self, deliver: Deliver, obey: Obey) -> None:
        """See Bus."""
        self._subscribers.append((deliver, obey))

    def publish(self, room: str, frame: Frame) -> None:
        """See Bus."""
        for deliver, _obey in self._subscribers:
            deliver(room, frame)
        channel = self._channel(room)
        lasting = room if frame.priority is not Priority.TYPING else None
        if not self._send(channel, self._codec.frame(channel, frame), lasting):
            self.traffic.unconfirmed += 1
            self._lost(lasting)

    def command(self, room: str, command: Command) -> None:
        """See Bus."""
        for _deliver, obey in self._subscribers:
            obey(room, command)
        self._send_command(room, command)

    def want(self, room: str) -> None:
        """See Bus."""
        if room not in self._homes:
            self._homes[room] = self._settle(room, late=False)

    def unwant(self, room: str) -> None:
        """See Bus."""
        home = self._homes.pop(room, None)
        if home is not None:
            home.listener.unwant(self._channel(room))

    async def listening(self, room: str) -> None:
        """See Bus."""
        home = self._homes.get(room)
        if home is not None:
            await home.listener.listening(self._channel(room))

    async def start(self) -> None:
        """See Bus."""
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._heal()), asyncio.create_task(self._count())]
            await self._shards.start()

    async def stop(self) -> None:
        """See Bus."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS):
                while self.waiting:  # noqa: ASYNC110  (many links, one short wait at the end of a process)
                    await asyncio.sleep(0.005)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []
        if self._telling is not None:
            self._telling.cancel()
        await self._shards.stop()
        self.traffic.flush()

    @property
    def up(self) -> bool:
        """Whether this node hears the others and is heard."""
        return self._shards.up

    @property
    def trouble(self) -> str | None:
        """See Bus."""
        return None if self.up else f"{self._shards.trouble}: is Redis up, and HUB_REDIS_URL right?"

    @property
    def waiting(self) -> bool:
        """Whether something was sent that Redis has not answered yet."""
        return not self._shards.idle

    @property
    def suspects(self) -> int:
        """How much waits for Redis to be told to the other nodes."""
        return len(self._suspects)

    # --- sending ------------------------------------------------------------------------------------------------

    def _channel(self, room: str) -> bytes:
        return (self._prefix + room).encode()

    def _send(self, channel: bytes, payload: bytes, note: str | tuple[str, Command] | None) -> bool:
        shard = self._shards.of(channel)
        packed = pack(b"SPUBLISH", channel, payload)
        if shard is None or not shard.commands.send(packed, self._answered, note):
            return False
        self.traffic.sent += 1
        return True

    def _send_command(self, room: str, command: Command) -> bool:
        channel = self._channel(room)
        if self._send(channel, self._codec.command(channel, command), (room, command)):
            return True
        self._lost((room, command))
        return False

    def _answered(self, note: str | tuple[str, Command] | None, answer: object) -> None:
        if isinstance(answer, Exception):
            if is_moved(answer):
                self._shards.look()
            self.traffic.unconfirmed += 1
            self._lost(note)

    def _lost(self, note: str | tuple[str, Command] | None) -> None:
        if note is None:
            return
        self._failed = True
        if isinstance(note, tuple):
            self._suspects.again(*note)
        elif note == EVERYBODY:
            self._suspects.add_everything()
        else:
            self._suspects.add(note)
        self._healing.set()

    async def _heal(self) -> None:
        pause = FIRST_HEAL_SECONDS
        while True:
            await self._healing.wait()
            await asyncio.sleep(pause)
            self._healing.clear()
            self._failed = False
            self._send_suspects()
            pause = min(pause * 2, MOST_HEAL_SECONDS) if self._failed else FIRST_HEAL_SECONDS
            if self._suspects:
                self._healing.set()

    def _send_suspects(self) -> None:
        if self._suspects.take_everything():
            self._send_suspect(EVERYBODY, everything=True)
        for room in self._suspects.take_rooms(ROOMS_AT_ONCE):
            self._send_suspect(room)
        for room, command in self._suspects.take_commands():
            self._send_command(room, command)

    def _send_suspect(self, room: str, *, everything: bool = False) -> None:
        channel = self._channel(room)
        if not self._send(channel, self._codec.suspect(channel, everything=everything), room):
            self._lost(room)

    # --- hearing ------------------------------------------------------------------------------------------------

    def message(self, room: str, channel: bytes, payload: bytes) -> None:
        """A payload came from Redis; see Hears."""
        if self._codec.is_own(payload):
            self.traffic.own += 1
            return
        try:
            kind, frame, command = self._codec.open(channel, payload)
        except (Forged, ValueError) as error:  # ValueError: signed by a node of another version
            self.traffic.refused += 1
            self._forgeries.say(room=room, bytes=len(payload), error=f"{type(error).__name__}: {error}")
            return
        self.traffic.received += 1
        try:
            self._hand_over(room, kind, frame, command)
        except Exception:  # one bad delivery must not end the hearing of all rooms
            log.exception("bus.delivery_failed", room=room)

    def _hand_over(self, room: str, kind: Kind, frame: Frame | None, command: Command | None) -> None:
        if frame is not None:
            for deliver, _obey in self._subscribers:
                deliver(room, frame)
        elif command is not None:
            for _deliver, obey in self._subscribers:
                obey(room, command)
        elif kind is Kind.SUSPECT_ALL:
            self.broken(self._homes)
        else:
            self.broken((room,))

    def unwanted(self) -> None:
        """See Hears."""
        self.traffic.unwanted += 1

    def broken(self, rooms: Iterable[str]) -> None:
        """See Hears."""
        self._broken.update(rooms)
        if self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._tell)

    def misplaced(self) -> None:
        """See Hears."""
        self._shards.look()

    def _tell(self) -> None:
        self._telling = None
        broken, self._broken = self._broken, set()
        rooms = [room for room in broken if room in self._homes and room != EVERYBODY]
        if rooms:
            breaks.inc(len(rooms))
            self.on_break(rooms)

    def _settle(self, room: str, *, late: bool) -> Shard | None:
        channel = self._channel(room)
        home = self._shards.of(channel)
        if home is not None:
            home.listener.want(channel, room, late=late)
        return home

    def _find_homes(self) -> None:
        """The servers have changed: every room is subscribed where it belongs now."""
        for room, home in self._homes.items():
            channel = self._channel(room)
            if self._shards.of(channel) is not home:
                if home is not None:
                    home.listener.unwant(channel)
                self._homes[room] = self._settle(room, late=True)

    async def _count(self) -> None:
        while True:
            await asyncio.sleep(METRICS_SECONDS)
            self.traffic.flush()
