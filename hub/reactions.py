"""THE page: what reacts to what.

- WITHIN the transaction that emits: all or nothing with it.
- LIVE, after the commit: open sockets. Best effort; whoever misses something finds out from `rev`.
- DURABLE, from the outbox: the rest of the world, exactly once in effect.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hub.events import (
    ConversationChanged,
    ConversationCreated,
    Event,
    EventPublished,
    InboxChanged,
    MessageChanged,
    MessageSent,
    ReceiptMoved,
)
from hub.gateway.notices import Notices
from hub.gateway.realtime import Realtime
from hub.notifications.achieved import Achieved
from hub.notifications.router import Router
from hub.notifications.unread import Unread
from hub.relay import Durable
from persistence.uow import Live, Reactions, Unsure, Within


@dataclass(frozen=True)
class Tables:
    """The three tables."""

    within: Mapping[type[Event], Sequence[Within]]
    live: Mapping[type[Event], Sequence[Live]]
    durable: Mapping[type[Event], Sequence[Durable]]
    unsure: Unsure
    """When the answer to a commit is lost."""
    ordered: frozenset[type[Event]] = frozenset()
    """The DURABLE events that their reactions need in the order in which the conversation had them."""

    def for_database(self) -> Reactions:
        """What the unit of work has to know."""
        return Reactions(self.within, self.live, frozenset(self.durable), self.unsure, self.ordered)


def tables(realtime: Realtime, notices: Notices, unread: Unread, router: Router) -> Tables:
    """Event -> reactions."""
    achieved = Achieved()
    return Tables(
        within={
            ReceiptMoved: (unread.cancel,),
        },
        live={
            MessageChanged: (realtime.message_changed,),
            ReceiptMoved: (realtime.receipt_moved,),
            ConversationChanged: (realtime.conversation_changed,),
            ConversationCreated: (realtime.conversation_created,),
            InboxChanged: (notices.changed,),
        },
        durable={
            MessageSent: (unread.plan, achieved.replied),
            EventPublished: (router.plan, achieved.paid),
        },
        unsure=realtime.resync,
    )
