"""A stateful SMTP server: keeps what it accepts, and fails in every way in which real ones do."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.running import PATIENCE


class _Connection(SMTP):
    """aiosmtpd's protocol, with a way to cut the connection in the middle of a step."""

    def cut(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()


async def _at_once() -> None:
    """No delay."""


@dataclass
class SmtpDouble:
    """The server's knobs, read at each step; and its state."""

    port: int = 0
    rcpt_reply: str = "250 OK"
    data_reply: str = "250 OK: queued"
    """4xx and 5xx replies mean: not taken."""
    cut_before_reply: bool = False
    """Takes the content, then drops the connection instead of answering."""
    on_rcpt: Callable[[], Awaitable[None]] = _at_once
    """Awaited when a recipient is named: the content has not been sent yet."""
    on_data: Callable[[], Awaitable[None]] = _at_once
    """Awaited when the content has come, before it is taken or refused."""
    accepted: list[EmailMessage] = field(default_factory=list)
    attempts: int = 0
    """How often a recipient was named."""
    _connections: set[_Connection] = field(default_factory=set)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def took(self, count: int) -> list[EmailMessage]:
        """The accepted messages, once there are at least `count`."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.accepted) >= count)
        return self.accepted

    def connection(self) -> _Connection:
        made = _Connection(self, enable_SMTPUTF8=True, loop=asyncio.get_running_loop())
        self._connections.add(made)
        return made

    def cut_all(self) -> None:
        for each in self._connections:
            each.cut()

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name and arguments)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.attempts += 1
        await self.on_rcpt()
        if self.rcpt_reply.startswith("2"):
            envelope.rcpt_tos.append(address)
        return self.rcpt_reply

    async def handle_DATA(self, server: _Connection, session: Session, envelope: Envelope) -> str:  # noqa: N802
        await self.on_data()
        if self.data_reply.startswith("2"):
            content: Any = envelope.content
            async with self._arrived:
                self.accepted.append(BytesParser(_class=EmailMessage, policy=default).parsebytes(content))
                self._arrived.notify_all()
        if self.cut_before_reply:
            server.cut()
        return self.data_reply


class Gate:
    """A step that waits: the test learns that it was reached, and decides when it goes on."""

    def __init__(self) -> None:
        self._reached, self._opened = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self._reached.set()
        await self._opened.wait()

    async def reached(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._reached.wait()

    def open(self) -> None:
        self._opened.set()


@asynccontextmanager
async def running_smtp() -> AsyncIterator[SmtpDouble]:
    """The double, listening on `port`."""
    double = SmtpDouble()
    server = await asyncio.get_running_loop().create_server(double.connection, "127.0.0.1", 0)
    double.port = server.sockets[0].getsockname()[1]
    try:
        yield double
    finally:
        server.close()
        double.cut_all()
        await server.wait_closed()


def part(mail: EmailMessage, subtype: str) -> str:
    """The text of the `plain` or `html` part, with plain line ends."""
    found = mail.get_body((subtype,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")
