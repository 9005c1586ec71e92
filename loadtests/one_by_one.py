"""The peer of group commit: the usual home-made way, one transaction for each message."""

from hub.chat.sender import SendMessage, Sent, _send_all
from hub.errors import HubError
from persistence.uow import Database


class OneByOne:
    """Sends with the hub's own statements and reactions, but each message in a transaction of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def send(self, wish: SendMessage) -> Sent:
        """The stored message, after its commit."""
        async with self._database.begin() as tx:
            (answer,) = await _send_all(tx, [wish])
        if isinstance(answer, HubError):
            raise answer
        return answer
