"""Builds every object of a process, once, from the settings. Tests replace any by keyword."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hub.channels.base import Sender as ChannelSender
from hub.channels.capture import CaptureSender
from hub.channels.smtp import SmtpSender
from hub.chat.badges import BadgeQueries
from hub.chat.conversations import Conversations
from hub.chat.live import LiveRooms
from hub.chat.messages import MessageChanges
from hub.chat.receipts import Receipts
from hub.chat.sender import Sender
from hub.chat.sync import Sync
from hub.chat.users import Users
from hub.clock import Clock, SystemClock
from hub.gateway import interest
from hub.gateway.admission import Admission
from hub.gateway.auth import Authenticator
from hub.gateway.badges import Badges
from hub.gateway.bus import Bus
from hub.gateway.cluster import Cluster, build
from hub.gateway.control import Control
from hub.gateway.fanout import Fanout
from hub.gateway.namespace import Dispatcher
from hub.gateway.outbox import Flusher
from hub.gateway.presence import PresenceStore
from hub.gateway.ratelimit import MemoryLimiter, NoLimits, RateLimiter
from hub.gateway.realtime import Realtime
from hub.gateway.resync import Resyncs
from hub.gateway.sequence import Sequencer
from hub.gateway.server import HubServer
from hub.gateway.services import Services
from hub.gateway.typing import EXPIRE_SECONDS, Typing
from hub.gateway.viewers import Audience
from hub.gateway.wire import Persona
from hub.notifications.deliver import Deliverer
from hub.notifications.unread import Attention, Unread
from hub.reactions import tables
from hub.relay import Relay
from hub.settings import Settings
from hub.worker import Worker
from persistence.engine import Connections
from persistence.uow import Database


@dataclass(frozen=True)
class Hub:
    """The wired objects of one process."""

    settings: Settings
    database: Database
    services: Services
    server: HubServer
    admission: Admission
    badges: Badges
    cluster: Cluster
    relay: Relay
    worker: Worker


def bootstrap(
    settings: Settings,
    *,
    clock: Clock | None = None,
    connections: Connections | None = None,
    bus: Bus | None = None,
    presence: PresenceStore | None = None,
    limiter: RateLimiter | None = None,
    email: ChannelSender | None = None,
    attention: Attention | None = None,
    personas: Sequence[Persona] = (),
    typing_expires: float = EXPIRE_SECONDS,
) -> Hub:
    """A hub for these settings; every keyword replaces the object that the settings would give."""
    clock = clock or SystemClock()
    connections = connections or Connections(settings.database_url, pool_size=settings.database_pool)
    database = Database(connections, clock)
    fanout = Fanout(Flusher(most_bytes=settings.outbox_bytes))
    cluster = build(settings, clock, fanout)
    cluster = replace(
        cluster,
        bus=bus or cluster.bus,
        presence=presence or cluster.presence,
    )
    bus, presence = cluster.bus, cluster.presence
    resyncs = Resyncs(fanout)
    sequencer = Sequencer(fanout.deliver, resyncs.room)
    take = interest.connect(fanout, bus, sequencer)
    badges = Badges(BadgeQueries(database), fanout, bus)
    control = Control(fanout, badges, resyncs, cluster.attention)
    bus.subscribe(take, control.obey)
    bus.on_break = resyncs.rooms
    realtime = Realtime(bus, badges, fanout)
    presence.on_change = realtime.presence
    unread = Unread(settings)
    reactions = tables(realtime, unread)
    database.reactions = reactions.for_database()
    sync = Sync(database, clock)
    services = Services(
        settings=settings,
        clock=clock,
        database=database,
        authenticator=Authenticator(settings),
        limiter=limiter or (MemoryLimiter() if settings.rate_limits == "on" else NoLimits()),
        users=Users(database, clock),
        conversations=Conversations(database, clock),
        sender=Sender(database),
        changes=MessageChanges(database),
        receipts=Receipts(database),
        sync=sync,
        live=LiveRooms(sync),
        fanout=fanout,
        bus=bus,
        presence=presence,
        attention=cluster.attention,
        audience=Audience(fanout, cluster.viewers),
        typing=Typing(realtime.typing, expire_seconds=typing_expires),
        personas=personas,
    )
    admission = Admission(services)
    control.dismiss = admission.dismiss
    relay = Relay(database, reactions.durable)
    deliverer = Deliverer(database, unread, email or _email_sender(settings, database), attention or cluster.attention)
    return Hub(
        settings=settings,
        database=database,
        services=services,
        server=HubServer(Dispatcher(services), admission, fanout, cors_origins=origins(settings)),
        admission=admission,
        badges=badges,
        cluster=cluster,
        relay=relay,
        worker=Worker(database, relay, deliverer, services.conversations),
    )


def _email_sender(settings: Settings, database: Database) -> ChannelSender:
    return SmtpSender(settings) if settings.smtp_host else CaptureSender(database, "email")


def origins(settings: Settings) -> list[str]:
    """The other origins whose pages may connect."""
    return [each.strip() for each in settings.cors_origins.split(",") if each.strip()]
