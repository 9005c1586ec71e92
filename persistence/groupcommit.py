"""Group commit: requests that arrive while a transaction is under way share the next one.

One request alone is written at once. Under load the groups grow by themselves, and a group that follows another waits a
few milliseconds for company, so that the price of a transaction (one fsync) is shared; each caller's answer is released
only after the commit that holds it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from hub.errors import Draining, HubError
from persistence.engine import database_is_away
from persistence.uow import Database, Tx

MOST_AT_ONCE = 256
"""Requests in one transaction: enough to make the fsync cheap, few enough to keep a group's wait short."""
GATHER_SECONDS = 0.004
BUSY_SECONDS = 0.02
"""A group that begins within this after another one waits so long for more."""
ENOUGH = 32
"""So many are worth a transaction at once."""

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class GroupCommit(Generic[Request, Answer]):
    """Writes requests in groups through `apply`.

    `apply(tx, requests)` answers with one result or HubError for each request, in their order. An exception undoes
    the whole group; then each request is tried in a transaction of its own, so that one cannot spoil the others. When
    the database is away, trying on would only make everybody wait: all are answered with the error.
    """

    def __init__(
        self,
        database: Database,
        apply: Callable[[Tx, Sequence[Request]], Awaitable[Sequence[Answer | HubError]]],
        *,
        gather_seconds: float = GATHER_SECONDS,
        enough: int = ENOUGH,
    ) -> None:
        self._database = database
        self._apply = apply
        self._gather = gather_seconds
        self._enough = enough
        self._busy_until = 0.0
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._stopped = False

    async def submit(self, request: Request) -> Answer:
        """The answer to `request`, after its commit; raises the HubError that it was answered with."""
        if self._stopped:
            raise Draining
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, answer))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all(), name="group-commit")
        # A caller that goes away cancels only its own answer, not its message: the group commits all the same.
        return await answer

    async def stop(self) -> None:
        """Refuses what comes from now on and waits until all that was submitted is committed and answered."""
        self._stopped = True
        if self._writer is not None:
            await self._writer

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                # One turn of the loop lets requests that are just being decoded join. Right after a group more are to
                # come: waiting a moment for them makes fewer transactions, each as dear as the last.
                busy = loop.time() < self._busy_until and len(self._waiting) < self._enough and not self._stopped
                await asyncio.sleep(self._gather if busy else 0)
                group, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
                await self._write(group)
                self._busy_until = loop.time() + BUSY_SECONDS
        finally:
            self._writer = None

    async def _write(self, group: list[tuple[Request, asyncio.Future[Answer]]]) -> None:
        try:
            async with self._database.begin() as tx:
                answers = await self._apply(tx, [request for request, _ in group])
        except Exception as error:
            if len(group) > 1 and not database_is_away(error):
                for pair in group:
                    await self._write([pair])
            else:
                for _, future in group:
                    _settle(future, error)
            return
        for (_, future), answer in zip(group, answers, strict=True):
            _settle(future, answer)


def _settle(future: asyncio.Future[Answer], answer: Answer | Exception) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
        future.exception()  # marks it as seen: the caller may be gone
    else:
        future.set_result(answer)
