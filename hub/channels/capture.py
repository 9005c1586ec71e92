"""The sandbox: keeps what would have been sent, to be looked at. Serves where no provider is configured."""

from hub.channels.base import Accepted, Email, Go, NotWanted, Outcome
from persistence import deliveries
from persistence.uow import Database


class CaptureSender:
    """Writes every message to a table instead of to the world."""

    repeatable = True

    def __init__(self, database: Database, channel: str) -> None:
        self.channel = channel
        self._database = database

    async def send(self, message: Email, go: Go) -> Outcome:
        """Keeps `message`, once for each delivery."""
        if not await go():
            return NotWanted()
        async with self._database.begin() as tx:
            await deliveries.capture(
                tx.connection,
                {
                    "delivery_id": message.delivery_id,
                    "user_id": message.user_id,
                    "channel": self.channel,
                    "recipient": message.to,
                    "subject": message.subject,
                    "text": message.text,
                    "html": message.html,
                    "at": tx.now,
                },
            )
        return Accepted(provider_id=f"captured:{message.delivery_id}")
