"""A stateful WhatsApp Cloud API: 24 h windows, templates, and signed webhooks."""

import hmac
import json
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import uuid4

from aiohttp import web

from hub.clock import Clock, SystemClock
from tests.doubles.http import Answer, HttpDouble
from tests.doubles.signed import SignedCall

WINDOW_MS = 24 * 3600 * 1000
LONGEST_TEXT = 4_096


def error(status: int, code: int, message: str, details: str = "") -> Answer:
    """An error as the Graph API writes it."""
    body = {
        "error": {
            "message": f"(#{code}) {message}",
            "type": "OAuthException",
            "code": code,
            "error_data": {"messaging_product": "whatsapp", "details": details or message},
            "fbtrace_id": "AbCdEfGhIjK",
        }
    }
    return Answer(status, body)


@dataclass
class WhatsAppDouble(HttpDouble):
    """One business number. Texts are taken within 24 h of a person's last word; templates always."""

    token: str = "the-token-of-the-double"
    app_secret: str = "the-secret-of-the-double"
    phone_number_id: str = "106540352242922"
    templates: dict[tuple[str, str], int] = field(default_factory=lambda: {("new_message", "fr"): 2})
    """(name, language) -> number of parameters."""
    not_on_whatsapp: set[str] = field(default_factory=set)
    """Digits."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Requests that were taken, each with its `wamid`."""
    wrote_at: dict[str, int] = field(default_factory=dict)
    """Digits -> when they last wrote to us, ms."""
    clock: Clock = field(default_factory=SystemClock)

    @property
    def base_url(self) -> str:
        return f"{self.url}/v23.0"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v23.0/{number}/messages", self._messages), web.get("/v23.0/{number}", self._number)]

    async def _number(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return error(401, 190, "Error validating access token").response()
        return web.json_response({"id": self.phone_number_id})

    async def _messages(self, request: web.Request) -> web.Response:
        async def take() -> web.Response:
            if request.headers.get("Authorization") != f"Bearer {self.token}":
                return error(401, 190, "Error validating access token").response()
            if request.match_info["number"] != self.phone_number_id:
                return error(400, 33, "Unsupported post request").response()
            body = await request.json()
            wrong = self._wrong(body)
            if wrong is not None:
                return wrong.response()
            wamid = f"wamid.{uuid4().hex.upper()}"
            self.messages.append({**body, "wamid": wamid})
            contact = {"input": body["to"], "wa_id": body["to"].removeprefix("+")}
            return web.json_response(
                {"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": wamid}]}
            )

        return await self.served(request, take)

    def _wrong(self, body: dict[str, Any]) -> Answer | None:
        to = str(body.get("to", "")).removeprefix("+")
        if body.get("messaging_product") != "whatsapp" or not to.isdigit():
            return error(400, 100, "Invalid parameter")
        if to in self.not_on_whatsapp:
            return error(400, 131026, "Message undeliverable")
        return self._wrong_template(body["template"]) if body.get("type") == "template" else self._wrong_text(to, body)

    def _wrong_text(self, to: str, body: dict[str, Any]) -> Answer | None:
        text = body.get("text", {}).get("body", "")
        if not 0 < len(text) <= LONGEST_TEXT:
            return error(400, 100, "Invalid parameter")
        if self.clock.now() - self.wrote_at.get(to, -WINDOW_MS) >= WINDOW_MS:
            return error(400, 131047, "Re-engagement message", "More than 24 hours have passed")
        return None

    def _wrong_template(self, template: dict[str, Any]) -> Answer | None:
        expected = self.templates.get((template["name"], template["language"]["code"]))
        if expected is None:
            return error(404, 132001, "Template name does not exist in the translation")
        values = [each["text"] for part in template.get("components", []) for each in part["parameters"]]
        if len(values) != expected:
            return error(400, 132000, "Number of parameters does not match the expected number of params")
        if any("\n" in each or "    " in each or not each for each in values):
            return error(400, 132018, "Param text cannot have new-line/tab characters or more than 4 spaces")
        return None

    def status(self, url: str, wamid: str, status: str, error_code: int | None = None) -> SignedCall:
        """The webhook that tells a message's new status."""
        message = next(each for each in self.messages if each["wamid"] == wamid)
        told: dict[str, Any] = {
            "id": wamid,
            "status": status,
            "timestamp": str(self.clock.now() // 1000),
            "recipient_id": message["to"],
            "biz_opaque_callback_data": message.get("biz_opaque_callback_data"),
        }
        if error_code:
            told["errors"] = [{"code": error_code, "title": "Refused", "error_data": {"details": "Refused"}}]
        return self.hook(url, {"statuses": [told]})

    def inbound(self, url: str, digits: str, reply_to: str | None = None, **content: Any) -> SignedCall:
        """Someone writes: `text={"body": "Hi"}` or another kind. It opens their window."""
        self.wrote_at[digits] = self.clock.now()
        kind = next(iter(content))
        message: dict[str, Any] = {
            "from": digits,
            "id": f"wamid.{uuid4().hex.upper()}",
            "timestamp": str(self.clock.now() // 1000),
            "type": kind,
            **content,
        }
        if reply_to:
            message["context"] = {"from": "15550009999", "id": reply_to}
        return self.hook(url, {"contacts": [{"profile": {"name": "Fan"}, "wa_id": digits}], "messages": [message]})

    def hook(self, url: str, value: dict[str, Any]) -> SignedCall:
        metadata = {"display_phone_number": "15550009999", "phone_number_id": self.phone_number_id}
        change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
        body = {"object": "whatsapp_business_account", "entry": [{"id": "0", "changes": [change]}]}
        return self.signed(url, json.dumps(body).encode())

    def signed(self, url: str, raw: bytes, secret: str | None = None) -> SignedCall:
        digest = hmac.new((secret or self.app_secret).encode(), raw, sha256).hexdigest()
        headers = {"X-Hub-Signature-256": f"sha256={digest}", "Content-Type": "application/json"}
        return SignedCall(url, headers, raw)
