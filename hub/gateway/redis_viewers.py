"""Viewers of live rooms on all nodes: a hash for each room, with the count of each node for as long as a lease."""

import secrets
from collections.abc import Mapping

from hub.gateway.redis_scripts import Script
from hub.gateway.redis_shards import Shards

LEASE_SECONDS = 10.0
"""Several exchanges go into it, so that a slow moment of a node takes nobody out of the counts."""

COUNT = Script("""
-- KEYS[1]: the hash of a room: node -> "count until-when-in-ms"
-- ARGV: the node, its count, a lease in ms. Returns the sum of all counts whose lease lasts.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if tonumber(ARGV[2]) > 0 then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now + ARGV[3]))
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
else
  redis.call('HDEL', KEYS[1], ARGV[1])
end
local sum = 0
local nodes = redis.call('HGETALL', KEYS[1])
for index = 1, #nodes, 2 do
  local count, lasts = string.match(nodes[index + 1], '^(%d+) (%d+)$')
  if lasts and tonumber(lasts) > now then
    sum = sum + tonumber(count)
  else
    redis.call('HDEL', KEYS[1], nodes[index])
  end
end
return sum
""")


class RedisViewers:
    """See Viewers. Nothing is written for rooms that nobody follows, and what a dead node wrote goes away by itself."""

    def __init__(self, shards: Shards, prefix: str, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._shards = shards
        self._prefix = prefix
        self._node = secrets.token_hex(8)
        self._lease_ms = int(lease_seconds * 1000)

    async def exchange(self, here: Mapping[str, int]) -> Mapping[str, int]:
        """See Viewers. Raises RedisAway."""
        requests = []
        loaded = set()
        for conversation_id, count in here.items():
            key = f"{self._prefix}:viewers:{conversation_id}".encode()
            shard = self._shards.of(key)
            # The first of each server brings the script along; the others follow it on the same link.
            script = ("EVALSHA", COUNT.digest) if shard in loaded else ("EVAL", COUNT.text)
            loaded.add(shard)
            requests.append(self._shards.request(key, *script, 1, key, self._node, count, self._lease_ms))
        sums = await self._shards.answers(requests)
        return dict(zip(here, sums, strict=True))
