"""Unsubscribing by a link in a message: a signed token stands for (person, channel, category) and never expires.

Whoever holds the message may turn off what it is about, and nothing else; so no signing in is needed (RFC 8058).
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from hashlib import blake2b

import msgspec
from msgspec import Struct

from hub.channels.base import Channel
from hub.errors import UnsubscribeInvalid
from hub.notifications import offers
from hub.notifications.masking import masked
from hub.notifications.rules import Category, rule_for
from hub.settings import Settings
from persistence import preferences, users
from persistence.uow import Database

MAC_BYTES = 16
"""Of HMAC-SHA256; half of it is the least that RFC 2104 (5) advises."""
LONGEST = 512
EVENT = "event:"


class Subscription(Struct, frozen=True, kw_only=True):
    """What a token is about, and whether it is on."""

    user: str
    """Their address on that channel, masked."""
    channel: Channel
    category: Category
    subscribed: bool


class _Subject(Struct, frozen=True, array_like=True):
    user_id: str
    channel: Channel
    category: Category


class Unsubscriber:
    """Makes tokens, and does what they stand for."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._key = blake2b(settings.signing_secret.encode(), person=b"hub unsubscribe", digest_size=32).digest()
        self._decode = msgspec.json.Decoder(_Subject).decode

    def make(self, user_id: str, channel: Channel, category: str) -> str | None:
        """The token for a message; None for a category that is required, which nobody can unsubscribe from."""
        if offers.is_required(category):
            return None
        subject = msgspec.json.encode((user_id, channel, category))
        return urlsafe_b64encode(self._sign(subject) + subject).decode().rstrip("=")

    async def of(self, token: str) -> Subscription:
        """What a token is about. Raises UnsubscribeInvalid."""
        subject = self._open(token)
        async with self._database.read() as connection:
            row = await users.get(connection, subject.user_id)
            chosen = await preferences.of_user(connection, subject.user_id)
        address = None if row is None else row.email if subject.channel == "email" else row.phone
        return Subscription(
            user=masked(subject.channel, address),
            channel=subject.channel,
            category=subject.category,
            subscribed=offers.is_on(subject.category, subject.channel, chosen),
        )

    async def apply(self, token: str) -> Subscription:
        """Turns the category off on the channel; again changes nothing. Raises UnsubscribeInvalid."""
        return await self._set(token, allowed=False)

    async def undo(self, token: str) -> Subscription:
        """Turns it on again. Raises UnsubscribeInvalid."""
        return await self._set(token, allowed=True)

    async def _set(self, token: str, *, allowed: bool) -> Subscription:
        subject = self._open(token)
        async with self._database.begin() as tx:
            if not await users.exists_already(tx.connection, subject.user_id):
                raise UnsubscribeInvalid
            held = await preferences.of_user(tx.connection, subject.user_id)
            scopes = [f"category:{subject.category}", *_events_chosen(held, subject)]
            choices: dict[tuple[str, str], bool] = {(scope, subject.channel): allowed for scope in scopes}
            await preferences.choose(tx.connection, subject.user_id, choices, at=tx.now)
        return await self.of(token)

    def _open(self, token: str) -> _Subject:
        if len(token) > LONGEST:
            raise UnsubscribeInvalid
        try:
            # b64decode skips what is no base64 instead of refusing it; the signature covers what is left.
            raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
            signature, subject = raw[:MAC_BYTES], raw[MAC_BYTES:]
            if not hmac.compare_digest(signature, self._sign(subject)):
                raise UnsubscribeInvalid
            found = self._decode(subject)
        except (ValueError, msgspec.DecodeError):
            raise UnsubscribeInvalid from None
        if offers.is_required(found.category):
            raise UnsubscribeInvalid
        return found

    def _sign(self, subject: bytes) -> bytes:
        return hmac.digest(self._key, subject, "sha256")[:MAC_BYTES]


def _events_chosen(held: Iterable[tuple[str, str]], subject: _Subject) -> list[str]:
    """Scopes of single events of the category for which the person chose the channel: those go before the category."""
    events = {scope for scope, channel in held if scope.startswith(EVENT) and channel in (subject.channel, "*")}
    return sorted(scope for scope in events if rule_for(scope.removeprefix(EVENT)).category == subject.category)
