"""Push messages of the demo: sent to real browsers, and captured to be looked at beside the other channels."""

from typing import Literal

from hub.channels.base import Go, Message, Outcome, Sender
from hub.channels.push import PushSender

SANDBOX = "https://sandbox.invalid/"
"""Origin of the devices that the demo's people have from the start; no such host can exist (RFC 2606, 2)."""


class DemoPush:
    """Captures every push message, and sends those to real devices, whose outcome then counts."""

    channel: Literal["push"] = "push"
    provider = "webpush"
    repeatable = False
    reports = False

    def __init__(self, real: PushSender | None, capture: Sender) -> None:
        self._real, self._capture = real, capture

    async def send(self, message: Message, go: Go) -> Outcome:
        """Captures `message` once it is wanted, and sends it where its device is a real one."""
        if self._real is None or message.to.startswith(SANDBOX):
            return await self._capture.send(message, go)

        async def captured() -> bool:
            if not await go():
                return False
            await self._capture.send(message, _wanted)
            return True

        return await self._real.send(message, captured)

    async def ask(self, message: Message) -> Outcome | None:
        """See Sender."""
        return None if self._real is None else await self._real.ask(message)

    async def close(self) -> None:
        """See Sender."""
        if self._real is not None:
            await self._real.close()
        await self._capture.close()


async def _wanted() -> bool:
    return True
