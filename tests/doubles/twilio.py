"""A stateful Twilio: takes and lists messages, knows who opted out, and signs its webhooks."""

import base64
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha1
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import uuid4

from aiohttp import encode_basic_auth, web

from hub.clock import Clock, SystemClock
from tests.doubles.http import Answer, HttpDouble
from tests.doubles.signed import SignedCall

LONGEST_BODY = 1_600


def error(status: int, code: int, message: str, headers: dict[str, str] | None = None) -> Answer:
    """An error as Twilio writes it."""
    body = {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": status,
    }
    return Answer(status, body, headers or {})


@dataclass
class TwilioDouble(HttpDouble):
    """One account, with SMS and WhatsApp."""

    account_sid: str = "AC" + "0" * 32
    auth_token: str = "the-token-of-the-double"
    contents: set[str] = field(default_factory=lambda: {"HX" + "1" * 32})
    """SIDs of approved content templates."""
    opted_out: set[str] = field(default_factory=set)
    landlines: set[str] = field(default_factory=set)
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Resources, the oldest first; `status_callback` and `content` stand there too, which Twilio does not show."""
    clock: Clock = field(default_factory=SystemClock)

    def routes(self) -> list[web.RouteDef]:
        path = "/2010-04-01/Accounts/{account}/Messages.json"
        account = web.get("/2010-04-01/Accounts/{account}.json", self._account)
        return [web.post(path, self._create), web.get(path, self._list), account]

    async def _account(self, request: web.Request) -> web.Response:
        wrong = self._unknown(request)
        return wrong.response() if wrong else web.json_response({"sid": self.account_sid, "status": "active"})

    async def _create(self, request: web.Request) -> web.Response:
        async def take() -> web.Response:
            fields = {name: str(value) for name, value in (await request.post()).items()}
            wrong = self._unknown(request) or self._wrong(fields)
            if wrong is not None:
                return wrong.response()
            self.messages.append(self._resource(fields))
            return web.json_response(_shown(self.messages[-1]), status=201)

        return await self.served(request, take)

    async def _list(self, request: web.Request) -> web.Response:
        async def take() -> web.Response:
            wrong = self._unknown(request)
            if wrong is not None:
                return wrong.response()
            to = request.query.get("To")
            found = [_shown(each) for each in reversed(self.messages) if to in {None, each["to"]}]
            size = int(request.query.get("PageSize", 50))
            return web.json_response({"messages": found[:size], "page": 0, "page_size": size, "next_page_uri": None})

        return await self.served(request, take)

    def _unknown(self, request: web.Request) -> Answer | None:
        expected = encode_basic_auth(self.account_sid, self.auth_token)
        if request.headers.get("Authorization") != expected:
            return error(401, 20003, "Authenticate")
        return None if request.match_info["account"] == self.account_sid else error(404, 20404, "Not found")

    def _wrong(self, fields: dict[str, str]) -> Answer | None:
        to = fields.get("To", "").removeprefix("whatsapp:")
        content = fields.get("ContentSid")
        checks = [
            (not to, 21604, "A 'To' phone number is required."),
            (not (to.startswith("+") and to[1:].isdigit()), 21211, f"Invalid 'To' Phone Number: {to[:5]}XXXX"),
            (not (fields.get("From") or fields.get("MessagingServiceSid")), 21603, "A 'From' number is required."),
            (not (fields.get("Body") or content), 21602, "Message body is required."),
            (len(fields.get("Body", "")) > LONGEST_BODY, 21617, "The concatenated message body exceeds 1600."),
            (content is not None and content not in self.contents, 21655, "The ContentSid is Invalid"),
            (not fields.get("StatusCallback", "http").startswith("http"), 21609, "Invalid StatusCallback"),
            (to in self.opted_out, 21610, "Attempt to send to unsubscribed recipient"),
            (to in self.landlines, 21614, "'To' number is not a valid mobile number"),
        ]
        return next((error(400, code, text) for wrong, code, text in checks if wrong), None)

    def _resource(self, fields: dict[str, str]) -> dict[str, Any]:
        service = fields.get("MessagingServiceSid")
        now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.clock.now())
        return {
            "sid": f"SM{uuid4().hex}",
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": fields.get("Body", "").strip(),
            "date_created": format_datetime(now),
            "date_sent": None,
            "date_updated": format_datetime(now),
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": fields.get("From"),
            "messaging_service_sid": service,
            "num_media": "0",
            "num_segments": "0" if service else "1",
            "price": None,
            "price_unit": "USD",
            "status": "accepted" if service else "queued",
            "subresource_uris": {},
            "to": fields["To"],
            "uri": f"/2010-04-01/Accounts/{self.account_sid}/Messages/x.json",
            "status_callback": fields.get("StatusCallback"),
            "content": {"sid": fields.get("ContentSid"), "variables": fields.get("ContentVariables")},
        }

    def status(self, sid: str, status: str, error_code: int | None = None) -> SignedCall:
        """The callback that tells a message's new status."""
        message = next(each for each in self.messages if each["sid"] == sid)
        fields = {
            "ApiVersion": "2010-04-01",
            "AccountSid": self.account_sid,
            "MessageSid": sid,
            "SmsSid": sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "From": message["from"] or "+15550009999",
            "To": message["to"],
            **({"ErrorCode": str(error_code)} if error_code else {}),
        }
        return self.signed(str(message["status_callback"]), fields)

    def inbound(self, url: str, sender: str, text: str, reply_to: str | None = None) -> SignedCall:
        """Someone writes; `sender` begins with `whatsapp:` when it is there. STOP and START are acted upon."""
        number = sender.removeprefix("whatsapp:")
        if text.strip().upper() == "STOP":
            self.opted_out.add(number)
        if text.strip().upper() == "START":
            self.opted_out.discard(number)
        sid = f"SM{uuid4().hex}"
        fields = {
            "ToCountry": "US",
            "MessageSid": sid,
            "SmsMessageSid": sid,
            "SmsSid": sid,
            "SmsStatus": "received",
            "NumMedia": "0",
            "NumSegments": "1",
            "Body": text,
            "From": sender,
            "To": "+15550009999",
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            **({"OriginalRepliedMessageSid": reply_to} if reply_to else {}),
        }
        return self.signed(url, fields)

    def signed(self, url: str, fields: Mapping[str, str], token: str | None = None) -> SignedCall:
        """Written from Twilio's description of the algorithm, not with its SDK, which the hub verifies with."""
        text = url + "".join(name + fields[name] for name in sorted(fields))
        digest = hmac.new((token or self.auth_token).encode(), text.encode(), sha1).digest()
        headers = {
            "X-Twilio-Signature": base64.b64encode(digest).decode(),
            "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
            "User-Agent": "TwilioProxy/1.1",
        }
        return SignedCall(url, headers, urlencode(fields).encode())


def _shown(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in {"status_callback", "content"}}


def fields_of(call: SignedCall) -> dict[str, str]:
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True))
