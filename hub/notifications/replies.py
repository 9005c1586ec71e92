"""What people write to us by SMS or WhatsApp: STOP and START, or an answer to a message that a notification told of.

An answer is handed back as `Reply`; the edge sends it into the conversation as the person's own message. It carries the
provider's name of what was written, so that a webhook that comes twice gives one message.
"""

import re
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import structlog
from msgspec import Struct

from hub.channels.base import Inbound
from hub.channels.keywords import Intent, intent
from persistence import delivering, preferences, provider_events, reported
from persistence.suppressions import address_hash
from persistence.uow import Database, Tx

log = structlog.get_logger()

ANSWERABLE_MS = 30 * 86_400_000
"""What is written later than this after our last message is taken for no answer to it."""
LONGEST_ID = 200
CLIENT_ID = re.compile(r"[A-Za-z0-9_.:@-]{1,128}")


class Reply(Struct, frozen=True, kw_only=True):
    """A message for a conversation; `client_message_id` is the same for the same text for ever."""

    conversation_id: str
    user_id: str
    client_message_id: str
    text: str


class Replies:
    """Takes what people write."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, written: Inbound) -> Reply | None:
        """Stores that it came and does what it asks for; the message that it is, if it answers one.

        A repeat gives the same answer and does nothing else.
        """
        external_id = written.external_id.replace("\0", "")
        if not 0 < len(external_id) <= LONGEST_ID:
            return None
        key = (written.provider, external_id)
        async with self._database.begin() as tx:
            new = await provider_events.add(tx.connection, [_row(written, external_id, tx.now)])
            if not new:
                answered = await self._answered_before(tx, key)
            else:
                answered = await self._take(tx, written, key)
        return None if answered is None else _reply(written, external_id, answered)

    async def _take(self, tx: Tx, written: Inbound, key: provider_events.Key) -> Any | None:
        """The delivery that it answers."""
        hashed = address_hash(written.sender)
        await reported.open_window(tx.connection, written.channel, hashed, min(written.at, tx.now))
        people = await reported.of_phone(tx.connection, written.sender)
        asked = intent(written.text)
        if asked is not None:
            await self._obey(tx, written, asked, people)
            return None
        answered = await self._find(tx, written, people) if people and written.text.strip() else None
        if answered is None:
            log.info("inbound.answers_nothing", provider=written.provider, channel=written.channel, known=bool(people))
            return None
        await provider_events.answers(tx.connection, key, answered.id)
        await reported.replied(tx.connection, answered.notification_id, tx.now)
        return answered

    async def _obey(self, tx: Tx, written: Inbound, asked: Intent, people: Sequence[str]) -> None:
        """STOP and START; the providers answer them, and HELP, by themselves."""
        hashed, scope = address_hash(written.sender), ("all", written.channel)
        log.info("inbound.keyword", intent=asked, provider=written.provider, channel=written.channel)
        if asked == "stop":
            stop = {"channel": written.channel, "address_hash": hashed, "scope": "all", "reason": "stop"}
            await delivering.suppress(tx.connection, [{**stop, "created_at": tx.now, "expires_at": None}])
            for user_id in people:
                await preferences.choose(tx.connection, user_id, {scope: False}, at=tx.now)
        elif asked == "start":
            await reported.lift(tx.connection, written.channel, hashed)
            for user_id in people:
                await preferences.forget(tx.connection, user_id, [scope])

    async def _find(self, tx: Tx, written: Inbound, people: Sequence[str]) -> Any | None:
        if written.reply_to:
            named = await reported.answered_by_id(tx.connection, written.reply_to.replace("\0", ""), people)
            if named is not None:
                return named
        return await reported.last_told(tx.connection, written.channel, people, since=tx.now - ANSWERABLE_MS)

    async def _answered_before(self, tx: Tx, key: provider_events.Key) -> Any | None:
        """The process may have stopped between storing it and sending it into the conversation."""
        stored = await provider_events.of_key(tx.connection, key)
        if stored is None or stored.delivery_id is None:
            return None
        return await reported.one(tx.connection, stored.delivery_id)


def _reply(written: Inbound, external_id: str, answered: Any) -> Reply:
    name = f"{written.provider}-{external_id}"
    if CLIENT_ID.fullmatch(name) is None:
        name = f"{written.provider}-{sha256(external_id.encode(errors='replace')).hexdigest()}"
    return Reply(
        conversation_id=answered.conversation_id,
        user_id=answered.user_id,
        client_message_id=name,
        text=written.text,
    )


def _row(written: Inbound, external_id: str, now: int) -> dict[str, Any]:
    return {
        "provider": written.provider,
        "external_id": external_id,
        "kind": "inbound",
        "delivery_id": None,
        "provider_id": None,
        "reason": None,
        "at": written.at,
        "received_at": now,
    }
