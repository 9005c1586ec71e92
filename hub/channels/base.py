"""What a delivery channel is: a `Sender` that hands one message to one provider and says what became of it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal, Protocol

from msgspec import Struct

Channel = Literal["in_app", "push", "email", "sms", "whatsapp"]
CHANNELS: tuple[Channel, ...] = ("in_app", "push", "email", "sms", "whatsapp")


class Content(Struct, frozen=True, kw_only=True):
    """What every message has. `delivery_id` names it for ever; a provider's reports carry it back."""

    delivery_id: str
    notification_id: str
    user_id: str
    to: str
    """The address: an e-mail address, a number as E.164, or the URL of a push subscription."""


class Email(Content, frozen=True):
    """One e-mail to one person. `unsubscribe_url` takes a one-click POST (RFC 8058); None for what must arrive."""

    subject: str
    text: str
    html: str
    category: str = ""
    unsubscribe_url: str | None = None


class Sms(Content, frozen=True):
    """One SMS; its length decides the number of segments, which are paid for."""

    text: str


class WhatsAppTemplate(Struct, frozen=True):
    """An approved template with the values of {{1}}, {{2}} …; the only thing allowed outside the 24 h window."""

    name: str
    language: str
    parameters: tuple[str, ...]


class WhatsApp(Content, frozen=True):
    """One WhatsApp message: `text` inside the 24 h window, `template` outside it (then `text` is what it will say)."""

    text: str
    template: WhatsAppTemplate | None = None


class Push(Content, frozen=True):
    """One Web Push message (RFC 8030) for the subscription at `to`."""

    p256dh: str
    """The browser's public key, base64url (RFC 8291)."""
    auth: str
    """The browser's secret, base64url."""
    payload: bytes
    """JSON for our service worker: {title, body, url, tag, notification_id, locale, badge}; at most 3,993 bytes."""
    topic: str | None
    """At most 32 characters of base64url; replaces a message of the same topic that was not delivered yet."""
    urgency: Literal["very-low", "low", "normal", "high"]
    ttl_seconds: int


Message = Email | Sms | WhatsApp | Push


class Accepted(Struct, frozen=True):
    """The provider took it."""

    provider_id: str | None = None
    provider: str | None = None
    """Which of several providers took it; None where there is one."""


class RetryLater(Struct, frozen=True):
    """It surely did not go out; try again (after `after_seconds`, when the provider said so)."""

    reason: str
    after_seconds: float | None = None
    address_only: bool = False
    """It is about this address (a full mailbox, greylisting): the provider itself works."""
    tried: bool = True
    """False: no provider was even asked, because none is trusted now. That is no attempt of the delivery's."""


class Rejected(Struct, frozen=True):
    """The provider refuses this message for good; another message to the same address may pass."""

    reason: str


class Gone(Struct, frozen=True):
    """The address is dead for good: retire it."""

    reason: str


class Misconfigured(Struct, frozen=True):
    """The provider refuses us, not the message: wrong key, no credit. It did not go out; an operator must act."""

    reason: str


class Unknown(Struct, frozen=True):
    """It may or may not have gone out: the answer got lost."""

    reason: str
    provider: str | None = None


class NotWanted(Struct, frozen=True):
    """`go` said no: nothing went out, and nothing should."""


Outcome = Accepted | RetryLater | Rejected | Gone | Misconfigured | Unknown | NotWanted

Go = Callable[[], Awaitable[bool]]
"""Called when everything is ready and just before the step that cannot be taken back.

It records that the step is about to be taken. False means: no longer wanted, do not take it. It is called again before
another provider is tried.
"""


class Sender(Protocol):
    """Hands messages to one provider.

    Guarantees: calls `go` before the point of no return and stops when it says no; answers `RetryLater`, `Rejected`,
    `Gone` and `Misconfigured` only if the message surely did not go out, `Unknown` when that is not sure; raises
    nothing but cancellation and TypeError for a message of another channel.
    """

    @property
    def channel(self) -> Channel:
        """What it sends."""
        ...

    @property
    def provider(self) -> str:
        """Short name, as it stands in traces and metrics: `sendgrid`, `smtp`."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether sending the same `delivery_id` twice has the effect of once."""
        ...

    @property
    def reports(self) -> bool:
        """Whether the provider tells later what became of an accepted message."""
        ...

    async def send(self, message: Message, go: Go) -> Outcome:
        """Hands `message` over."""
        ...

    async def ask(self, message: Message) -> Outcome | None:
        """What became of a message whose answer got lost: Accepted, RetryLater (surely not sent), or None: unknown."""
        ...

    async def close(self) -> None:
        """Closes its connections."""
        ...


class Report(Struct, frozen=True, kw_only=True):
    """A fact that a provider told in a webhook. Facts come twice and in any order; `external_id` names each once."""

    provider: str
    external_id: str
    kind: Literal["accepted", "delivered", "failed", "bounced", "complained", "unsubscribed", "seen", "clicked"]
    delivery_id: str | None = None
    provider_id: str | None = None
    """How the provider names the message; used where it does not carry our own id back."""
    address: str | None = None
    reason: str = ""
    permanent: bool = False
    """Of `bounced` and `failed`: the address is dead, and is suppressed."""
    at: int
    """ms since the epoch."""


class Inbound(Struct, frozen=True, kw_only=True):
    """Something that a person wrote to us by SMS or WhatsApp."""

    provider: str
    external_id: str
    channel: Channel
    sender: str
    """Their number as E.164."""
    text: str
    reply_to: str | None = None
    """The provider's id of our message that they answer, where it says so."""
    at: int


Fact = Report | Inbound

Headers = Mapping[str, str]
