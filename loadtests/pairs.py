"""Pairs of people in one conversation each: created as a platform would, over HTTP, then connected."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec
from msgspec import Struct

from hub.gateway.auth import Authenticator
from loadtests.configuration import settings
from loadtests.ledger import Ledger
from loadtests.sockets import Answer, Socket, connect

AT_ONCE = 16
TOKEN_SECONDS = 3600
NEW_MESSAGE = b'["message.new",'


class Person(NamedTuple):
    """A connected member of one conversation."""

    user_id: str
    conversation_id: str
    client: Socket


class NewMessage(Struct, frozen=True):
    """What is needed of a `message.new` event or of an ack's message."""

    conversation_id: str
    seq: int
    client_message_id: str
    sender_id: str


class _Event(Struct, frozen=True):
    message: NewMessage


class _Head(Struct, frozen=True):
    seq: int


class _Snapshot(Struct, frozen=True):
    head: _Head


class _Opened(Struct, frozen=True):
    success: Literal[True]
    data: _Snapshot


_event = msgspec.json.Decoder(tuple[str, _Event]).decode
_opened = msgspec.json.Decoder(tuple[_Opened]).decode

OnMessage = Callable[[str, NewMessage, float], None]
"""Gets the receiver's user id, the message, and when it came."""


class Pairs:
    """Everybody: fan, creator, fan, creator and so on."""

    def __init__(self, ledger: Ledger) -> None:
        self.people: list[Person] = []
        self.ledger = ledger
        self.events = 0
        """Of every kind, to everybody."""
        self.on_message: OnMessage = lambda _user_id, _message, _at: None

    def listener(self, user_id: str) -> Callable[[bytes, float], None]:
        """What a person's client calls with each event."""

        def on_event(text: bytes, at: float) -> None:
            self.events += 1
            if text.startswith(NEW_MESSAGE):
                message = _event(text)[1].message
                self.ledger.received(user_id, message.conversation_id, message.seq, message.client_message_id)
                self.on_message(user_id, message, at)

        return on_event

    async def heads(self) -> dict[str, int]:
        """Conversation id -> number of its last stored message; opens the conversation for whoever asks."""
        answers = await _limited([partial(_open, person) for person in self.people])
        return dict(answers)


async def _open(person: Person) -> tuple[str, int]:
    answer: Answer = await person.client.ask("conversation.open", {"conversation_id": person.conversation_id})
    return person.conversation_id, _opened(answer.text)[0].data.head.seq


@asynccontextmanager
async def connected_pairs(base: str, count: int, ledger: Ledger, others: Sequence[str] = ()) -> AsyncIterator[Pairs]:
    """`count` pairs who have their conversation open; with other nodes everybody is on one of them by chance."""
    tokens = Authenticator(settings("sqlite+aiosqlite://"))
    pairs = Pairs(ledger)
    nodes = [urlsplit(each) for each in (base, *others)]
    chance = random.Random(1)
    people: list[tuple[str, str, str]] = []
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        platform = _Platform(http, base, tokens.make("platform", ["service"], seconds=TOKEN_SECONDS))
        names = [(f"fan-{number}", f"creator-{number}") for number in range(count)]
        ids = await _limited([partial(platform.order_chat, *pair) for pair in names])
        for pair, conversation_id in zip(names, ids, strict=True):
            ledger.conversation(conversation_id, pair)
            for user_id, role in zip(pair, ("fan", "creator"), strict=True):
                people.append((user_id, conversation_id, tokens.make(user_id, [role], seconds=TOKEN_SECONDS)))

        async def come(user_id: str, conversation_id: str, token: str) -> None:
            where = chance.choice(nodes)
            client = await connect(
                where.hostname or "", where.port or 80, auth={"token": token}, on_event=pairs.listener(user_id)
            )
            pairs.people.append(Person(user_id, conversation_id, client))

        try:
            await _limited([partial(come, *person) for person in people])
            await pairs.heads()
            yield pairs
        finally:
            for person in pairs.people:
                person.client.close()


class _Platform:
    """The marketplace behind the hub."""

    def __init__(self, http: aiohttp.ClientSession, base: str, token: str) -> None:
        self._http = http
        self._base = f"{base}/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def order_chat(self, fan: str, creator: str) -> str:
        """The id of a new conversation between two new people."""
        for user_id in (fan, creator):
            await self._ask("PUT", f"/users/{user_id}", {"display_name": user_id, "email": f"{user_id}@example.com"})
        members = [{"user_id": fan, "role": "fan"}, {"user_id": creator, "role": "creator"}]
        body = {"kind": "order", "order_id": f"order-{fan}", "members": members}
        data = await self._ask("POST", "/conversations", body)
        return str(data["conversation"]["id"])

    async def _ask(self, method: str, path: str, body: Any) -> Any:
        url = f"{self._base}{path}"
        async with self._http.request(method, url, json=body, headers=self._headers) as response:
            response.raise_for_status()
            return (await response.json())["data"]


async def _limited(calls: Sequence[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """The results of all calls, a few of them at a time."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(call: Callable[[], Awaitable[Any]]) -> Any:
        async with places:
            return await call()

    return await asyncio.gather(*map(one, calls))
