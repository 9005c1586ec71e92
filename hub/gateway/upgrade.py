"""From long-polling to WebSocket: a second connection probes, then takes the session over."""

from __future__ import annotations

from hub.gateway.connection import Connection
from hub.gateway.transport import WebSocket


class Upgrade:
    """A WebSocket that was opened for a polling session, until it has taken over (Engine.IO protocol 4, upgrade)."""

    __slots__ = ("_connection", "_probed", "websocket")

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection
        self._probed = False
        self.websocket: WebSocket | None = None

    def received(self, message: str | bytes) -> None:
        """The probe, then the word to move; anything else ends the WebSocket, not the session."""
        connection, websocket = self._connection, self.websocket
        if websocket is None:
            return
        if connection is None:
            websocket.close()
        elif connection.upgraded and self._probed:
            connection.received(message)
        elif message == "2probe" and not self._probed and not connection.closed:
            self._probed = True
            connection.probed(websocket)
        elif message == "5" and self._probed and connection.upgrading:
            connection.upgrade(websocket)
        else:
            connection.give_up_upgrade(websocket)
            websocket.close()

    def can_write(self, more: bool) -> None:  # noqa: FBT001  (a transport's one bit)
        """See Receiver."""
        if self._connection is not None and self._connection.websocket is self.websocket:
            self._connection.can_write(more)

    def broken(self, code: int, reason: str) -> None:
        """See Receiver."""
        connection, websocket = self._connection, self.websocket
        if connection is not None and connection.websocket is websocket:
            connection.broken(code, reason)
        elif websocket is not None:
            websocket.close(code, reason)

    def gone(self, reason: str) -> None:
        """See Receiver."""
        connection, self._connection = self._connection, None
        if connection is None or self.websocket is None:
            return
        if connection.websocket is self.websocket:
            connection.gone(reason)
        else:
            connection.give_up_upgrade(self.websocket)

    def expire(self) -> None:
        """Ends an upgrade that did not come about."""
        connection = self._connection
        if connection is not None and self.websocket is not None and connection.websocket is not self.websocket:
            connection.give_up_upgrade(self.websocket)
            self.websocket.close()
