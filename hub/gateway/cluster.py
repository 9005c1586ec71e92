"""What the processes of a hub share, in memory for one process, in Redis for many: the bus, presence, viewers."""

import secrets
from dataclasses import dataclass

from hub.clock import Clock
from hub.gateway.attention import Focus, SessionAttention
from hub.gateway.bus import Bus, MemoryBus
from hub.gateway.fanout import Fanout
from hub.gateway.presence import MemoryPresence, PresenceStore
from hub.gateway.redis_address import parse
from hub.gateway.redis_attention import RedisAttention
from hub.gateway.redis_bus import RedisBus
from hub.gateway.redis_people import People
from hub.gateway.redis_presence import RedisPresence
from hub.gateway.redis_shards import Shards
from hub.gateway.redis_viewers import RedisViewers
from hub.gateway.redis_wire import NODE_BYTES, Codec, key_from
from hub.gateway.viewers import MemoryViewers, Viewers
from hub.settings import Settings


@dataclass(frozen=True)
class Cluster:
    """The shared parts of one process. `start` before the first socket, `stop` after the last."""

    bus: Bus
    presence: PresenceStore
    attention: Focus
    viewers: Viewers

    async def start(self) -> None:
        """Connects; when Redis is away it goes on trying and returns."""
        await self.bus.start()
        await self.presence.start()

    async def stop(self) -> None:
        """Tells the others what they must know, then disconnects."""
        await self.presence.stop()
        await self.bus.stop()


def build(settings: Settings, clock: Clock, fanout: Fanout) -> Cluster:
    """The shared parts that the settings ask for."""
    here = SessionAttention(fanout)
    grace = settings.presence_grace_seconds
    if not settings.redis_url:
        return Cluster(MemoryBus(), MemoryPresence(clock, grace), here, MemoryViewers())
    node, prefix = secrets.token_bytes(NODE_BYTES), settings.redis_prefix
    shards = Shards(parse(settings.redis_url), node.hex(), prefix)
    bus = RedisBus(shards, Codec(key_from(settings.signing_secret), node), prefix)
    people = People(shards, prefix)
    presence = RedisPresence(people, clock, grace)
    return Cluster(bus, presence, RedisAttention(here, presence, people), RedisViewers(shards, prefix))
