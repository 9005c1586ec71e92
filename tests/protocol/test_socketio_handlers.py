"""Handlers of the gateway's Socket.IO server: however they wait or fail, every question is answered in its turn."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.protocol.patience import SECONDS
from tests.protocol.service import Service


async def _times_out() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await asyncio.Event().wait()


async def _has_no_time() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()


async def _awaits_what_is_done() -> None:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    await done


async def _awaits_what_was_cancelled() -> None:
    cancelled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled


async def _several_at_once() -> None:
    await asyncio.gather(asyncio.sleep(0.01), asyncio.sleep(0), asyncio.to_thread(int))


async def _again_and_again() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
        await asyncio.sleep(0.0001)


WAYS: dict[str, Callable[[], Awaitable[Any]]] = {
    "not at all": _awaits_what_is_done,
    "a turn of the loop": lambda: asyncio.sleep(0),
    "a while": lambda: asyncio.sleep(0.01),
    "too long": _times_out,
    "no time at all": _has_no_time,
    "for what was cancelled": _awaits_what_was_cancelled,
    "for several at once": _several_at_once,
    "again and again": _again_and_again,
    "for a time limit": lambda: asyncio.wait_for(asyncio.sleep(0.01), 1),
}


@pytest.mark.parametrize("way", WAYS)
async def test_a_handler_may_wait_in_any_way(service: Service, way: str) -> None:
    @service.server.on("wait")
    async def wait(_sid: str, number: int) -> tuple[int, bool]:
        task = asyncio.current_task()
        await WAYS[way]()
        return number, asyncio.current_task() is task is not None

    friend = await service.friend()
    for number in range(3):
        assert await friend.client.call("wait", number, timeout=SECONDS) == (number, True)
    assert await asyncio.gather(*(friend.client.call("wait", n, timeout=SECONDS) for n in range(20))) == [
        (n, True) for n in range(20)
    ]


async def test_a_handler_that_waits_keeps_the_later_questions_of_its_client_waiting(service: Service) -> None:
    order: list[int] = []
    go_on = asyncio.Event()

    @service.server.on("ask")
    async def ask(_sid: str, number: int) -> int:
        if number == 0:
            await go_on.wait()
        order.append(number)
        return number

    friend, other = await service.friend(), await service.friend()
    asked = [asyncio.create_task(friend.client.call("ask", number, timeout=SECONDS)) for number in range(5)]
    await asyncio.sleep(0.05)
    assert await other.client.call("ask", 9, timeout=SECONDS) == 9

    go_on.set()

    assert await asyncio.gather(*asked) == list(range(5))
    assert order == [9, *range(5)]


@pytest.mark.parametrize("late", [False, True])
async def test_a_handler_that_gives_up_harms_nobody(service: Service, *, late: bool) -> None:
    @service.server.on("give up")
    async def give_up(_sid: str) -> None:
        if late:
            await asyncio.sleep(0)
        raise asyncio.CancelledError

    @service.server.on("work")
    async def work(_sid: str, number: int) -> int:
        await asyncio.sleep(0)
        return number

    friend = await service.friend()
    for number in range(300):
        await friend.client.emit("give up")
        if number % 50 == 0:
            assert await friend.client.call("work", number, timeout=SECONDS) == number


async def test_a_handler_that_never_ends_does_not_outlive_the_server(service: Service) -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    @service.server.on("hang")
    async def hang(_sid: str) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    friend = await service.friend()
    await friend.client.emit("hang")
    async with asyncio.timeout(SECONDS):
        await started.wait()
        await service.server.shutdown()
        await ended.wait()
