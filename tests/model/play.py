"""Plays a list of actions on several clients over a running hub, then waits until all of them equal the server."""

import asyncio
from contextlib import suppress
from typing import Any, NamedTuple

from tests.model.client import Client
from tests.model.history import State, check
from tests.model.truth import server_state
from tests.running import RunningHub

DEVICES = (("fan", "fan"), ("fan", "fan"), ("creator", "creator"), ("helper", "support"))
"""(person, role) of each client: the fan has two devices."""
EMOJI = ("👍", "❤️")


class Action(NamedTuple):
    """What one client does; `pick` chooses among what it holds."""

    client: int
    verb: str
    pick: int


class Play:
    """One conversation of a running hub, and its clients."""

    def __init__(self, hub: RunningHub) -> None:
        self.hub = hub
        self.conversation_id = ""
        self.clients: list[Client] = []

    async def begin(self) -> None:
        people = sorted(set(DEVICES))
        for user_id, _ in people:
            await self.hub.user(user_id)
        members = [{"user_id": user_id, "role": role} for user_id, role in people]
        made = await self.hub.ok("POST", "/api/v1/conversations", {"kind": "support", "members": members})
        self.conversation_id = made["conversation"]["id"]
        for user_id, role in DEVICES:
            token = self.hub.token(user_id, role)
            self.clients.append(Client(self.hub.base, token, user_id, self.conversation_id))
        await asyncio.gather(*(client.connect() for client in self.clients))

    async def act(self, action: Action) -> None:
        """One action; what cannot be done now (no connection, no such message) is simply not done."""
        client = self.clients[action.client % len(self.clients)]
        with suppress(ConnectionError):
            await getattr(self, f"_{action.verb}")(client, action.pick)

    async def end(self) -> None:
        """Everybody comes back, and ends with the same as the server."""
        await asyncio.gather(*(client.connect() for client in self.clients))
        await asyncio.gather(*(client.flush() for client in self.clients))
        truths = {user_id: await self.truth(user_id) for user_id, _ in DEVICES}
        for client in self.clients:
            client.lose = 0
            if client.lost:
                await client.refresh()
        for client in self.clients:
            truth = truths[client.user_id]
            try:
                await client.until(lambda client=client, truth=truth: client.state == truth)  # type: ignore[misc]
            except TimeoutError:
                raise AssertionError(check(client.history, truth)) from None
            assert check(client.history, truth) == []
            self._check_outbox(client, truth)
        self._check_numbers(truths["fan"])

    async def close(self) -> None:
        for client in self.clients:
            await client.close()

    async def truth(self, user_id: str) -> State:
        """The state that the server gives this person over HTTP."""
        token = self.hub.token(user_id, "fan")

        async def get(path: str) -> Any:
            return await self.hub.ok("GET", f"/api/v1{path}", token=token)

        return await server_state(get, self.conversation_id)

    @staticmethod
    def _check_outbox(client: Client, truth: State) -> None:
        """What was acknowledged is there exactly once, where the ack said; what was refused is not there."""
        mine: dict[str, list[int]] = {}
        for seq, message in truth["messages"].items():
            if message["sender_id"] == client.user_id:
                mine.setdefault(message["client_message_id"], []).append(seq)
        for client_message_id, seq in client.acked.items():
            assert mine.get(client_message_id) == [seq]
        assert not set(client.refused) & set(mine)
        assert client.outbox == {}

    @staticmethod
    def _check_numbers(truth: State) -> None:
        assert sorted(truth["messages"]) == list(range(1, len(truth["messages"]) + 1))

    # --- the verbs ---

    async def _send(self, client: Client, pick: int) -> None:
        await client.send(f"message {pick}")

    async def _send_and_vanish(self, client: Client, pick: int) -> None:
        """The ack is lost: the message may or may not be stored."""
        await client.send(f"message {pick}", wait=False)
        await client.abort()

    async def _edit(self, client: Client, pick: int) -> None:
        if seq := _chosen(client, pick):
            await client.change("message.edit", seq, body=f"edited {pick}")

    async def _delete(self, client: Client, pick: int) -> None:
        if seq := _chosen(client, pick):
            await client.change("message.delete", seq)

    async def _react(self, client: Client, pick: int) -> None:
        if seq := _chosen(client, pick):
            action = "add" if pick % 3 else "remove"
            await client.change("message.react", seq, emoji=EMOJI[pick % 2], action=action)

    async def _read(self, client: Client, pick: int) -> None:
        if seq := _chosen(client, pick):
            await client.mark("read", seq)

    async def _delivered(self, client: Client, pick: int) -> None:
        if seq := _chosen(client, pick):
            await client.mark("delivered", seq)

    async def _close(self, client: Client, pick: int) -> None:
        await self.hub.ok("POST", f"/api/v1/conversations/{self.conversation_id}/close", {"reason": f"r{'x' * pick}"})

    async def _reopen(self, client: Client, pick: int) -> None:
        await self.hub.ok("POST", f"/api/v1/conversations/{self.conversation_id}/open", {})

    async def _vanish(self, client: Client, pick: int) -> None:
        await client.abort()

    async def _leave(self, client: Client, pick: int) -> None:
        await client.disconnect()

    async def _come_back(self, client: Client, pick: int) -> None:
        await client.connect()

    async def _miss(self, client: Client, pick: int) -> None:
        client.lose = pick % 4


def _chosen(client: Client, pick: int) -> int | None:
    held = sorted(client.state["messages"])
    return held[pick % len(held)] if held else None
