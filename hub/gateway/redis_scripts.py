"""What must happen at once, inside Redis: a person's presence changes, a node beats, dead nodes are claimed."""

from hashlib import sha1

from msgspec import Struct


class Script(Struct, frozen=True):
    """A Lua script that uses one key."""

    text: str

    @property
    def digest(self) -> str:
        """As EVALSHA wants it."""
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()


PERSON = Script("""
-- KEYS[1]: the hash of a person: "@node" for each node that holds the person -> what is looked at there; and
-- chosen, shown, seen
-- ARGV: here|gone|choose, the node's field, a value, the time in ms, seconds to remember who is gone
-- Returns whether the others see something else now, what they see, and when the person was last seen.
local key, what, field, value, at = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local shown = redis.call('HGET', key, 'shown') or 'offline'
local chosen = redis.call('HGET', key, 'chosen') or 'online'
local left = false
if what == 'here' then
  redis.call('HSET', key, field, value)
  redis.call('PERSIST', key)
elseif what == 'gone' then
  left = redis.call('HDEL', key, field) == 1
else
  if value == 'invisible' and shown ~= 'offline' then redis.call('HSET', key, 'seen', at) end
  redis.call('HSET', key, 'chosen', value)
  chosen = value
end
local present = false
for _, name in ipairs(redis.call('HKEYS', key)) do
  if string.sub(name, 1, 1) == '@' then present = true break end
end
local now = 'offline'
if present then
  if chosen ~= 'invisible' then now = chosen end
elseif left then
  if chosen ~= 'invisible' then redis.call('HSET', key, 'seen', at) end
  redis.call('HDEL', key, 'chosen')
end
if now ~= shown then redis.call('HSET', key, 'shown', now) end
if not present then redis.call('EXPIRE', key, ARGV[5]) end
return {now ~= shown and 1 or 0, now, redis.call('HGET', key, 'seen') or ''}
""")

BEAT = Script("""
-- KEYS[1]: sorted set of nodes by their last beat in ms; negative: dead since then, and being cleared away
-- ARGV[1]: the node. Returns new, known or dead.
local time = redis.call('TIME')
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if score and tonumber(score) < 0 then return 'dead' end
redis.call('ZADD', KEYS[1], time[1] * 1000 + math.floor(time[2] / 1000), ARGV[1])
return score and 'known' or 'new'
""")

CLAIM = Script("""
-- KEYS[1]: as above. ARGV[1]: a lease in ms. Declares nodes dead that did not beat for so long.
-- Returns every dead node that is not cleared away yet, and its last beat.
local time = redis.call('TIME')
local since = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
for _, node in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], 1, since)) do
  redis.call('ZADD', KEYS[1], -redis.call('ZSCORE', KEYS[1], node), node)
end
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '-1', 'WITHSCORES')
""")

ALIVE = Script("""
-- KEYS[1]: as above. ARGV[1]: a lease in ms; the others: nodes. Returns 1 when one of them is alive.
local time = redis.call('TIME')
local since = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
for index = 2, #ARGV do
  local score = redis.call('ZSCORE', KEYS[1], ARGV[index])
  if score and tonumber(score) > since then return 1 end
end
return 0
""")
