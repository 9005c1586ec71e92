"""A stateful SMTP server: keeps what it accepts, and fails in every way in which real ones do."""

import asyncio
import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from tests.running import PATIENCE


class _Connection(SMTP):
    """aiosmtpd's protocol, with a way to cut the connection in the middle of a step."""

    @property
    def is_open(self) -> bool:
        return isinstance(self.transport, asyncio.WriteTransport) and not self.transport.is_closing()

    def cut(self) -> None:
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()


async def _at_once() -> None:
    """No delay."""


@dataclass
class SmtpDouble:
    """The server's knobs, read at each step; and its state."""

    port: int = 0
    login: tuple[bytes, bytes] | None = None
    """Name and password that are asked for."""
    mail_reply: str = "250 OK"
    rcpt_reply: str = "250 OK"
    reset_reply: str = "250 OK"
    data_reply: str = "250 OK: queued"
    """4xx and 5xx replies mean: not taken."""
    cut_before_reply: bool = False
    """Takes the content, then drops the connection instead of answering."""
    on_rcpt: Callable[[], Awaitable[None]] = _at_once
    """Awaited when a recipient is named: the content has not been sent yet."""
    on_data: Callable[[], Awaitable[None]] = _at_once
    """Awaited when the content has come, before it is taken or refused."""
    after: Callable[[], Awaitable[None]] = _at_once
    """Awaited when it was taken and not answered yet."""
    accepted: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    """The accepted messages as they came."""
    recipients: list[list[str]] = field(default_factory=list)
    """For whom each was, as the envelope said."""
    attempts: int = 0
    """How often a recipient was named."""
    resets: int = 0
    """How often a connection was cleared for the next message."""
    _server: asyncio.Server | None = None
    _connections: set[_Connection] = field(default_factory=set)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def took(self, count: int) -> list[EmailMessage]:
        """The accepted messages, once there are at least `count`."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: len(self.accepted) >= count)
        return self.accepted

    def connection(self) -> _Connection:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a login without TLS is no secret here
            made = _Connection(
                self,
                enable_SMTPUTF8=True,
                loop=asyncio.get_running_loop(),
                auth_required=self.login is not None,
                auth_require_tls=False,
                authenticator=self._authenticate,
            )
        self._connections.add(made)
        return made

    @property
    def opened(self) -> int:
        """How many connections were ever opened."""
        return len(self._connections)

    @property
    def open(self) -> int:
        """How many are open."""
        return sum(each.is_open for each in self._connections)

    def cut_all(self) -> None:
        for each in self._connections:
            each.cut()

    async def vanish(self) -> None:
        """Stops listening and drops everyone; who comes now gets no connection."""
        if self._server is not None:
            self._server.close()
            self.cut_all()
            await self._server.wait_closed()
            self._server = None

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, way: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == self.login, handled=False)

    async def handle_MAIL(  # noqa: N802  (aiosmtpd's name and arguments)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.mail_reply.startswith("2"):
            envelope.mail_from = address
        return self.mail_reply

    async def handle_RSET(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.resets += 1
        return self.reset_reply

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
                self.raw.append(content)
                self.recipients.append(list(envelope.rcpt_tos))
                self._arrived.notify_all()
        await self.after()
        if self.cut_before_reply:
            server.cut()
        return self.data_reply


@asynccontextmanager
async def running_smtp() -> AsyncIterator[SmtpDouble]:
    """The double, listening on `port`."""
    double = SmtpDouble()
    double._server = await asyncio.get_running_loop().create_server(double.connection, "127.0.0.1", 0)
    double.port = double._server.sockets[0].getsockname()[1]
    try:
        yield double
    finally:
        await double.vanish()


def part(mail: EmailMessage, subtype: str) -> str:
    """The text of the `plain` or `html` part, with plain line ends."""
    found = mail.get_body((subtype,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")
