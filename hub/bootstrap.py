"""Builds every object of a process, once, from the settings. Tests replace any by keyword."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from hub.channels.base import Channel
from hub.channels.base import Sender as ChannelSender
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
from hub.gateway.notices import Notices
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
from hub.gateway.wakes import Wakes
from hub.gateway.wire import Persona
from hub.notifications.announcing import Announcer
from hub.notifications.attention import Attention
from hub.notifications.choices import Choices
from hub.notifications.contents import Contents
from hub.notifications.deliver import Deliverer
from hub.notifications.devices import Devices
from hub.notifications.entries import Entries
from hub.notifications.inbox import Inbox
from hub.notifications.leasing import Leaser
from hub.notifications.planner import Planner
from hub.notifications.publishing import Publisher
from hub.notifications.router import Router
from hub.notifications.templates.templates import Templates
from hub.notifications.trace import Traces
from hub.notifications.unread import Unread
from hub.notifications.unsubscribe import Unsubscriber
from hub.providers import senders as senders_of
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
    wakes: Wakes
    relay: Relay
    worker: Worker


def bootstrap(  # noqa: PLR0913  (each keyword replaces one object)
    settings: Settings,
    *,
    clock: Clock | None = None,
    connections: Connections | None = None,
    bus: Bus | None = None,
    presence: PresenceStore | None = None,
    limiter: RateLimiter | None = None,
    senders: Mapping[Channel, ChannelSender] | None = None,
    attention: Attention | None = None,
    personas: Sequence[Persona] = (),
    show_pushes: bool = False,
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
    templates = Templates(settings.public_url, legal=settings.email_footer)
    unsubscriber = Unsubscriber(database, settings)
    inbox = Inbox(database, clock, Entries(templates, settings.public_url))
    notices = Notices(inbox, fanout, bus, clock)
    control = Control(fanout, badges, resyncs, cluster.attention, notices)
    bus.subscribe(take, control.obey)
    bus.on_break = resyncs.rooms
    realtime = Realtime(bus, badges, fanout)
    presence.on_change = realtime.presence
    planner = Planner(settings)
    reactions = tables(realtime, notices, Unread(planner), Router(planner))
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
        templates=templates,
        inbox=inbox,
        notices=notices,
        choices=Choices(database),
        devices=Devices(database),
        unsubscriber=unsubscriber,
        traces=Traces(database),
        publisher=Publisher(),
        personas=personas,
    )
    admission = Admission(services)
    control.dismiss = admission.dismiss
    wakes = Wakes(bus, {"stored": database.stored, "due": database.due})
    control.wake = wakes.obey
    relay = Relay(database, reactions.durable)
    deliverer = Deliverer(
        database,
        Leaser(settings, attention or cluster.attention),
        Contents(templates, settings.public_url, unsubscriber.make),
        templates,
        senders or senders_of(settings, database, clock, show_pushes=show_pushes),
    )
    return Hub(
        settings=settings,
        database=database,
        services=services,
        server=HubServer(Dispatcher(services), admission, fanout, cors_origins=origins(settings)),
        admission=admission,
        badges=badges,
        cluster=cluster,
        wakes=wakes,
        relay=relay,
        worker=Worker(database, relay, deliverer, Announcer(database, planner, settings), services.conversations),
    )


def origins(settings: Settings) -> list[str]:
    """The other origins whose pages may connect."""
    return [each.strip() for each in settings.cors_origins.split(",") if each.strip()]
