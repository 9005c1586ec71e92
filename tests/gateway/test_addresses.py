"""X-Forwarded-For is believed only as far as trusted proxies wrote it."""

import asyncio
from typing import Any

import pytest

from hub.gateway.ratelimit import CONNECTS
from tests.conftest import make_settings
from tests.running import RunningHub


async def guesses(hub: RunningHub, forwarded: str) -> str:
    """The code that somebody behind `forwarded` gets for guessing one more token."""
    _, answer = await hub.http("GET", "/api/v1/me", token="guess", headers={"X-Forwarded-For": forwarded})
    return str(answer["error"]["code"])


@pytest.mark.parametrize(
    ("trusted", "used_up", "same", "other"),
    [
        ("", "127.0.0.1", "203.0.113.7", None),
        ("127.0.0.1", "203.0.113.7", "203.0.113.7", "203.0.113.8"),
        ("127.0.0.1", "203.0.113.7", "203.0.113.8, 203.0.113.7", "203.0.113.7, 203.0.113.8"),
        ("127.0.0.0/8, 10.0.0.0/8", "203.0.113.7", "1.2.3.4, 203.0.113.7, 10.1.1.1", "10.1.1.1"),
        ("127.0.0.1", "garbage", "203.0.113.8, garbage", "203.0.113.8"),
    ],
)
async def test_guessing_is_limited_by_the_nearest_address_that_is_no_proxy(
    sqlite_url: str, start_hub: Any, trusted: str, used_up: str, same: str, other: str | None
) -> None:
    hub: RunningHub = await start_hub(make_settings(sqlite_url, trusted_proxies=trusted))
    for _ in range(CONNECTS.burst):
        await hub.hub.services.limiter.take(CONNECTS, used_up)

    limited = await asyncio.gather(*(guesses(hub, same) for _ in range(30)))

    assert "rate.limited" in limited
    if other is not None:
        assert await guesses(hub, other) == "auth.invalid"
