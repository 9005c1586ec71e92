"""Web Push (RFC 8030): messages to browsers through the push service that each browser chose."""

from typing import Literal
from urllib.parse import urlsplit

from aiohttp.abc import AbstractResolver
from http_ece import ECEException
from pywebpush import WebPusher, WebPushException
from yarl import URL

from hub.channels.base import Accepted, Go, Gone, Message, NotWanted, Outcome, Push, Rejected, RetryLater, Unknown
from hub.channels.http_pool import AnswerLost, HttpPool, NotSent
from hub.channels.public_hosts import NotPublic, PublicResolver, check_endpoint
from hub.channels.push_outcomes import outcome
from hub.channels.vapid import Vapid
from hub.clock import Clock, SystemClock
from hub.settings import Settings

LARGEST_PAYLOAD = 3_993
"""Bytes; encryption adds 103 (RFC 8188, 2.1), and services need not take more than 4,096 (RFC 8030, 7.2)."""
AUTH_BYTES = 16
"""RFC 8291, 3.2."""
MOST_ORIGINS = 1_000


class PushSender:
    """Encrypts for the browser's keys (RFC 8291), signs with ours, and posts to the subscription's endpoint.

    Two posts are two messages: of one topic, the second replaces the first only if that was not delivered yet. So it is
    not repeatable; and push services cannot be asked what became of a message.
    """

    channel: Literal["push"] = "push"
    provider = "webpush"
    repeatable = False
    reports = False

    def __init__(self, settings: Settings, clock: Clock | None = None, names: AbstractResolver | None = None) -> None:
        """`names` looks up the names of push services. Raises ValueError for a bad `vapid_private_key`."""
        self._vapid = Vapid(settings.vapid_private_key.get_secret_value(), settings.vapid_subject)
        self._clock = clock or SystemClock()
        self._base = settings.vapid_base_url.rstrip("/")
        self._pool = HttpPool(settings.vapid_timeout_seconds, None if self._base else PublicResolver(names))
        self._trusting: set[str] = set()
        """Origins of push services that have accepted our key."""

    async def send(self, message: Message, go: Go) -> Outcome:
        """Hands `message` to the subscription's push service."""
        if not isinstance(message, Push):
            raise TypeError(f"no push message: {type(message).__name__}")
        if not 0 < len(message.payload) <= LARGEST_PAYLOAD:
            return Rejected(f"payload of {len(message.payload)} bytes; 1 to {LARGEST_PAYLOAD} fit")
        try:
            if not self._base:
                check_endpoint(message.to)
            origin, address = self._target(message.to)
        except ValueError as error:
            return Gone(f"endpoint refused: {error}")
        try:
            body = encrypt(message)
        except ValueError as error:
            return Gone(f"malformed keys: {error}"[:200])
        if not await go():
            return NotWanted()
        return await self._post(origin, address, self._headers(message, origin), body)

    async def _post(self, origin: str, address: URL, headers: dict[str, str], body: bytes) -> Outcome:
        try:
            reply = await self._pool.request("POST", address, headers=headers, data=body)
        except NotSent as error:
            return RetryLater(_why(error))
        except AnswerLost as error:
            return Unknown(str(error))
        found = outcome(reply, trusted=origin in self._trusting)
        if isinstance(found, Accepted) and len(self._trusting) < MOST_ORIGINS:
            self._trusting.add(origin)
        return found

    def _target(self, endpoint: str) -> tuple[str, URL]:
        """The endpoint's origin, which the signature names, and where to post: there, or to our relay."""
        parts = urlsplit(endpoint)
        origin = f"{parts.scheme}://{parts.netloc.lower().removesuffix(':443')}"
        rest = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return origin, URL(f"{self._base or origin}{rest}", encoded=True)  # byte for byte: the path is a secret

    def _headers(self, message: Push, origin: str) -> dict[str, str]:
        headers = {
            "Authorization": self._vapid.authorization(origin, self._clock.now()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(message.ttl_seconds),
            "Urgency": message.urgency,
        }
        return headers if message.topic is None else {**headers, "Topic": message.topic}

    async def ask(self, message: Message) -> Outcome | None:  # noqa: ARG002  (see Sender)
        """None: no push service tells."""
        return None

    async def close(self) -> None:
        """See Sender."""
        await self._pool.close()


def encrypt(message: Push) -> bytes:
    """The payload for the browser's eyes alone. Raises ValueError when its keys are none."""
    try:
        keys = {"p256dh": message.p256dh, "auth": message.auth}
        pusher = WebPusher({"endpoint": message.to, "keys": keys})
        if len(pusher.auth_key) != AUTH_BYTES:
            raise ValueError(f"auth has not {AUTH_BYTES} bytes")
        return bytes(pusher.encode(message.payload, content_encoding="aes128gcm")["body"])
    except (WebPushException, ECEException, IndexError) as error:
        raise ValueError(str(getattr(error, "message", error))) from None


def _why(error: NotSent) -> str:
    """The name of what went wrong, and that the guard refused, where it did."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, NotPublic):
            return f"not sent: {cause}"
        cause = cause.__cause__
    return f"not sent: {error}"
