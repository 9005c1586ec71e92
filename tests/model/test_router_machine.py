"""Whatever happens to the router, in whatever order: it comes to rest, legally, and nobody is told twice."""

import asyncio
import os
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tests.conftest import make_settings
from tests.databases import PostgresDatabases, SqliteDatabases
from tests.model.router_play import Action, Router

VERBS = (
    *(
        "publish",
        "publish",
        "message",
        "message",
        "message",
        "read_all",
        "read_at_call",
        "read_at_call",
        "open_inbox",
        "cancel",
    ),
    *("provider", "provider", "kill", "kill", "report", "report", "report", "replay", "wait", "wait", "wait"),
    *("work", "work", "work", "work"),
)
actions = st.builds(Action, st.sampled_from(VERBS), st.integers(0, 60))
rounds = st.lists(st.lists(actions, min_size=1, max_size=3), min_size=2, max_size=16)
"""The actions of a round happen at the same time."""

EXAMPLES = 15
LONGEST = 40.0
"""Seconds; a story takes one."""


async def play(database_url: str, story: list[list[Action]]) -> list[str]:
    settings = make_settings(database_url, unread_push_seconds=10, unread_email_seconds=1800)
    router = Router(settings)
    try:
        async with asyncio.timeout(LONGEST):
            await router.begin()
            for acts in story:
                await asyncio.gather(*(router.act(action) for action in acts))
            return await router.end()
    finally:
        await router.close()


def stories(test: Callable[[list[list[Action]]], None]) -> Callable[[], None]:
    """Many of them, made by chance."""
    chosen = hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=os.environ.get("CI") == "true",
        database=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    kill_between_send_and_record = [
        [Action("publish", 2), Action("publish", 3)],
        [Action("kill", 6)],
        [Action("work", 0)],
        [Action("wait", 2)],
        [Action("work", 1)],
    ]
    read_while_it_is_pushed = [
        [Action("message", 0)],
        [Action("work", 0)],
        [Action("wait", 1)],
        [Action("work", 0), Action("read_all", 0), Action("message", 0)],
        [Action("work", 1)],
    ]
    explicit = example(story=read_while_it_is_pushed)(
        example(story=kill_between_send_and_record)(given(story=rounds)(test))
    )
    return chosen(explicit)  # type: ignore[return-value]


def test_whatever_happens_the_router_comes_to_rest_and_nothing_is_told_twice(
    sqlite_databases: SqliteDatabases,
) -> None:
    @stories
    def run(story: list[list[Action]]) -> None:
        assert asyncio.run(play(sqlite_databases.fresh(), story)) == []

    run()


def test_it_does_so_on_postgresql_where_all_goes_on_at_once(postgres_databases: PostgresDatabases) -> None:
    @stories
    def run(story: list[list[Action]]) -> None:
        url = postgres_databases.fresh()
        try:
            assert asyncio.run(play(url, story)) == []
        finally:
            postgres_databases.drop(url)

    run()
