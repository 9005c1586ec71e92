"""Two people who talk while somebody else misbehaves."""

from typing import Any, Self

from tests.flows.story import opened
from tests.running import RunningHub


class Neighbours:
    """A conversation of a fan (who may misbehave) and a creator (who must not notice)."""

    def __init__(self, hub: RunningHub) -> None:
        self.hub = hub

    async def begin(self) -> Self:
        self.conversation_id = await self.hub.order_chat()
        self.creator = await opened(self.hub, self.conversation_id, "creator", "creator")
        self.token = self.hub.token("fan", "fan")
        self._sent = 0
        return self

    def send(self, **changes: Any) -> dict[str, Any]:
        """The payload of a good `message.send`, but for the changes."""
        good = {"conversation_id": self.conversation_id, "client_message_id": "bad", "body": "hello"}
        return {key: value for key, value in {**good, **changes}.items() if value is not ...}

    async def live_on(self) -> None:
        """The creator's socket works, and nothing but their own messages was ever stored."""
        assert self.creator.client.connected
        sent = await self.creator.send(self.conversation_id, "still here")
        self._sent += 1
        assert sent["seq"] == sent["rev"] == self._sent
        assert {each["message"]["sender_id"] for each in self.creator.named("message.new")} <= {"creator"}
