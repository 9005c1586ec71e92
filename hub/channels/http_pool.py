"""HTTP to a provider over one pool of connections, with the one question that matters: can the request be out?"""

import asyncio
from collections.abc import Mapping
from contextvars import ContextVar
from email.utils import parsedate_to_datetime
from typing import Any

from aiohttp import (
    ClientError,
    ClientRequest,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver
from aiohttp.connector import Connection
from msgspec import Struct
from yarl import URL

IDLE_SECONDS = 15
"""An unused connection is closed by us before the provider does: a request on a dying one would be in doubt."""
CONNECTIONS = 512
"""More than a channel has under way: who had to wait for one would have less time left for the answer."""
LARGEST_ANSWER = 262_144
"""Bytes; providers answer with a few hundred."""


class NotSent(Exception):
    """The request surely did not go out; the text says why."""


class AnswerLost(Exception):
    """The request went out, in part or whole, and no full answer came back; the text says why."""


class Reply(Struct, frozen=True):
    """The answer."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004  (RFC 9110, 15.3)


class _Progress:
    """Becomes true when the first byte of the request is about to be written."""

    sent = False


_progress: ContextVar[_Progress] = ContextVar("progress")


class _Request(ClientRequest):
    """Says when it has its connection and begins. aiohttp's tracing would say the same and cost 10 µs more."""

    async def send(self, conn: Connection) -> ClientResponse:
        _progress.get().sent = True
        return await super().send(conn)


class HttpPool:
    """Makes requests; connections are opened with the first one and kept for the next."""

    def __init__(self, timeout_seconds: float, resolver: AbstractResolver | None = None) -> None:
        """`resolver` looks names up, where not every address may be connected to."""
        self._timeout = ClientTimeout(total=timeout_seconds)
        self._resolver = resolver
        self._session: ClientSession | None = None

    async def request(
        self,
        method: str,
        url: str | URL,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        data: object = None,
    ) -> Reply:
        """The answer within the timeout, whatever its status. Raises NotSent and AnswerLost."""
        progress = _Progress()
        _progress.set(progress)
        await asyncio.sleep(0)  # the loop learns of connections that the provider has closed, and none is used again
        try:
            async with self._opened().request(
                method,
                url,
                headers=headers,
                params=params,
                data=data,
                allow_redirects=False,  # our credentials go to nobody else
            ) as response:
                return Reply(response.status, response.headers, await _bounded(response))
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            reason = type(error).__name__
            raise (AnswerLost(f"{reason} after sending") if progress.sent else NotSent(reason)) from error

    def _opened(self) -> ClientSession:
        """Made late: a session belongs to the event loop that runs it."""
        if self._session is None or self._session.closed:
            self._session = ClientSession(
                connector=TCPConnector(limit=CONNECTIONS, keepalive_timeout=IDLE_SECONDS, resolver=self._resolver),
                cookie_jar=DummyCookieJar(),
                timeout=self._timeout,
                request_class=_Request,
            )
        return self._session

    async def close(self) -> None:
        """Closes all connections."""
        if self._session is not None:
            await self._session.close()


async def _bounded(response: ClientResponse) -> str:
    taken = bytearray()
    while chunk := await response.content.readany():
        taken += chunk
        if len(taken) > LARGEST_ANSWER:
            raise ValueError("the answer is too long")
    return taken.decode("utf-8", "replace")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait by the Retry-After header (RFC 9110, 10.2.3): a number, or a date, which is seen from `Date`."""
    value = headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["Date"])
    except (KeyError, ValueError, TypeError):
        return None
    return max(0.0, wait.total_seconds())
