"""A step that a test holds up."""

import asyncio

from tests.running import PATIENCE


class Gate:
    """A step that waits: the test learns that it was reached, and decides when it goes on."""

    def __init__(self) -> None:
        self._reached, self._opened = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> None:
        self._reached.set()
        await self._opened.wait()

    async def reached(self) -> None:
        async with asyncio.timeout(PATIENCE):
            await self._reached.wait()

    def open(self) -> None:
        self._opened.set()
