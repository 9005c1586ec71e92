"""The marketplace behind the hub, over HTTP: makes people and conversations, and asks for the truth at the end."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Self

import aiohttp
import jwt

from loadtests.history import Marks, Stored

AT_ONCE = 16
TRIES = 40
PAUSE_SECONDS = 0.25
TOKEN_SECONDS = 7200
PAGE = 100


class MarketplaceFailed(RuntimeError):
    """The hub refused, or could not be reached; the text says what was asked."""


class Tokens:
    """Makes tokens as the platform would, with its shared secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret

    def make(self, user_id: str, role: str, expires: float) -> str:
        """A token that is good until `expires`, in seconds since the epoch."""
        return jwt.encode({"sub": user_id, "roles": [role], "exp": int(expires)}, self._secret, algorithm="HS256")


class Marketplace:
    """One HTTP client of the hub's gateways, which waits when it is told to, and asks another when one is away."""

    def __init__(self, http: aiohttp.ClientSession, bases: Sequence[str], token: Callable[[str, str], str]) -> None:
        self._http = http
        self._bases = list(bases)
        self._token = token

    @classmethod
    def over(cls, http: aiohttp.ClientSession, bases: Sequence[str], tokens: Tokens, now: float) -> Self:
        """Asks as anybody, with tokens made once each."""
        made: dict[tuple[str, str], str] = {}

        def token(user_id: str, role: str) -> str:
            if (user_id, role) not in made:
                made[user_id, role] = tokens.make(user_id, role, now + TOKEN_SECONDS)
            return made[user_id, role]

        return cls(http, bases, token)

    async def conversation(
        self, kind: str, members: Sequence[tuple[str, str]], order_id: str | None, title: str
    ) -> str:
        """The id of a new conversation between (user id, role) pairs."""
        body: dict[str, Any] = {
            "kind": kind,
            "title": title,
            "members": [{"user_id": user_id, "role": role} for user_id, role in members],
        }
        if order_id is not None:
            body["order_id"] = order_id
        data = await self.ask("POST", "/conversations", ("loadtest", "service"), body)
        return str(data["conversation"]["id"])

    async def stored(self, conversation_id: str, viewer: tuple[str, str], *, marks: bool) -> Stored:
        """What the server has of a conversation, as this member sees it."""
        messages: dict[int, str] = {}
        before = ""
        while True:
            path = f"/conversations/{conversation_id}/messages?limit={PAGE}{before}"
            data = await self.ask("GET", path, viewer)
            for message in data["messages"]:
                messages[message["seq"]] = message["client_message_id"]
            if not data["more"]:
                break
            before = f"&before_seq={data['messages'][0]['seq']}"
        if not marks:
            return Stored(messages, len(messages), {})
        shown = (await self.ask("GET", f"/conversations/{conversation_id}", viewer))["conversation"]
        known = {each["user_id"]: Marks(each["delivered_seq"], each["read_seq"]) for each in shown["members"]}
        return Stored(messages, shown["head"]["seq"], known)

    async def unread(self, conversation_id: str, viewer: tuple[str, str]) -> int:
        """The server's count for a member."""
        data = await self.ask("GET", f"/conversations/{conversation_id}", viewer)
        return int(data["conversation"]["unread"])

    async def ask(self, method: str, path: str, who: tuple[str, str], body: Any = None) -> Any:
        """The data of a success. Raises MarketplaceFailed."""
        problem = ""
        bases = random.sample(self._bases, len(self._bases))
        for number in range(TRIES):
            url = f"{bases[number % len(bases)]}/api/v1{path}"
            try:
                async with self._http.request(
                    method, url, json=body, headers={"Authorization": f"Bearer {self._token(*who)}"}
                ) as response:
                    answer = await response.json(content_type=None)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                problem = f"{type(error).__name__}: {error}"
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if isinstance(answer, dict) and answer.get("success"):
                return answer["data"]
            refusal = answer.get("error", {}) if isinstance(answer, dict) else {}
            problem = f"{response.status} {refusal.get('code')}: {refusal.get('message')} {refusal.get('details')}"
            if not refusal.get("retryable"):
                break
            await asyncio.sleep(max(PAUSE_SECONDS, (refusal.get("retry_after_ms") or 0) / 1000))
        raise MarketplaceFailed(f"{method} {path.partition('?')[0]}: {problem}")


async def limited(calls: Sequence[Callable[[], Awaitable[Any]]], at_once: int = AT_ONCE) -> list[Any]:
    """The results of all calls, a few of them at a time."""
    results: list[Any] = [None] * len(calls)
    numbers = iter(range(len(calls)))

    async def one() -> None:
        for number in numbers:
            results[number] = await calls[number]()

    async with asyncio.TaskGroup() as group:
        for _ in range(min(at_once, len(calls))):
            group.create_task(one())
    return results
