"""E-mail over SMTP (RFC 5321), step by step, so that it is known at every moment whether the message can be out.

Until DATA has been sent, a failure means surely not sent. From the first byte of the content to the server's reply it
is unknown. The Message-ID is made of the delivery's id, so that a mailbox can recognize a repeat.
"""

import asyncio
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr

from aiosmtplib import SMTP, SMTPException, SMTPRecipientRefused, SMTPResponseException

from hub.channels.base import Accepted, Email, Go, NotWanted, Outcome, Rejected, RetryLater, Unknown
from hub.settings import Settings

PERMANENT = 500
"""SMTP replies from here on are final (RFC 5321, 4.2.1)."""


class SmtpSender:
    """Sends through one SMTP server, a connection a message."""

    channel = "email"
    repeatable = False

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._name, self._address = parseaddr(settings.smtp_from)

    async def send(self, message: Email, go: Go) -> Outcome:
        """Hands `message` to the SMTP server."""
        try:
            to = ascii_address(message.to)
            content = self.compose(message, to).as_bytes()
        except ValueError as error:
            return Rejected(f"cannot be written as an e-mail: {error}"[:200])
        client = self._client()
        try:
            refused = await self._until_data(client, to)
            if refused is not None:
                return refused
            if not await go():
                return NotWanted()
            return await self._data(client, content)
        finally:
            client.close()

    def _client(self) -> SMTP:
        settings = self._settings
        return SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            timeout=settings.smtp_timeout_seconds,
        )

    async def _until_data(self, client: SMTP, to: str) -> Outcome | None:
        try:
            async with asyncio.timeout(self._settings.smtp_timeout_seconds):
                await client.connect()
                await client.mail(self._address)
                await client.rcpt(to)
        except SMTPRecipientRefused as error:
            return _by_code(error)
        except SMTPResponseException as error:
            return RetryLater(f"SMTP {error.code}")  # it refuses us, not the recipient: that can be put right
        except (SMTPException, OSError) as error:
            return RetryLater(f"{type(error).__name__} before DATA")
        return None

    async def _data(self, client: SMTP, content: bytes) -> Outcome:
        try:
            async with asyncio.timeout(self._settings.smtp_timeout_seconds):
                reply = await client.data(content)
        except SMTPResponseException as error:
            return _by_code(error)  # the server answered: it did not take it
        except (SMTPException, OSError) as error:
            return Unknown(f"{type(error).__name__} after DATA")
        return Accepted(provider_id=str(reply.message)[:200])

    def compose(self, message: Email, to: str) -> EmailMessage:
        """The MIME message: plain text, and HTML as its alternative. ValueError when a header cannot be written."""
        mail = EmailMessage()
        local, _, domain = self._address.partition("@")
        mail["From"] = Address(self._name, local, domain or "localhost")
        mail["To"] = to
        mail["Subject"] = message.subject
        mail["Date"] = formatdate()
        mail["Message-ID"] = f"<{message.delivery_id}@{domain or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies stay away
        mail.set_content(message.text)
        mail.add_alternative(message.html, subtype="html")
        return mail


def ascii_address(address: str) -> str:
    """The address with its domain in IDNA (RFC 5891); ValueError for a local part that needs SMTPUTF8 (RFC 6531)."""
    local, _, domain = address.rpartition("@")
    if not local.isascii() or not local or any(each.isspace() for each in address):
        raise ValueError("the address needs SMTPUTF8 or is none")
    return f"{local}@{domain.encode('idna').decode()}"


def _by_code(error: SMTPResponseException) -> Outcome:
    reason = f"SMTP {error.code}"
    return Rejected(reason) if error.code >= PERMANENT else RetryLater(reason)
