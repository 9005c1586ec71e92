"""How a session begins and ends: token, limits, rooms, presence, resume, expiry."""

import asyncio
import time
from typing import Any, Protocol

import msgspec
import structlog

from hub.clock import rfc3339
from hub.errors import AuthInvalid, AuthRevoked, ConversationNotFound, Draining
from hub.gateway import fields, wire
from hub.gateway.addresses import TrustedProxies
from hub.gateway.connection import Connection
from hub.gateway.opening import note_resumed
from hub.gateway.ratelimit import CONNECTS, REQUESTS, SENDS
from hub.gateway.rooms import conversation_room, user_room
from hub.gateway.services import Services
from hub.gateway.session import Session

log = structlog.get_logger()

RESUME_PAGES = 3
"""Pages of changes that are replayed to a resuming socket; beyond them it is told to sync by itself."""

STOP_REASONS = frozenset({"token_expired", "banned", "replaced"})
"""Reasons after which connecting again with the same token makes no sense."""


class Close(Protocol):
    """How the server closes a session."""

    def __call__(self, session: Session, reason: str, *, come_back: bool) -> None:
        """Closes it, soon."""
        ...


class Admission:
    """Lets sessions in and sees them off."""

    def __init__(self, services: Services) -> None:
        self._hub = services
        self._proxies = TrustedProxies(services.settings.trusted_proxies)
        self.draining = False
        self.close: Close | None = None
        """Closes a session's connection; set by the server."""

    async def admit(self, sid: str, connection: Connection, auth: Any) -> Session:
        """A session for a CONNECT packet with these `auth` data. Raises a HubError."""
        self.check_draining()
        if connection.environ is not None:
            connection.remote = self._proxies.client(connection.environ["aiohttp.request"])
            connection.environ = None  # a request is large; only its address is needed again
        await self._hub.limiter.take(CONNECTS, connection.remote)
        if not isinstance(auth, dict) or "token" not in auth:
            raise AuthInvalid({"reason": "connect with auth {token}"})
        connect = msgspec.convert(auth, wire.Connect)
        identity = await self._hub.authenticator.identify(connect.token)
        profile = await self._hub.users.known_or_new(
            identity.user_id,
            name=identity.name,
            locale=identity.locale,
            tz=identity.tz,
            issued_ms=identity.issued_ms,
        )
        user = wire.SessionUser(profile.id, profile.display_name, profile.locale, sorted(identity.roles))
        return Session(sid, connection, self._hub.fanout, identity, user, connect.device_id)

    def check_draining(self) -> None:
        """Raises Draining when this process is about to stop."""
        if self.draining:
            raise Draining

    async def begin(self, session: Session, auth: dict[str, Any]) -> None:
        """Greets an admitted session and brings it up to date; closes it when that cannot be. Never raises."""
        try:
            await self._begin(session, auth)
        except AuthRevoked:  # the order to close came before the session was in its person's room
            self.dismiss(session, "banned")
        except Exception:  # a session without its greeting is of no use; the client comes back
            log.exception("gateway.greeting_failed", session_id=session.id)
            self.dismiss(session, "internal_error")

    async def _begin(self, session: Session, auth: dict[str, Any]) -> None:
        if session.ended:
            return
        self._hub.fanout.join(session, user_room(session.user_id))
        await self._hub.bus.listening(user_room(session.user_id))
        session.on_renewed = self._watch_expiry
        self._watch_expiry(session)
        await self._hub.presence.arrived(session.user_id, session.id)
        session.emit("session.ready", await self._ready(session))
        for conversation_id, rev in msgspec.convert(auth, wire.Connect).resume.items():
            if session.connection.closed:
                return
            await self._resume(session, conversation_id, rev)

    async def end(self, session: Session) -> None:
        """Forgets a session; whatever is still under way for it joins nothing any more."""
        session.ended = True
        if session.expiry is not None:
            session.expiry.cancel()
        self._hub.fanout.leave_all(session)
        for conversation_id in session.opened:
            if not self._open_elsewhere(session, conversation_id):
                await self._hub.typing.stop(conversation_id, session.user_id)
        await self._hub.presence.left(session.user_id, session.id)
        if session.focus is not None:
            self._hub.attention.changed(session.user_id)

    def dismiss(self, session: Session, reason: str) -> None:
        """Closes a session, after telling the client why and whether to come back."""
        come_back = reason not in STOP_REASONS
        if not session.closing:
            session.emit("session.closing", wire.SessionClosing(reason, reconnect=come_back))
            if self.close is not None:
                self.close(session, reason, come_back=come_back)

    def _open_elsewhere(self, session: Session, conversation_id: str) -> bool:
        others = self._hub.fanout.members(conversation_room(conversation_id))
        return any(other.user_id == session.user_id for other in others)

    async def _ready(self, session: Session) -> wire.SessionReady:
        unread = await self._hub.users.unread(session.user_id, issued_ms=session.identity.issued_ms)
        unseen = await self._hub.notices.unseen(session.user_id)
        return wire.SessionReady(
            user=session.user,
            server_time=rfc3339(self._hub.clock.now()),
            session_id=session.id,
            limits=wire.Limits(fields.BODY_BYTES, fields.FRAME_BYTES, int(REQUESTS.per_second), int(SENDS.per_second)),
            unread=wire.UnreadTotals(sum(unread.values()), unread, unseen),
        )

    async def _resume(self, session: Session, conversation_id: str, rev: int) -> None:
        """Replays what the socket missed in one conversation as ordinary events, then lets the live ones follow."""
        try:
            # Membership comes first: who may not see the conversation must not listen for a moment.
            standing = await self._hub.sync.standing(session.user_id, conversation_id)
        except Exception as error:  # a stranger, or the database is away: the client asks again by itself
            if not isinstance(error, ConversationNotFound):
                log.exception("gateway.resume_failed", session_id=session.id)
            session.emit("conversation.resync", wire.ConversationResync(conversation_id))
            return
        room = conversation_room(conversation_id)
        session.hold(room)
        await self._hub.bus.listening(room)
        note_resumed(self._hub, session, conversation_id, standing)
        reached: int | None = None
        try:
            reached = await self._replay(session, conversation_id, rev)
        except Exception:  # what was held back still goes out, and the client is told to ask
            log.exception("gateway.resume_failed", session_id=session.id)
            session.emit("conversation.resync", wire.ConversationResync(conversation_id))
        session.release(room, after_rev=reached)

    async def _replay(self, session: Session, conversation_id: str, rev: int) -> int | None:
        for _ in range(RESUME_PAGES):
            result = await self._hub.sync.changes(session.user_id, conversation_id, rev)
            if result.reset:
                break
            for change in result.changes:
                session.emit(change.type, _event_of(change))
                rev = change.rev
            await session.outbox.drained()  # a page at a time: what is replayed must not make the reader too slow
            if not result.more:
                return rev
        session.emit("conversation.resync", wire.ConversationResync(conversation_id))
        return None  # what was held back still goes out: the client compares it with what it syncs

    def _watch_expiry(self, session: Session) -> None:
        if session.expiry is not None:
            session.expiry.cancel()
        if session.ended:
            return
        left = max(0.0, session.identity.expires - time.time())
        longest = 86_400.0  # the loop's timers are not made for years
        session.expiry = asyncio.get_running_loop().call_later(min(left, longest), self._maybe_expired, session)

    def _maybe_expired(self, session: Session) -> None:
        if session.identity.expires > time.time():
            self._watch_expiry(session)
            return
        session.emit("session.expired", wire.SessionExpired())
        self.dismiss(session, "token_expired")


def _event_of(change: Any) -> dict[str, Any]:
    return {
        key: value
        for key in ("conversation_id", "rev", "message", "conversation")
        if (value := getattr(change, key)) is not msgspec.UNSET
    }
