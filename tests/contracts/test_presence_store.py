"""Every PresenceStore: online while any session is, offline after the grace period, changes told once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from uuid import uuid4

import pytest

from hub.gateway.presence import MemoryPresence, PresenceStore
from hub.gateway.wire import PresenceState
from tests.clock import MovableClock
from tests.cluster.nodes import presence_node

GRACE = 0.05


@asynccontextmanager
async def memory(_request: pytest.FixtureRequest) -> AsyncIterator[PresenceStore]:
    yield MemoryPresence(MovableClock(), GRACE)


@asynccontextmanager
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[PresenceStore]:
    server = request.getfixturevalue("redis_server")
    async with presence_node(server.url, prefix=uuid4().hex, grace=GRACE) as store:
        yield store


STORES: dict[str, Callable[[pytest.FixtureRequest], AbstractAsyncContextManager[PresenceStore]]] = {
    "memory": memory,
    "redis": redis,
}


class Told:
    """A store, and what it has announced."""

    def __init__(self, store: PresenceStore) -> None:
        self.store = store
        self.changes: list[tuple[str, str]] = []
        self._more = asyncio.Event()
        store.on_change = self._on_change

    async def _on_change(self, state: PresenceState) -> None:
        self.changes.append((state.user_id, state.status))
        self._more.set()

    async def has(self, *changes: tuple[str, str]) -> None:
        async with asyncio.timeout(5):
            while len(self.changes) < len(changes):
                self._more.clear()
                await self._more.wait()
        assert self.changes == list(changes)

    async def status(self, user_id: str = "fan") -> str:
        (state,) = await self.store.states([user_id])
        return state.status


@pytest.fixture(params=STORES)
async def told(request: pytest.FixtureRequest) -> AsyncIterator[Told]:
    async with STORES[request.param](request) as store:
        yield Told(store)


async def test_a_person_is_online_while_any_session_is(told: Told) -> None:
    assert await told.status() == "offline"
    await told.store.arrived("fan", "a")
    await told.store.arrived("fan", "b")
    await told.store.left("fan", "a")
    assert await told.status() == "online"
    await told.store.left("fan", "b")
    await told.has(("fan", "online"), ("fan", "offline"))
    (state,) = await told.store.states(["fan"])
    assert (state.status, bool(state.last_seen)) == ("offline", True)


async def test_coming_back_within_the_grace_period_is_told_to_nobody(told: Told) -> None:
    await told.store.arrived("fan", "a")
    for session in "bcd":
        await told.store.left("fan", chr(ord(session) - 1))
        await told.store.arrived("fan", session)
    await told.store.arrived("other", "x")
    await told.store.left("other", "x")
    await told.has(("fan", "online"), ("other", "online"), ("other", "offline"))
    assert await told.status() == "online"


async def test_what_was_chosen_shows_until_the_person_leaves(told: Told) -> None:
    await told.store.arrived("fan", "a")
    await told.store.choose("fan", "busy")
    await told.store.choose("fan", "busy")
    await told.store.arrived("fan", "b")
    await told.store.left("fan", "a")
    await told.store.left("fan", "b")
    await told.has(("fan", "online"), ("fan", "busy"), ("fan", "offline"))
    await told.store.arrived("fan", "c")
    assert await told.status() == "online"


async def test_invisible_looks_offline_and_its_leaving_is_told_to_nobody(told: Told) -> None:
    await told.store.arrived("fan", "a")
    await told.store.choose("fan", "invisible")
    assert await told.status() == "offline"
    await told.store.arrived("fan", "b")
    await told.store.left("fan", "a")
    await told.store.left("fan", "b")
    await told.store.arrived("other", "x")
    await told.store.left("other", "x")
    await told.has(("fan", "online"), ("fan", "offline"), ("other", "online"), ("other", "offline"))


async def test_a_session_that_is_not_known_may_leave(told: Told) -> None:
    await told.store.left("fan", "never")
    await told.store.arrived("fan", "a")
    await told.store.left("fan", "never")
    assert await told.status() == "online"


async def test_states_come_in_the_order_of_asking(told: Told) -> None:
    await told.store.arrived("b", "1")
    states = await told.store.states(["c", "b", "a"])
    assert [(each.user_id, each.status) for each in states] == [("c", "offline"), ("b", "online"), ("a", "offline")]
