"""Twilio's own client over our pool: its async HTTP client ignores its timeout (twilio-python#925).

Twilio has no idempotency key: a message whose answer got lost can only be looked for among those of the last minutes.
"""

import json
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from aiohttp import encode_basic_auth
from twilio.http import AsyncHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from hub.channels.base import Accepted, Outcome, Rejected, RetryLater, Unknown
from hub.channels.http_pool import AnswerLost, HttpPool, NotSent, Reply, retry_after
from hub.channels.twilio_outcomes import outcome
from hub.clock import Clock, SystemClock
from hub.settings import Settings

LOOK_BACK = timedelta(minutes=15)
"""How old a message may be to be the one that is asked about; attempts are closer together."""
LOOK_AT = 20
"""Messages that are looked at; Twilio lists the newest first."""
SID = re.compile(r"[A-Z]{2}[0-9a-f]{32}")


class _Refused(Exception):
    """Twilio answered with an error status."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


class _PooledClient(AsyncHttpClient):  # type: ignore[misc]  # the package ships no types
    """What twilio's client sends through: our pool, our timeout, our origin; and it logs no numbers."""

    def __init__(self, pool: HttpPool, base_url: str) -> None:
        super().__init__(logging.getLogger("twilio"), is_async=True)
        self._pool = pool
        self._base = base_url.rstrip("/")

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002, ASYNC109  (twilio passes None; the pool has its own)
        allow_redirects: bool = False,  # noqa: ARG002, FBT001, FBT002  (never)
    ) -> Response:
        """See twilio.http.AsyncHttpClient; raises _Refused for every status but 2xx."""
        parts = urlsplit(uri)
        url = f"{self._base}{parts.path}" + (f"?{parts.query}" if parts.query else "")
        signed = {**(headers or {}), "Authorization": encode_basic_auth(*auth)} if auth else headers
        reply = await self._pool.request(method, url, params=params, data=data, headers=signed)
        if not reply.ok:
            raise _Refused(reply)
        return Response(reply.status, reply.text, reply.headers)


class TwilioMessages:
    """Creates and finds messages of one Twilio account."""

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._pool = HttpPool(settings.twilio_timeout_seconds)
        client = Client(
            settings.twilio_account_sid or "unset",
            settings.twilio_auth_token.get_secret_value() or "unset",
            http_client=_PooledClient(self._pool, settings.twilio_base_url),
        )
        self._messages = client.messages  # asked for now: it imports for 200 ms, which no event loop should wait for
        self._callback = f"{settings.public_url.rstrip('/')}/api/v1/webhooks/twilio?delivery_id="

    async def create(self, delivery_id: str, **fields: str) -> Outcome:
        """Sends a message; `fields` are those of twilio's `messages.create`."""
        try:
            _encodable(fields)
            made = await self._messages.create_async(status_callback=self._callback + delivery_id, **fields)
        except NotSent as error:
            return RetryLater(f"not sent: {error}")
        except AnswerLost as error:
            return Unknown(str(error))
        except _Refused as error:
            return _refusal(error.reply)
        except UnicodeEncodeError:
            return Rejected("cannot be written as UTF-8")
        except Exception as error:  # a 2xx whose body is not Twilio's: whatever it was, the request went out
            return Unknown(f"answer not understood: {type(error).__name__}")
        return Accepted(provider_id=made.sid) if _is_sid(made.sid) else Unknown("answer without a SID")

    async def find(self, to: str, text: str) -> Outcome | None:
        """Whether a message with that text went to `to` in the last minutes: Accepted, RetryLater, or None: unknown.

        Two equal texts to one number within these minutes cannot be told apart: the first then stands for both.
        """
        try:
            found = await self._messages.list_async(to=to, limit=LOOK_AT, page_size=LOOK_AT)
        except Exception:  # no answer, or none that is understood: still unknown, and asked again later
            return None
        since = datetime.fromtimestamp(self._clock.now() / 1000, UTC) - LOOK_BACK
        recent = [each for each in found if each.date_created is None or each.date_created >= since]
        for each in recent:
            if _is_sid(each.sid) and _same(each.body, text) and str(each.direction).startswith("outbound"):
                return Accepted(provider_id=each.sid)
        return None if len(recent) == LOOK_AT else RetryLater("Twilio does not know it")

    async def close(self) -> None:
        """Closes the connections."""
        await self._pool.close()


def _encodable(fields: dict[str, str]) -> None:
    for each in fields.values():
        each.encode()


def _is_sid(value: object) -> bool:
    return isinstance(value, str) and SID.fullmatch(value) is not None


def _same(body: str | None, text: str) -> bool:
    """Twilio trims texts, and may keep other white space than it got."""
    return (body or "").split() == text.split()


def _refusal(reply: Reply) -> Outcome:
    body = _json(reply.text)
    code = body.get("code")
    text = str(body.get("message", ""))
    return outcome(reply.status, code if isinstance(code, int) else None, text, retry_after(reply.headers))


def _json(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}
