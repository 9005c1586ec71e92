"""One channel over several providers: shares the messages out, and goes to the next when one fails before taking.

Budgets are nested: a provider's own time-outs < the channel's budget < the delivery's lease (30 s). Only what surely
did not go out goes to another provider: `RetryLater` and `Misconfigured`. Everything else is final here, above all
`Unknown`: a second provider would make a second message of it.
"""

import asyncio
import math
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import structlog
from msgspec import Struct
from msgspec.structs import replace
from prometheus_client import Counter, Gauge

from hub.channels.base import (
    Accepted,
    Go,
    Gone,
    Message,
    Misconfigured,
    NotWanted,
    Outcome,
    Rejected,
    RetryLater,
    Sender,
    Unknown,
)
from hub.channels.breaker import Breaker, Ticket
from hub.clock import Clock

log = structlog.get_logger()
failovers = Counter("hub_failovers_total", "Messages that went on to another provider", ["channel", "provider"])
breakers = Gauge("hub_provider_breaker_open", "1 while a provider is not trusted", ["channel", "provider"])

BUDGET_SECONDS = 25.0
REASON_CHARACTERS = 200
LEAST_SECONDS = 1.0
"""A provider is not tried any more with less of the budget left."""


class _Provider(Struct, eq=False):
    sender: Sender
    weight: int
    breaker: Breaker

    @property
    def name(self) -> str:
        return self.sender.provider


Failure = RetryLater | Misconfigured
"""What lets another provider try."""


class Failover:
    """A `Sender` made of senders of one channel, each with its weight. Weight 0: only when the others are out."""

    def __init__(
        self, senders: Sequence[tuple[Sender, int]], clock: Clock, budget_seconds: float = BUDGET_SECONDS
    ) -> None:
        self._providers = [_Provider(sender, weight, Breaker(clock)) for sender, weight in senders]
        self._budget_seconds = budget_seconds
        plain = [sender for sender, _ in senders]
        self.channel = plain[0].channel
        self.provider = "+".join(each.provider for each in plain)
        self.repeatable = all(each.repeatable for each in plain)
        self.reports = any(each.reports for each in plain)
        """Whether any does; `Accepted.provider` says whose reports to wait for."""
        for each in plain:
            breakers.labels(self.channel, each.provider).set(0)

    def of(self, provider: str) -> Sender | None:
        """The sender of the provider of this name."""
        return next((each.sender for each in self._providers if each.name == provider), None)

    async def send(self, message: Message, go: Go) -> Outcome:
        """Hands `message` to the first provider that takes it. `go` is called again before each."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._budget_seconds
        failures: list[tuple[_Provider, Failure]] = []
        for provider in self._order(message.delivery_id):
            left = deadline - loop.time()
            if failures and left < LEAST_SECONDS:
                break
            ticket = provider.breaker.admit()
            if ticket is None:
                continue
            if failures:
                self._note_failover(message, failures[-1], provider)
            outcome = await self._attempt(provider, ticket, message, go, left)
            if not isinstance(outcome, Failure):
                return outcome
            failures.append((provider, outcome))
        return self._failed(failures)

    async def ask(self, message: Message) -> Outcome | None:
        """Asks every provider: Accepted when one has it, RetryLater when all surely have not, else None.

        Ask `of(Unknown.provider)` where that is known.
        """
        answers = [await each.sender.ask(message) for each in self._providers]
        taken = next((each for each in answers if isinstance(each, Accepted)), None)
        if taken is not None or None in answers:
            return taken
        return answers[0]

    async def close(self) -> None:
        """Closes all providers' connections."""
        await asyncio.gather(*(each.sender.close() for each in self._providers))

    def _order(self, delivery_id: str) -> Iterable[_Provider]:
        """The providers as this delivery tries them: the same at every attempt, and shared out by weight.

        Each draws a number from an exponential distribution of its weight, and the lowest is first: the providers'
        shares are as their weights, and without one of them the shares of the rest still are.
        """
        if len(self._providers) == 1:
            return self._providers
        return sorted(self._providers, key=lambda each: _lot(delivery_id, each))

    async def _attempt(self, provider: _Provider, ticket: Ticket, message: Message, go: Go, left: float) -> Outcome:
        gone = False

        async def noted() -> bool:
            nonlocal gone
            gone = await go()
            return gone

        budget = asyncio.timeout(left)
        try:
            async with budget:
                outcome = await provider.sender.send(message, noted)
        except BaseException as error:
            if not (isinstance(error, TimeoutError) and budget.expired()):
                provider.breaker.nothing(ticket)  # our own fault, or the caller's
                raise
            outcome = Unknown("the channel's budget is spent") if gone else RetryLater("the channel's budget is spent")
        self._judge(provider, ticket, outcome)
        if isinstance(outcome, Accepted | Unknown) and outcome.provider is None:
            return replace(outcome, provider=provider.name)
        return outcome

    def _judge(self, provider: _Provider, ticket: Ticket, outcome: Outcome) -> None:
        """What the outcome says about the provider, not about the message."""
        breaker = provider.breaker
        was_open = breaker.is_open
        match outcome:
            case Misconfigured():
                breaker.broke(ticket)
            case RetryLater(address_only=True) | Accepted() | Rejected() | Gone():
                breaker.worked(ticket)
            case RetryLater(after_seconds=float() | int() as seconds):
                breaker.asked_to_wait(ticket, seconds)
            case RetryLater() | Unknown():
                breaker.failed(ticket)
            case NotWanted():
                breaker.nothing(ticket)
        if breaker.is_open != was_open:
            breakers.labels(self.channel, provider.name).set(int(breaker.is_open))
            log.warning(
                "provider.breaker_opened" if breaker.is_open else "provider.breaker_closed",
                channel=self.channel,
                provider=provider.name,
                reason=getattr(outcome, "reason", None),
            )

    def _note_failover(self, message: Message, failure: tuple[_Provider, Failure], to: _Provider) -> None:
        """Also when all goes well in the end: a first provider that fails unseen is found when the second one does."""
        provider, outcome = failure
        failovers.labels(self.channel, provider.name).inc()
        log.warning(
            "delivery.failed_over",
            delivery_id=message.delivery_id,
            channel=self.channel,
            provider=provider.name,
            reason=outcome.reason,
            to=to.name,
        )

    def _failed(self, failures: Sequence[tuple[_Provider, Failure]]) -> Outcome:
        """One answer for all: an operator is needed only when no provider could do without."""
        if len(failures) == len(self._providers) == 1:
            return failures[0][1]
        reason = "; ".join(f"{provider.name}: {outcome.reason}" for provider, outcome in failures)
        if len(failures) == len(self._providers) and all(isinstance(each, Misconfigured) for _, each in failures):
            return Misconfigured(reason[:REASON_CHARACTERS])
        wait = min(each.breaker.wait_ms() for each in self._providers)
        reason = reason or f"every provider of {self.channel} is out"
        return RetryLater(reason[:REASON_CHARACTERS], wait / 1000 if wait else None, tried=bool(failures))


def _lot(delivery_id: str, provider: _Provider) -> float:
    if provider.weight == 0:
        return math.inf
    drawn = blake2b(f"{delivery_id} {provider.name}".encode(), digest_size=8).digest()
    return -math.log((int.from_bytes(drawn) + 1) / 2**64) / provider.weight
