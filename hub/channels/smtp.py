"""E-mail over SMTP (RFC 5321), step by step, so that it is known at every moment whether the message can be out.

Until DATA has been sent, a failure means surely not sent. From the first byte of the content to the server's reply it
is unknown. The Message-ID is made of the delivery's id, so that a mailbox can recognize a repeat.
"""

import asyncio
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr

from aiosmtplib import (
    SMTP,
    SMTPAuthenticationError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from hub.channels.base import (
    Accepted,
    Channel,
    Email,
    Go,
    Gone,
    Message,
    Misconfigured,
    NotWanted,
    Outcome,
    Rejected,
    RetryLater,
    Unknown,
)
from hub.channels.mail_headers import ascii_address, extra_headers
from hub.channels.smtp_connections import IDLE_SECONDS, SmtpConnections
from hub.settings import Settings

PERMANENT = 500
"""SMTP replies from here on are final (RFC 5321, 4.2.1)."""
PART_FOR_TURN = 1 / 3
"""Of the timeout: how long a message may wait for one of the few connections."""
LONGEST_LINE = 998
NO_SUCH_MAILBOX = (["5.1.1"], ["5.1.10"])
"""Enhanced codes of a dead address: no such mailbox (RFC 3463, 3.2), a domain without mail (RFC 7505)."""


class SmtpSender:
    """Sends through one SMTP server, over connections that are kept for a while."""

    channel: Channel = "email"
    provider = "smtp"
    repeatable = False
    reports = False

    def __init__(self, settings: Settings, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._timeout = settings.smtp_timeout_seconds
        self._connections = SmtpConnections(settings, idle_seconds=idle_seconds)
        self._name, self._address = parseaddr(settings.smtp_from)

    async def send(self, message: Message, go: Go) -> Outcome:
        """Hands `message` to the SMTP server."""
        if not isinstance(message, Email):
            raise TypeError(f"an e-mail is sent here, not {type(message).__name__}")
        try:
            to = ascii_address(message.to)
            content = raw_headers(message) + self.compose(message, to).as_bytes()
        except ValueError as error:
            return Rejected(f"cannot be written as an e-mail: {error}"[:200])
        try:
            async with asyncio.timeout(self._timeout * PART_FOR_TURN):
                await self._connections.turn()
        except TimeoutError:  # that many wait for the connections says nothing against the server
            return RetryLater("no connection was free", address_only=True, tried=False)
        deadline = asyncio.get_running_loop().time() + self._timeout
        try:
            async with asyncio.timeout_at(deadline):
                client = await self._connections.take()
        except (SMTPException, OSError) as error:
            return _before_data(error)
        usable = False
        try:
            outcome, usable = await self._over(client, to, content, go, deadline)
        finally:
            self._connections.give_back(client, usable=usable)
        return outcome

    async def _over(self, client: SMTP, to: str, content: bytes, go: Go, deadline: float) -> tuple[Outcome, bool]:
        """The outcome, and whether the connection can carry another message."""
        try:
            async with asyncio.timeout_at(deadline):
                await client.mail(self._address)
                await client.rcpt(to)
        except (SMTPException, OSError) as error:
            return _before_data(error), isinstance(error, SMTPResponseException)
        if not await go():
            return NotWanted(), True
        try:
            async with asyncio.timeout(self._timeout):
                reply = await client.data(content)
        except SMTPResponseException as error:
            return _by_code(error), True  # the server answered: it did not take it
        except (SMTPException, OSError) as error:
            return Unknown(f"{type(error).__name__} after DATA", provider=self.provider), False
        return Accepted(provider_id=str(reply.message)[:200], provider=self.provider), True

    def compose(self, message: Email, to: str) -> EmailMessage:
        """The MIME message, text with HTML as its alternative. ValueError when a header cannot be written.

        `raw_headers` come before it.
        """
        mail = EmailMessage()
        local, _, domain = self._address.partition("@")
        mail["From"] = Address(self._name, local, domain or "localhost")
        mail["To"] = to
        mail["Subject"] = message.subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message.delivery_id}@{domain or 'localhost'}>"
        mail.set_content(message.text)
        mail.add_alternative(message.html, subtype="html")
        return mail

    async def ask(self, message: Message) -> Outcome | None:  # noqa: ARG002  (the protocol's argument)
        """None: a server that took a message tells nobody about it."""
        return None

    async def close(self) -> None:
        """See Sender."""
        await self._connections.close()


def raw_headers(message: Email) -> bytes:
    """Our own headers, each on one line; ValueError when one does not fit (RFC 5322, 2.1.1).

    The standard library would write a long URL as encoded words, which nobody decodes in List-Unsubscribe.
    """
    lines = [f"{name}: {value}\n".encode("ascii") for name, value in extra_headers(message)]
    if any(len(each) > LONGEST_LINE for each in lines):
        raise ValueError("the unsubscribe URL is too long")
    return b"".join(lines)


def _before_data(error: Exception) -> Outcome:
    """Nothing went out. Only what the server says of the recipient is about the message."""
    if isinstance(error, SMTPRecipientRefused):
        return _by_code(error)
    if isinstance(error, SMTPAuthenticationError | SMTPSenderRefused) and error.code >= PERMANENT:
        return Misconfigured(f"SMTP {error.code}")
    if isinstance(error, SMTPResponseException):
        return RetryLater(f"SMTP {error.code}")
    return RetryLater(f"{type(error).__name__} before DATA")


def _by_code(error: SMTPResponseException) -> Outcome:
    reason = f"SMTP {error.code}"
    if error.code < PERMANENT:
        return RetryLater(reason, address_only=isinstance(error, SMTPRecipientRefused))
    return Gone(reason) if error.message.split(maxsplit=1)[:1] in NO_SUCH_MAILBOX else Rejected(reason)
