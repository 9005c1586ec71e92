"""Every RateLimiter: a burst, then a steady flow, by rule and key; the refusal says how long to wait."""

import asyncio
from collections.abc import Callable

import pytest

from hub.errors import RateLimited
from hub.gateway.ratelimit import MemoryLimiter, RateLimiter, Rule

LIMITERS: dict[str, Callable[[], RateLimiter]] = {"memory": MemoryLimiter}
SLOW = Rule("slow", per_second=0.5, burst=5)
FAST = Rule("fast", per_second=50, burst=1)


@pytest.fixture(params=LIMITERS)
def limiter(request: pytest.FixtureRequest) -> RateLimiter:
    return LIMITERS[request.param]()


async def taken(limiter: RateLimiter, rule: Rule, key: str, count: int) -> int:
    """How many of `count` requests at once passed."""
    results = await asyncio.gather(*(limiter.take(rule, key) for _ in range(count)), return_exceptions=True)
    assert all(result is None or isinstance(result, RateLimited) for result in results)
    return results.count(None)


async def test_a_burst_passes_and_no_more(limiter: RateLimiter) -> None:
    assert await taken(limiter, SLOW, "fan", 20) == 5
    assert await taken(limiter, SLOW, "fan", 1) == 0


async def test_keys_and_rules_do_not_share(limiter: RateLimiter) -> None:
    await taken(limiter, SLOW, "fan", 20)
    assert await taken(limiter, SLOW, "other", 20) == 5
    assert await taken(limiter, FAST, "fan", 1) == 1


async def test_a_refusal_says_which_limit_and_how_long_to_wait(limiter: RateLimiter) -> None:
    await taken(limiter, SLOW, "fan", 5)
    with pytest.raises(RateLimited) as refused:
        await limiter.take(SLOW, "fan")
    assert refused.value.details == {"limit": "slow"}
    assert 1000 < (refused.value.retry_after_ms or 0) <= 2001


async def test_after_the_wait_the_next_request_passes(limiter: RateLimiter) -> None:
    await limiter.take(FAST, "fan")
    with pytest.raises(RateLimited) as refused:
        await limiter.take(FAST, "fan")
    passed = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later((refused.value.retry_after_ms or 0) / 1000 + 0.005, passed.set_result, None)
    await passed
    await limiter.take(FAST, "fan")
