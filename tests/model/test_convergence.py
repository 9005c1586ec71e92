"""Any sequence of actions, with connections lost at any point, ends with every client equal to the server."""

import asyncio
import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from hub.app import Gateway
from hub.bootstrap import bootstrap
from tests.conftest import make_settings
from tests.model.play import DEVICES, Action, Play
from tests.running import RunningHub

VERBS = (
    *("send", "send", "send", "edit", "delete", "react", "react", "read", "read", "delivered"),
    *("send_and_vanish", "vanish", "leave", "come_back", "come_back", "miss", "close", "reopen", "reopen"),
)
actions = st.builds(Action, st.integers(0, len(DEVICES) - 1), st.sampled_from(VERBS), st.integers(0, 30))
rounds = st.lists(st.lists(actions, min_size=1, max_size=4), min_size=1, max_size=12)
"""The actions of a round happen at the same time."""

EXAMPLES = {"sqlite": 20, "postgresql": 10}
LONGEST = 20.0
"""Seconds; a story takes a quarter of one."""


async def play(database_url: str, story: list[list[Action]]) -> None:
    hub = bootstrap(make_settings(database_url, rate_limits="off", drain_seconds=0.2))
    gateway = Gateway(hub, with_worker=True)
    await gateway.start("127.0.0.1", 0)
    running = RunningHub(hub, gateway)
    stage = Play(running)
    try:
        async with asyncio.timeout(LONGEST):
            await stage.begin()
            for acts in story:
                await asyncio.gather(*(stage.act(action) for action in acts))
            await stage.end()
    finally:
        await stage.close()
        await running.stop()


@pytest.fixture
def examples(database_url: str) -> Callable[..., object]:
    kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
    return hypothesis_settings(
        max_examples=EXAMPLES[kind],
        deadline=None,
        derandomize=os.environ.get("CI") == "true",
        database=None,
        phases=(Phase.generate,),  # a story that hangs until its time-out cannot be made shorter in good time
        suppress_health_check=list(HealthCheck),
    )


def test_whatever_happens_every_client_ends_equal_to_the_server(
    database_url: str, examples: Callable[..., object]
) -> None:
    @examples
    @given(story=rounds)
    def run(story: list[list[Action]]) -> None:
        asyncio.run(play(database_url, story))

    run()  # type: ignore[operator]
