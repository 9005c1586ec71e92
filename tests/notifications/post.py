"""A provider for tests of the router: takes messages, remembers when, and fails as it is told."""

import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from hub.channels.base import Accepted, Channel, Go, Message, NotWanted, Outcome, Report, Sender, Unknown
from tests.clock import MovableClock

Answer = Callable[[Message], Outcome]


class Taken(NamedTuple):
    """A message that the provider has, and when it came (ms)."""

    at: int
    message: Message
    order: int
    """Its place among what was noted: drawn before the hub was asked whether the message may go."""


async def _at_once() -> None:
    """No delay."""


class Post:
    """One channel's provider. The knobs are read at each message."""

    reports = False

    def __init__(
        self, channel: Channel, clock: MovableClock, provider: str = "post", *, repeatable: bool = False
    ) -> None:
        self.channel = channel
        self.provider = provider
        self.repeatable = repeatable
        self._clock = clock
        self.taken: list[Taken] = []
        """What the provider has, whatever it answered: a message whose answer gets lost is among it."""
        self.calls = 0
        self.order: Iterator[int] = itertools.count()
        self.answer: Answer = self._accept
        self.known: Mapping[str, Outcome] = {}
        """Delivery id -> what it says when it is asked."""
        self.asked: list[str] = []
        self.before: Callable[[], Awaitable[None]] = _at_once
        """Awaited before `go` is called."""
        self.during: Callable[[], Awaitable[None]] = _at_once
        """Awaited after `go`, before the message is taken."""
        self.after: Callable[[], Awaitable[None]] = _at_once
        """Awaited when the message is taken, before the answer."""

    async def send(self, message: Message, go: Go) -> Outcome:
        await self.before()
        order = next(self.order)
        if not await go():
            return NotWanted()
        self.calls += 1
        await self.during()
        outcome = self.answer(message)
        if isinstance(outcome, Accepted | Unknown):
            self.taken.append(Taken(self._clock.now(), message, order))
        await self.after()
        return outcome

    async def ask(self, message: Message) -> Outcome | None:
        self.asked.append(message.delivery_id)
        return self.known.get(message.delivery_id)

    async def close(self) -> None:
        """Holds nothing."""

    def to(self, user_id: str) -> list[Message]:
        """What the provider has for a person."""
        return [each.message for each in self.taken if each.message.user_id == user_id]

    def _accept(self, message: Message) -> Outcome:
        return Accepted(provider_id=f"{self.provider}:{message.delivery_id}")


class Posts:
    """A provider for each channel."""

    def __init__(self, clock: MovableClock, **providers: str) -> None:
        """`providers`: channel -> the provider's name, as the ladder knows those that report."""
        self.email = Post("email", clock, providers.get("email", "post"))
        self.push = Post("push", clock, providers.get("push", "post"))
        self.sms = Post("sms", clock, providers.get("sms", "post"))
        self.whatsapp = Post("whatsapp", clock, providers.get("whatsapp", "post"))

    @property
    def all(self) -> list[Post]:
        return [self.email, self.push, self.sms, self.whatsapp]

    def senders(self) -> dict[Channel, Sender]:
        """As the hub is given them."""
        return {each.channel: each for each in self.all}

    def told(self, user_id: str = "fan") -> list[str]:
        """The channels by which the person was told, in that order."""
        found = [
            (taken.at, each.channel) for each in self.all for taken in each.taken if taken.message.user_id == user_id
        ]
        return [channel for _, channel in sorted(found, key=lambda pair: pair[0])]


def report(delivery_id: str, kind: Any, at: int, *, provider: str = "sendgrid", permanent: bool = False) -> Report:
    """A provider's report of a delivery."""
    return Report(
        provider=provider, external_id=uuid4().hex, kind=kind, delivery_id=delivery_id, permanent=permanent, at=at
    )
