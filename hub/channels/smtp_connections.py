"""Open connections to one SMTP server, each used by one message at a time and kept for the next.

A connection that has carried a message is worth keeping: greeting, TLS and login cost several round trips. What was
left over from the message before is cleared with RSET (RFC 5321, 4.1.1.5), which also finds out whether the server is
still there.
"""

import asyncio
from contextlib import suppress

from aiosmtplib import SMTP, SMTPException

from hub.settings import Settings

MOST = 20
"""At once; servers commonly refuse more from one client."""
KEPT = 4
"""Unused ones."""
IDLE_SECONDS = 30.0
"""An unused one is closed then; servers wait for minutes (RFC 5321, 4.5.3.2), balancers between do not."""
GOODBYE_SECONDS = 1.0


class SmtpConnections:
    """Gives connections and takes them back."""

    def __init__(self, settings: Settings, *, idle_seconds: float = IDLE_SECONDS) -> None:
        self._settings = settings
        self._idle_seconds = idle_seconds
        self._idle: list[tuple[SMTP, float]] = []
        self._free = asyncio.Semaphore(MOST)
        self._sweeping: asyncio.TimerHandle | None = None

    async def turn(self) -> None:
        """Waits while `MOST` are in use; then one may be taken."""
        await self._free.acquire()

    async def take(self) -> SMTP:
        """A connection that answers, with nothing under way, to whom it is the turn. Give it back.

        Raises SMTPException and OSError, and it is nobody's turn any more; a timeout around it leaves nothing open.
        """
        try:
            return await self._kept() or await self._new()
        except BaseException:
            self._free.release()
            raise

    async def _kept(self) -> SMTP | None:
        while self._idle:
            client, since = self._idle.pop()  # the one used last: the others may grow old
            try:
                if client.is_connected and asyncio.get_running_loop().time() - since < self._idle_seconds:
                    await client.rset()
                    return client
            except (SMTPException, OSError):
                pass  # it had died of age: the message goes over another one
            except BaseException:
                client.close()
                raise
            client.close()
        return None

    async def _new(self) -> SMTP:
        settings = self._settings
        client = SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username or None,
            password=settings.smtp_password.get_secret_value() or None,
            use_tls=settings.smtp_tls == "tls",
            start_tls=settings.smtp_tls == "starttls",
            timeout=settings.smtp_timeout_seconds,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    def give_back(self, client: SMTP, *, usable: bool) -> None:
        """`usable`: every command sent over it has been answered."""
        self._free.release()
        if not usable or not client.is_connected or len(self._idle) >= KEPT:
            client.close()
            return
        self._idle.append((client, asyncio.get_running_loop().time()))
        if self._sweeping is None:
            self._sweeping = asyncio.get_running_loop().call_later(self._idle_seconds, self._sweep)

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        old = [each for each in self._idle if loop.time() - each[1] >= self._idle_seconds]
        self._idle = [each for each in self._idle if each not in old]
        for client, _ in old:
            client.close()
        self._sweeping = loop.call_at(self._idle[0][1] + self._idle_seconds, self._sweep) if self._idle else None

    async def close(self) -> None:
        """Says goodbye on the unused ones, and closes them."""
        idle, self._idle = self._idle, []
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        await asyncio.gather(*(_goodbye(client) for client, _ in idle))


async def _goodbye(client: SMTP) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(GOODBYE_SECONDS):
            await client.quit()
    client.close()
