"""What the edge calls: one object that the handlers and the routes get, built in `bootstrap.py`."""

from collections.abc import Sequence
from dataclasses import dataclass

from hub.chat.conversations import Conversations
from hub.chat.live import LiveRooms
from hub.chat.messages import MessageChanges
from hub.chat.receipts import Receipts
from hub.chat.sender import Sender
from hub.chat.sync import Sync
from hub.chat.users import Users
from hub.clock import Clock
from hub.gateway.attention import Focus
from hub.gateway.auth import Authenticator
from hub.gateway.bus import Bus
from hub.gateway.fanout import Fanout
from hub.gateway.notices import Notices
from hub.gateway.presence import PresenceStore
from hub.gateway.ratelimit import RateLimiter
from hub.gateway.typing import Typing
from hub.gateway.viewers import Audience
from hub.gateway.wire import Persona
from hub.notifications.choices import Choices
from hub.notifications.devices import Devices
from hub.notifications.inbox import Inbox
from hub.notifications.publishing import Publisher
from hub.notifications.templates import Templates
from hub.notifications.trace import Traces
from hub.notifications.unsubscribe import Unsubscriber
from hub.settings import Settings
from persistence.uow import Database


@dataclass(frozen=True)
class Services:
    """The parts that answer requests."""

    settings: Settings
    clock: Clock
    database: Database
    authenticator: Authenticator
    limiter: RateLimiter
    users: Users
    conversations: Conversations
    sender: Sender
    changes: MessageChanges
    receipts: Receipts
    sync: Sync
    live: LiveRooms
    fanout: Fanout
    bus: Bus
    presence: PresenceStore
    attention: Focus
    typing: Typing
    audience: Audience
    templates: Templates
    inbox: Inbox
    notices: Notices
    choices: Choices
    devices: Devices
    unsubscriber: Unsubscriber
    traces: Traces
    publisher: Publisher
    personas: Sequence[Persona] = ()
    """The people of the demo; empty anywhere else."""
