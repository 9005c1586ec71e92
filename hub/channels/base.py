"""What a delivery channel is: a `Sender` that hands one message to a provider and says what became of it."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from msgspec import Struct


class Email(Struct, frozen=True, kw_only=True):
    """One e-mail to one person. `delivery_id` names it for ever and becomes its Message-ID."""

    delivery_id: str
    user_id: str
    to: str
    subject: str
    text: str
    html: str


class Accepted(Struct, frozen=True):
    """The provider took it."""

    provider_id: str | None = None


class RetryLater(Struct, frozen=True):
    """It surely did not go out; try again (after `after_seconds`, when the provider said so)."""

    reason: str
    after_seconds: float | None = None


class Rejected(Struct, frozen=True):
    """The provider refuses this message or address for good."""

    reason: str


class Unknown(Struct, frozen=True):
    """It may or may not have gone out: the answer got lost."""

    reason: str


class NotWanted(Struct, frozen=True):
    """`go` said no: nothing went out, and nothing should."""


Outcome = Accepted | RetryLater | Rejected | Unknown | NotWanted

Go = Callable[[], Awaitable[bool]]
"""Called once, when everything is ready and just before the step that cannot be taken back.

It records that the step is about to be taken. False means: no longer wanted, do not take it.
"""


class Sender(Protocol):
    """Hands messages to one provider.

    Guarantees: calls `go` before the point of no return and stops when it says no; answers `RetryLater` only if the
    message surely did not go out; raises nothing but cancellation.
    """

    channel: str
    repeatable: bool
    """Whether sending the same `delivery_id` twice has the effect of once."""

    async def send(self, message: Email, go: Go) -> Outcome:
        """Hands `message` over."""
        ...
