"""A running hub, and people who talk to it with the stock Python client and plain HTTP."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import aiohttp
import socketio

from hub.app import Gateway
from hub.bootstrap import Hub

PATIENCE = 8.0
"""Seconds that a test waits for a signal before it fails; nothing waits that long when all is well."""


class Refused(AssertionError):
    """An ack or an HTTP answer was an error; `error` is its body."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['details']}")
        self.error = error

    @property
    def code(self) -> str:
        return str(self.error["code"])


class Person:
    """Someone with one socket: the stock client, a list of what it received, and waiting for what should come."""

    def __init__(self, base: str, token: str, user_id: str) -> None:
        self.base, self.token, self.user_id = base, token, user_id
        self.events: list[tuple[str, Any]] = []
        self._arrived = asyncio.Condition()
        self.client = socketio.AsyncClient(reconnection=False)
        self.client.on("*", self._on_event)
        self.client.on("disconnect", self._on_disconnect)

    async def connect(self, *, transports: tuple[str, ...] = ("websocket",), **auth: Any) -> "Person":
        await self.client.connect(self.base, auth={"token": self.token, **auth}, transports=list(transports))
        await self.received("session.ready")
        return self

    async def disconnect(self) -> None:
        await self.client.disconnect()

    async def ask(self, event: str, **payload: Any) -> Any:
        """The data of the ack; Refused when it is an error."""
        answer = await self.client.call(event, payload, timeout=PATIENCE)
        if not answer["success"]:
            raise Refused(answer["error"])
        return answer["data"]

    async def refused(self, event: str, **payload: Any) -> dict[str, Any]:
        """The error of an ack that must be one."""
        try:
            data = await self.ask(event, **payload)
        except Refused as refusal:
            return refusal.error
        raise AssertionError(f"{event} was not refused: {data}")

    async def send(self, conversation_id: str, body: str, client_message_id: str | None = None, **more: Any) -> Any:
        """The stored message."""
        data = await self.ask(
            "message.send",
            conversation_id=conversation_id,
            client_message_id=client_message_id or str(uuid4()),
            body=body,
            **more,
        )
        return data["message"]

    def named(self, event: str) -> list[Any]:
        """The payloads of the received events of this name."""
        return [payload for name, payload in self.events if name == event]

    async def received(self, event: str, where: Callable[[Any], bool] = lambda _payload: True) -> Any:
        """The first payload of `event` that fits, waiting for it if need be."""

        def found() -> Any:
            return next((payload for payload in self.named(event) if where(payload)), None)

        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: found() is not None)
        return found()

    async def until(self, true: Callable[[], object]) -> None:
        """Waits until what was received makes it true."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(true)

    async def _on_event(self, event: str, payload: Any = None) -> None:
        async with self._arrived:
            self.events.append((event, payload))
            self._arrived.notify_all()

    async def _on_disconnect(self, reason: str | None = None) -> None:
        await self._on_event("disconnect", {"reason": reason})


class RunningHub:
    """A gateway in this process, and what a platform does with it."""

    def __init__(self, hub: Hub, gateway: Gateway) -> None:
        self.hub, self.gateway = hub, gateway
        host, port = gateway.address
        self.base = f"http://{host}:{port}"
        self._people: list[Person] = []
        self._numbers = itertools.count(1)
        self._stopped = False

    async def stop(self) -> None:
        for person in self._people:
            if person.client.connected:
                await person.disconnect()
        if not self._stopped:
            self._stopped = True
            await self.gateway.stop()

    async def stop_gateway(self) -> None:
        """Stops the gateway as SIGTERM does, while people are connected."""
        self._stopped = True
        await self.gateway.stop()

    def token(self, user_id: str, *roles: str, seconds: int = 600, **claims: str) -> str:
        return self.hub.services.authenticator.make(user_id, list(roles), seconds=seconds, **claims)

    def person(self, user_id: str, *roles: str, seconds: int = 600) -> Person:
        """A person who is not connected yet."""
        person = Person(self.base, self.token(user_id, *(roles or ("fan",)), seconds=seconds), user_id)
        self._people.append(person)
        return person

    async def connected(self, user_id: str, *roles: str, **auth: Any) -> Person:
        return await self.person(user_id, *roles).connect(**auth)

    async def http(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, headers: Any = None, **options: Any
    ) -> tuple[int, Any]:
        """Status and decoded body of an API request; by default as the platform's service."""
        token = self.token("platform", "service") if token is None else token
        everything = {"Authorization": f"Bearer {token}", **(headers or {})} if token else dict(headers or {})
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, f"{self.base}{path}", json=body, headers=everything, **options) as response,
        ):
            return response.status, await response.json(content_type=None)

    async def ok(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """The data of an API answer that must be a success."""
        status, answer = await self.http(method, path, body, token=token)
        if status >= 400:
            raise Refused(answer["error"])
        return answer["data"]

    async def user(self, user_id: str, **profile: Any) -> Any:
        body = {"display_name": user_id.title(), **profile}
        return (await self.ok("PUT", f"/api/v1/users/{user_id}", body))["user"]

    async def order_chat(self, fan: str = "fan", creator: str = "creator", **more: Any) -> str:
        """The id of a new order conversation between two people who exist."""
        for user_id in (fan, creator):
            await self.user(user_id, email=f"{user_id}@example.com")
        body = {
            "kind": "order",
            "order_id": f"order-{next(self._numbers)}",
            "members": [{"user_id": fan, "role": "fan"}, {"user_id": creator, "role": "creator"}],
            **more,
        }
        data = await self.ok("POST", "/api/v1/conversations", body)
        return str(data["conversation"]["id"])
