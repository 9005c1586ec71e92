"""A stateful push service: decrypts as the browser would, and checks all that RFC 8030, 8188, 8291 and 8292 ask for."""

import asyncio
import os
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hub.clock import Clock, SystemClock
from tests.doubles.http import HttpDouble
from tests.doubles.push_checks import TOPIC, URGENCIES, Refused, credentials, decrypted, encoded, one, ttl
from tests.running import PATIENCE

LARGEST = 4_096
OTHER_KEY = "the VAPID credentials in the authorization header do not correspond to the credentials used to subscribe"


@dataclass
class PushMessage:
    """A message that was taken, decrypted."""

    id: str
    endpoint: str
    payload: bytes
    ttl: int
    urgency: str
    topic: str | None
    claims: dict[str, Any]
    body: bytes


@dataclass
class Browser:
    """A subscription, with the secrets that only the browser has."""

    endpoint: str
    origin: str
    only_key: str | None
    private_key: ec.EllipticCurvePrivateKey
    auth: bytes
    expired: bool = False
    waiting: list[PushMessage] = field(default_factory=list)
    """Not delivered yet; of one topic there is only the newest."""

    def keep(self, message: PushMessage) -> None:
        if message.topic is not None:
            self.waiting = [each for each in self.waiting if each.topic != message.topic]
        self.waiting.append(message)


@dataclass
class PushDouble(HttpDouble):
    """One push service; its subscriptions may stand under another origin, for which a relay leads here."""

    taken: list[PushMessage] = field(default_factory=list)
    browsers: dict[str, Browser] = field(default_factory=dict)
    """By the path of the endpoint."""
    keys_seen: set[str] = field(default_factory=set)
    authorizations: set[str] = field(default_factory=set)
    clock: Clock = field(default_factory=SystemClock)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def subscribe(self, *, origin: str = "", only_key: str | None = None) -> dict[str, Any]:
        """A new subscription as `PushSubscription.toJSON` gives it; `only_key` is its applicationServerKey."""
        path = f"/push/{token_urlsafe(24)}"
        browser = Browser(
            endpoint=f"{origin or self.url}{path}",
            origin=origin or self.url,
            only_key=only_key,
            private_key=ec.generate_private_key(ec.SECP256R1()),
            auth=os.urandom(16),
        )
        self.browsers[path] = browser
        point = browser.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": encoded(point), "auth": encoded(browser.auth)}
        return {"endpoint": browser.endpoint, "expirationTime": None, "keys": keys}

    def browser(self, endpoint: str) -> Browser:
        return next(each for each in self.browsers.values() if each.endpoint == endpoint)

    def expire(self, subscription: dict[str, Any]) -> None:
        """The person took the permission back."""
        self.browser(subscription["endpoint"]).expired = True

    def deliver(self, subscription: dict[str, Any]) -> list[PushMessage]:
        """The device comes online and takes what waits for it."""
        browser = self.browser(subscription["endpoint"])
        delivered, browser.waiting = browser.waiting, []
        return delivered

    async def took(self, count: int) -> list[PushMessage]:
        """The messages, once there are at least `count`."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.taken) >= count)
        return self.taken

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/{path:.*}", self._push)]

    async def _push(self, request: web.Request) -> web.Response:
        async def take() -> web.Response:
            try:
                message = self._message(request, await request.read())
            except Refused as refusal:
                return refusal.answer.response()
            self.browsers[request.path].keep(message)
            async with self._arrived:
                self.taken.append(message)
                self._arrived.notify_all()
            return web.Response(status=201, headers={"Location": f"{self.url}/message/{message.id}", "TTL": "60"})

        return await self.served(request, take)

    def _message(self, request: web.Request, body: bytes) -> PushMessage:
        browser = self.browsers.get(request.path)
        if browser is None:
            raise Refused(404, "no such subscription")
        if browser.expired:
            raise Refused(410, "the subscription has expired")
        claims = self._claims(request.headers.get("Authorization", ""), browser)
        if len(body) > LARGEST:
            raise Refused(413, "too large")
        return PushMessage(
            id=token_urlsafe(12),
            endpoint=browser.endpoint,
            payload=decrypted(request, body, browser.private_key, browser.auth),
            ttl=ttl(request),
            urgency=one(request, "Urgency", "normal", lambda value: value in URGENCIES),
            topic=one(request, "Topic", "", TOPIC.fullmatch) or None,
            claims=claims,
            body=body,
        )

    def _claims(self, authorization: str, browser: Browser) -> dict[str, Any]:
        """Also that the key is the one that the subscription was made for (RFC 8292, 4.2)."""
        key, claims = credentials(authorization, browser.origin, self.clock.now() / 1000)
        if browser.only_key not in {None, key}:
            raise Refused(403, OTHER_KEY)
        self.keys_seen.add(key)
        self.authorizations.add(authorization)
        return claims
