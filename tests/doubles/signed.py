"""A signed webhook call on its way: it can be sent twice, out of order, to another host, or changed underway."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import aiohttp


@dataclass(frozen=True)
class SignedCall:
    """What a provider posts."""

    url: str
    """As the provider knows it, and as it was signed."""
    headers: dict[str, str]
    body: bytes

    @property
    def path_and_query(self) -> str:
        parts = urlsplit(self.url)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def forged(self, old: bytes, new: bytes) -> "SignedCall":
        """The same signature over another body."""
        assert old in self.body
        return replace(self, body=self.body.replace(old, new))

    async def post(self, origin: str = "") -> int:
        """The status of the answer; `origin` is where a proxy passes it on to, with its own Host header."""
        url = origin.rstrip("/") + self.path_and_query if origin else self.url
        async with aiohttp.ClientSession() as session, session.post(url, data=self.body, headers=self.headers) as reply:
            return reply.status


async def post_all(calls: Iterable[SignedCall], origin: str = "") -> list[int]:
    """Posts them in the order in which they stand; a provider that repeats or reorders is a list that does."""
    return [await each.post(origin) for each in calls]
