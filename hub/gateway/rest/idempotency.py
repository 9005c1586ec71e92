"""Idempotency-Key: a repeat within a day gets the first answer; the same key with another body is refused."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import Any

import msgspec

from hub.errors import IdempotencyConflict, RequestInvalid
from hub.gateway.rest.routes import Call
from persistence import idempotency
from persistence.uow import Tx

LONGEST_KEY = 255


async def once(call: Call, create: Callable[[Tx], Awaitable[Any]]) -> Any:
    """What `create` answers, in one transaction with the key that the request carries (if it does)."""
    key = call.request.headers.get("Idempotency-Key")
    async with call.hub.database.begin() as tx:
        if key is None:
            return await create(tx)
        if not key or len(key) > LONGEST_KEY or not key.isprintable():
            raise RequestInvalid({"field": "Idempotency-Key", "reason": f"1-{LONGEST_KEY} printable characters"})
        return await _once(tx, call, key, create)


async def _once(tx: Tx, call: Call, key: str, create: Callable[[Tx], Awaitable[Any]]) -> Any:
    user_id = call.identity.user_id
    digest = sha256(f"{call.request.method} {call.request.path}\n".encode() + call.raw_body).digest()
    if await idempotency.take(tx.connection, {"user_id": user_id, "key": key, "digest": digest, "at": tx.now}):
        data = await create(tx)
        await idempotency.answer(tx.connection, user_id, key, status=201, answer=msgspec.json.encode(data))
        return data
    row = await idempotency.get(tx.connection, user_id, key)
    if row is None or row.digest != digest:
        raise IdempotencyConflict
    return msgspec.Raw(row.answer)
