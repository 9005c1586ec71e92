"""`cancel`: read marks that race with the push messages that they cancel: how many are told what they have just read.

Once a request is being written, nothing takes it back. So a push may slip through for as long as the provider needs to
be reached, and no longer; that is what is counted.
"""

import asyncio
from base64 import urlsafe_b64encode
from pathlib import Path

import msgspec

from hub.channels.vapid import make_private_key, public_key
from loadtests.crowd import Bench
from loadtests.hubworker import running_worker, worker_environment
from loadtests.lines import Goal, Line
from loadtests.provider import ANSWERS_AFTER, running_provider
from loadtests.redis import running_redis
from loadtests.slips import Reading, Slips, judge
from loadtests.steps import running_helper

CONVERSATIONS = 3_000
RATE = 250.0
"""Messages a second, each to another person."""
DUE_AFTER = 2.0
SETTLE_SECONDS = 3.0
"""In which the last that is due goes out: the worker looks once a second where nothing wakes it."""
PATIENCE_SECONDS = 60.0


async def measure(bench: Bench, database_url: str, folder: Path) -> list[Line]:
    """The hub alone: one worker, and a process that sends and reads."""
    count = bench.crowd(CONVERSATIONS)
    bench.progress.say(f"cancel: {count:,} conversations, read when their push is about due")
    with running_redis() as redis:
        return _lines(await race(count, database_url, redis.url, folder))


async def race(count: int, database_url: str, redis_url: str, folder: Path) -> Slips:
    """Sends, reads, waits until nothing more comes, and judges."""
    keys = {"p256dh": public_key(make_private_key()), "auth": urlsafe_b64encode(bytes(16)).decode().rstrip("=")}
    async with running_provider() as provider:
        settings = worker_environment(
            database_url,
            redis_url,
            provider.base,
            HUB_VAPID_BASE_URL=provider.base,
            HUB_VAPID_PRIVATE_KEY=make_private_key(),
            HUB_UNREAD_PUSH_SECONDS=str(DUE_AFTER),
        )
        async with (
            running_helper("reader", folder, database_url, redis_url) as reader,
            running_worker(settings, folder),
        ):
            await reader.do("prepare", PATIENCE_SECONDS, count=count, **keys)
            read = await reader.do("read", count / RATE + PATIENCE_SECONDS, rate=RATE, due_after=DUE_AFTER)
            await asyncio.sleep(SETTLE_SECONDS)  # nothing tells that nothing more will come
            return judge(msgspec.convert(read, list[Reading]), await provider.seen())


def _lines(slips: Slips) -> list[Line]:
    title = "a read mark within 0.15 s of the push"
    longest = slips.slipped[0] * 1000 if slips.slipped else 0.0
    trip = f"{ANSWERS_AFTER * 1000:.0f} ms"
    return [
        _line(title, "read before they were told", slips.read_first),
        _line(title, "of these cancelled in time %", 100 * slips.cancelled / max(1, slips.read_first), digits=2),
        _line(title, "slipped through", len(slips.slipped)),
        _line(title, f"by more than a round trip of {trip}", slips.beyond(ANSWERS_AFTER), Goal(0)),
        _line(title, "the longest after the reader knew ms", longest, digits=1),
        _line(title, "read before it was due, told all the same", slips.early, Goal(0)),
        _line(title, "not read and not told", slips.lost, Goal(0)),
        _line(title, "told twice", slips.doubled, Goal(0)),
    ]


def _line(title: str, unit: str, value: float, *goals: Goal, digits: int = 0) -> Line:
    return Line(bench="cancel", title=title, unit=unit, turns={"hub": [value]}, goals=list(goals), digits=digits)
