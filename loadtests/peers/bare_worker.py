"""`python -m loadtests.peers.bare_worker`: `hub worker` whose e-mails are ready and whose provider answers at once.

What is left is the router's own work: relay, planning, preferences, leases, records, the trace.
"""

from dataclasses import replace

import uvloop

from hub import worker_process
from hub.bootstrap import Hub, bootstrap
from hub.channels.base import Accepted, Channel, Email, Go, Message, NotWanted, Outcome
from hub.notifications.announcing import Announcer
from hub.notifications.batch import Leased
from hub.notifications.contents import Content, Contents
from hub.notifications.deliver import Deliverer
from hub.notifications.leasing import Leaser
from hub.notifications.planner import Planner
from hub.observability import configure_logging
from hub.settings import Settings, load
from hub.worker import Worker


class AtOnce:
    """A provider that takes everything without a wait."""

    channel: Channel = "email"
    provider = "at-once"
    repeatable = False
    reports = False

    async def send(self, message: Message, go: Go) -> Outcome:  # noqa: ARG002  (the protocol's argument)
        """See hub.channels.base.Sender."""
        return Accepted(provider=self.provider) if await go() else NotWanted()

    async def ask(self, message: Message) -> Outcome | None:  # noqa: ARG002  (the protocol's argument)
        """See hub.channels.base.Sender."""
        return None

    async def close(self) -> None:
        """See hub.channels.base.Sender."""


class Ready(Contents):
    """Every e-mail is there already."""

    def make(self, leased: Leased, channel: Channel, now: int) -> Content:  # noqa: ARG002  (the same signature)
        """See Contents."""
        row = leased.row
        message = Email(
            delivery_id=row.id,
            notification_id=row.notification_id,
            user_id=row.user_id,
            to=leased.address.to,
            subject="",
            text="",
            html="",
        )
        return Content(message, 0, "", "en", {})


def bare(settings: Settings) -> Hub:
    """A hub with such a worker."""
    hub = bootstrap(settings)
    services, database = hub.services, hub.database
    deliverer = Deliverer(
        database,
        Leaser(settings, services.attention),
        Ready(services.templates, settings.public_url, services.unsubscriber.make),
        services.templates,
        {"email": AtOnce()},
    )
    announcer = Announcer(database, Planner(settings), settings)
    return replace(hub, worker=Worker(database, hub.relay, deliverer, announcer, services.conversations))


if __name__ == "__main__":
    given = load()
    configure_logging(given)
    uvloop.run(worker_process.run(given, make=bare))
