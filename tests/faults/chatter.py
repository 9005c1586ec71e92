"""Several people who write as fast as they are answered, and check afterwards that nothing acknowledged is lost."""

import asyncio
from typing import Any

import aiohttp

from tests.model.client import Client
from tests.model.history import State, differences
from tests.model.truth import server_state
from tests.processes import HubProcess

PEOPLE = (("fan", "fan"), ("fan", "fan"), ("creator", "creator"))


async def http(hub: HubProcess, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
    """The data of an answer that must be a success."""
    headers = {"Authorization": f"Bearer {token or hub.token('platform', 'service')}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{hub.base}/api/v1{path}", json=body, headers=headers) as response,
    ):
        answer = await response.json()
        assert response.status < 400, answer
        return answer["data"]


class Chatter:
    """One conversation with three devices that send."""

    def __init__(self, hub: HubProcess, conversation_id: str, clients: list[Client]) -> None:
        self.hub, self.conversation_id, self.clients = hub, conversation_id, clients
        self._acks = asyncio.Condition()
        self._stopped = False

    @classmethod
    async def on(cls, hub: HubProcess) -> "Chatter":
        members = [{"user_id": user_id, "role": role} for user_id, role in sorted(set(PEOPLE))]
        for user_id, _ in set(PEOPLE):
            await http(hub, "PUT", f"/users/{user_id}", {"display_name": user_id})
        made = await http(hub, "POST", "/conversations", {"kind": "order", "members": members})
        conversation_id = made["conversation"]["id"]
        clients = [Client(hub.base, hub.token(*who), who[0], conversation_id) for who in PEOPLE]
        await asyncio.gather(*(client.connect() for client in clients))
        return cls(hub, conversation_id, clients)

    @property
    def acked(self) -> int:
        return sum(len(client.acked) for client in self.clients)

    async def talk(self) -> None:
        """All send, several at once each, until the connection ends or `stop`."""
        self._stopped = False
        writers = [self._write(client, lane) for client in self.clients for lane in range(4)]
        await asyncio.gather(*writers)

    async def _write(self, client: Client, lane: int) -> None:
        number = 0
        while client.connected and not self._stopped:
            number += 1
            await client.send(f"{lane}-{number}")
            async with self._acks:
                self._acks.notify_all()

    def stop(self) -> None:
        self._stopped = True

    async def until_acked(self, count: int) -> None:
        async with asyncio.timeout(20), self._acks:
            await self._acks.wait_for(lambda: self.acked >= count)

    async def come_back(self) -> None:
        """Everybody notices the loss, connects again with resume, and sends again what was not acknowledged."""
        for client in self.clients:
            await client.abort()
        await asyncio.gather(*(client.connect() for client in self.clients))

    async def truth(self, client: Client) -> State:
        async def get(path: str) -> Any:
            return await http(self.hub, "GET", path, token=client.token)

        return await server_state(get, self.conversation_id)

    async def check(self) -> None:
        """Everybody holds the same; what was acked is there once, where the ack said; all numbers are there."""
        for client in self.clients:
            truth = await self.truth(client)
            try:
                await client.until(lambda client=client, truth=truth: client.state == truth)  # type: ignore[misc]
            except TimeoutError:
                raise AssertionError(differences(client.state, truth)) from None
            seqs: dict[str, list[int]] = {}
            for seq, message in truth["messages"].items():
                seqs.setdefault(message["client_message_id"], []).append(seq)
            assert sorted(truth["messages"]) == list(range(1, len(truth["messages"]) + 1))
            assert client.outbox == {}
            for client_message_id, seq in client.acked.items():
                assert seqs.get(client_message_id) == [seq]

    async def close(self) -> None:
        for client in self.clients:
            await client.close()
