"""A stateful SendGrid: takes what the real v3 API takes, refuses what it refuses, and posts signed events."""

import asyncio
import json
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.doubles.http import HttpDouble
from tests.doubles.signed import SignedCall
from tests.running import PATIENCE

RESERVED = {
    "x-sg-id", "x-sg-eid", "received", "dkim-signature", "content-type",
    "content-transfer-encoding", "to", "from", "subject", "reply-to", "cc", "bcc",
}  # fmt: skip
"""Headers that the API sets itself."""


@dataclass
class Mail:
    """One that was taken."""

    message_id: str
    body: dict[str, Any]

    @property
    def to(self) -> str:
        return str(self.body["personalizations"][0]["to"][0]["email"])

    @property
    def headers(self) -> dict[str, str]:
        return self.body.get("headers") or {}

    @property
    def custom_args(self) -> dict[str, str]:
        return self.body.get("custom_args") or {}

    def content(self, kind: str) -> str:
        return next(str(each["value"]) for each in self.body["content"] if each["type"] == kind)


@dataclass
class SendGridDouble(HttpDouble):
    """See HttpDouble for the knobs."""

    api_key: str = "SG.double.key"
    accepted: list[Mail] = field(default_factory=list)
    _signing_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v3/mail/send", self._send), web.get("/v3/scopes", self._scopes)]

    async def took(self, count: int) -> list[Mail]:
        """The accepted mails, once there are at least `count`."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.accepted) >= count)
        return self.accepted

    async def _scopes(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return refusal(401, "authorization required")
        return web.json_response({"scopes": ["mail.send"]})

    async def _send(self, request: web.Request) -> web.Response:
        raw = await request.read()
        return await self.served(request, lambda: self._take(request, raw))

    async def _take(self, request: web.Request, raw: bytes) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.api_key}":
            return refusal(401, "The provided authorization grant is invalid, expired, or revoked")
        if request.content_type != "application/json":
            return refusal(415, "Content-Type should be application/json.")
        try:
            body = json.loads(raw)
        except ValueError:
            return refusal(400, "Bad Request")
        errors = list(mistakes(body))
        if errors:
            return web.json_response({"errors": errors}, status=400)
        mail = Mail(uuid4().hex[:22], body)
        async with self._arrived:
            self.accepted.append(mail)
            self._arrived.notify_all()
        return web.Response(status=202, headers={"X-Message-Id": mail.message_id})

    @property
    def public_key(self) -> str:
        """As SendGrid's settings page shows it."""
        key = self._signing_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(key).decode()

    def event(self, mail: Mail, kind: str, **more: Any) -> dict[str, Any]:
        """An event about `mail`, with all that the real ones carry."""
        return {
            "email": mail.to,
            "timestamp": int(time.time()),
            "smtp-id": f"<{mail.message_id}@geopod-ismtpd-1>",
            "event": kind,
            "category": mail.body.get("categories", []),
            "sg_event_id": uuid4().hex,
            "sg_message_id": f"{mail.message_id}.recvd-57d8855cd6-zgcsr-1-646.0",
            **mail.custom_args,
            **more,
        }

    def call(self, url: str, events: list[dict[str, Any]] | bytes, *, at: int | None = None) -> SignedCall:
        """A signed call of the event webhook; `at` is its timestamp, in seconds."""
        raw = events if isinstance(events, bytes) else json.dumps(events).encode() + b"\r\n"
        timestamp = str(int(time.time()) if at is None else at)
        signature = self._signing_key.sign(timestamp.encode() + raw, ec.ECDSA(hashes.SHA256()))
        headers = {
            "Content-Type": "application/json;charset=utf-8",
            "User-Agent": "SendGrid Event API",
            "X-Twilio-Email-Event-Webhook-Signature": b64encode(signature).decode(),
            "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
        }
        return SignedCall(url, headers, raw)


def refusal(status: int, message: str, name: str | None = None) -> web.Response:
    """An error as the API writes it."""
    return web.json_response({"errors": [{"message": message, "field": name, "help": None}]}, status=status)


def mistakes(body: Any) -> Iterator[dict[str, Any]]:
    """What the API would list as wrong (docs: Mail Send Errors)."""
    if not isinstance(body, dict):
        yield _mistake("Bad Request", None)
        return
    if "@" not in str((body.get("from") or {}).get("email", "")):
        yield _mistake("The from email does not contain a valid address.", "from.email")
    if not body.get("subject"):
        yield _mistake("The subject is required.", "subject")
    yield from _people_mistakes(body.get("personalizations") or [])
    yield from _content_mistakes(body.get("content") or [])
    for name, value in (body.get("headers") or {}).items():
        if name.lower() in RESERVED or not isinstance(value, str):
            yield _mistake("The headers must not be reserved and must be strings.", f"headers.{name}")
    arguments = body.get("custom_args") or {}
    if sum(len(f"{name}{value}") for name, value in arguments.items()) > 10_000:
        yield _mistake("The total size of custom_args may not be over 10000 bytes.", "custom_args")


def _people_mistakes(people: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if not people:
        yield _mistake("The personalizations field is required and must have at least one.", "personalizations")
    for number, person in enumerate(people):
        for to in person.get("to") or [{}]:
            if not _address(to.get("email")):
                yield _mistake("Does not contain a valid address.", f"personalizations.{number}.to.0.email")


def _content_mistakes(content: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if not content:
        yield _mistake("Unless a valid template_id is provided, the content parameter is required.", "content")
    for number, part in enumerate(content):
        if not part.get("value"):
            yield _mistake("The content value must be a string at least one character in length.", f"content.{number}")
    if [part.get("type") for part in content] not in ([], ["text/plain"], ["text/html"], ["text/plain", "text/html"]):
        yield _mistake("The text/plain content must come first, followed by text/html.", "content.0.type")


def _mistake(message: str, name: str | None) -> dict[str, Any]:
    return {"message": message, "field": name, "help": None}


def _address(value: object) -> bool:
    local, _, domain = str(value or "").rpartition("@")
    return bool(local and domain) and local.isascii() and not any(each.isspace() for each in str(value))
