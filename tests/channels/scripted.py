"""A provider that does what the test says, for tests of what stands above providers."""

from collections.abc import Awaitable, Callable

from hub.channels.base import Accepted, Channel, Go, Message, NotWanted, Outcome


async def at_once() -> None:
    """Takes no time."""


class Scripted:
    """A provider that answers what the test says; `calls` are the deliveries that it was asked to take."""

    channel: Channel = "email"
    repeatable = False
    reports = False

    def __init__(self, provider: str, outcome: Outcome | None = None) -> None:
        self.provider = provider
        self.outcome: Outcome = outcome or Accepted()
        self.knowledge: Outcome | None = None
        self.before: Callable[[], Awaitable[None]] = at_once
        self.after: Callable[[], Awaitable[None]] = at_once
        self.calls: list[str] = []
        self.asked: list[Outcome] = []
        """The answers of all providers that share this list, in order."""
        self.closed = False

    async def send(self, message: Message, go: Go) -> Outcome:
        await self.before()
        if not await go():
            return NotWanted()
        self.calls.append(message.delivery_id)
        self.asked.append(self.outcome)
        await self.after()
        return self.outcome

    async def ask(self, message: Message) -> Outcome | None:
        return self.knowledge

    async def close(self) -> None:
        self.closed = True
