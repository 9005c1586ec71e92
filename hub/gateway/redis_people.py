"""People in Redis: which nodes hold somebody, how they appear, what they look at; and the leases of the nodes."""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, get_args

from msgspec import Struct
from redis.exceptions import NoScriptError

from hub.clock import END
from hub.gateway.presence import Status
from hub.gateway.redis_link import RedisAway
from hub.gateway.redis_scripts import ALIVE, BEAT, CLAIM, PERSON, Script
from hub.gateway.redis_shards import Shards

LEASE_SECONDS = 8.0
"""A node that did not beat for so long is dead."""
REMEMBERED_SECONDS = 30 * 86_400
"""How long it is known when somebody who is gone was last seen."""
SWEEP_BATCH = 200
SWEEP_PAUSE = 0.05
"""Between batches: a dead node's people go at 4,000 a second at most, so that the others can tell their members."""
ELECTED_MS = 10_000
SEPARATOR = "\n"
STATUSES = frozenset(get_args(Status)) | {"offline"}


class Change(Struct, frozen=True):
    """Something that this node knows of a person."""

    user_id: str
    what: str
    """`here`, `gone` or `choose`."""
    value: str = ""
    """What is looked at, or the chosen status."""
    at: int = 0
    """Milliseconds since the epoch."""


class Seen(Struct, frozen=True):
    """How a person appears after a change."""

    user_id: str
    changed: bool
    """Whether others saw something else before."""
    shown: str
    last_seen: int | None


class Dead(Struct, frozen=True):
    """A node that is gone, and when it was last there (ms)."""

    node: str
    last_beat: int


class People:
    """Speaks for one node. A node that was taken for dead, or that Redis forgot, goes on under another name."""

    def __init__(self, shards: Shards, prefix: str, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._shards = shards
        self._prefix = prefix
        self._lease_ms = int(lease_seconds * 1000)
        self._nodes = f"{prefix}:nodes".encode()
        self._sweeper = f"{prefix}:sweeper".encode()
        self.name = _new_name()

    def rename(self) -> str:
        """Goes on under another name; the former one."""
        former, self.name = self.name, _new_name()
        return former

    async def beat(self) -> str:
        """Renews the lease: `known`, `new` (Redis did not know this node), or `dead` (it was given up). RedisAway."""
        return str((await self._run(BEAT, self._nodes, self.name)).decode())

    async def give_up(self, node: str) -> None:
        """The node's people are not there any more; a sweeper clears them away. RedisAway."""
        await self._shards.call(self._nodes, "ZADD", self._nodes, "XX", -1, node)

    async def tell(self, changes: Sequence[Change]) -> list[Seen]:
        """Carries out changes of people of this node, in order. RedisAway: nobody knows how many were."""
        # A sweeper finds a dead node's people by this set, so it is written before what has to be cleared away.
        if here := {each.user_id for each in changes if each.what == "here"}:
            await self._shards.call(self._people_of(self.name), "SADD", self._people_of(self.name), *here)
        seen = await self._change(changes, self.name)
        if gone := [each.user_id for each in _last(changes) if each.what == "gone"]:
            await self._shards.call(self._people_of(self.name), "SREM", self._people_of(self.name), *gone)
        return seen

    async def states(self, user_ids: Sequence[str]) -> list[Seen]:
        """How people appear. RedisAway."""
        keys = [self._person(user_id) for user_id in user_ids]
        found = await self._shards.answers([self._shards.request(key, "HMGET", key, "shown", "seen") for key in keys])
        return [
            _seen(user_id, [0, shown or b"offline", seen or b""])
            for user_id, (shown, seen) in zip(user_ids, found, strict=True)
        ]

    async def is_looking(self, user_id: str, conversation_id: str, *, seconds: float) -> bool:
        """Whether somebody looks at the conversation on a node that is alive. RedisAway."""
        key = self._person(user_id)
        fields = await self._shards.call(key, "HGETALL", key, seconds=seconds)
        nodes = [
            name[1:]
            for name, value in fields.items()
            if name.startswith(b"@") and conversation_id in _text(value).split(SEPARATOR)
        ]
        return bool(nodes) and await self._run(ALIVE, self._nodes, self._lease_ms, *nodes, seconds=seconds) == 1

    async def dead(self) -> list[Dead]:
        """Nodes whose lease is over and whose people are to be cleared away. RedisAway."""
        found = await self._run(CLAIM, self._nodes, self._lease_ms)
        return [Dead(_text(node), -int(float(beat))) for node, beat in zip(found[::2], found[1::2], strict=True)]

    @contextlib.asynccontextmanager
    async def elected(self) -> AsyncIterator[bool]:
        """Whether this node is to sweep: one at a time does. RedisAway."""
        taken = await self._shards.call(self._sweeper, "SET", self._sweeper, self.name, "NX", "PX", ELECTED_MS)
        try:
            yield taken is not None
        finally:
            if taken is not None:
                with contextlib.suppress(RedisAway):
                    await self._shards.call(self._sweeper, "DEL", self._sweeper)

    async def sweep(self, dead: Dead) -> AsyncIterator[list[Seen]]:
        """Clears the people of a dead node away, some at a time, and tells how they appear now. RedisAway."""
        key = self._people_of(dead.node)
        while users := await self._shards.call(key, "SRANDMEMBER", key, SWEEP_BATCH):
            changes = [Change(_text(user), "gone", at=dead.last_beat) for user in users]
            yield await self._change(changes, dead.node)
            await self._shards.call(key, "SREM", key, *users)
            await self._shards.call(self._sweeper, "PEXPIRE", self._sweeper, ELECTED_MS)
            await asyncio.sleep(SWEEP_PAUSE)
        await self._shards.call(self._nodes, "ZREM", self._nodes, dead.node)

    async def _change(self, changes: Sequence[Change], node: str) -> list[Seen]:
        requests = []
        loaded = set()
        for each in changes:
            key = self._person(each.user_id)
            shard = self._shards.of(key)
            # The first of each server brings the script along; the others follow it on the same link.
            script = ("EVALSHA", PERSON.digest) if shard in loaded else ("EVAL", PERSON.text)
            loaded.add(shard)
            arguments = (each.what, f"@{node}", each.value, each.at, REMEMBERED_SECONDS)
            requests.append(self._shards.request(key, *script, 1, key, *arguments))
        answers = await self._shards.answers(requests)
        return [_seen(each.user_id, answer) for each, answer in zip(changes, answers, strict=True)]

    async def _run(self, script: Script, key: bytes, *arguments: str | bytes | int, seconds: float = 2.0) -> Any:
        try:
            return await self._shards.call(key, "EVALSHA", script.digest, 1, key, *arguments, seconds=seconds)
        except NoScriptError:
            return await self._shards.call(key, "EVAL", script.text, 1, key, *arguments, seconds=seconds)

    def _person(self, user_id: str) -> bytes:
        return f"{self._prefix}:person:{user_id}".encode()

    def _people_of(self, node: str) -> bytes:
        return f"{self._prefix}:node:{node}".encode()


def _last(changes: Iterable[Change]) -> Iterable[Change]:
    """The last change of each person that says whether the node holds them."""
    return {each.user_id: each for each in changes if each.what != "choose"}.values()


def _seen(user_id: str, answer: list[Any]) -> Seen:
    changed, shown, seen = answer
    # Whatever else writes to this Redis, only what the hub can have written goes on to clients.
    status = _text(shown) if _text(shown) in STATUSES else "offline"
    moment = int(seen) if seen.isdigit() and int(seen) < END else None
    return Seen(user_id, bool(changed), status, moment)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _new_name() -> str:
    return secrets.token_hex(8)
