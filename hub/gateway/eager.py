"""Runs coroutines at once, and only those that have to wait in a task.

Most requests of a socket are answered without waiting for anything; a task for each would cost more than the request.
A coroutine is begun on the spot as the work of an idle task of a pool; if it has to wait, that task goes on with it. To
the coroutine it is one task from beginning to end: `asyncio.timeout` and cancellation work. (Python 3.12 has eager
tasks of its own; this serves 3.11 too, and takes no task at all for what ends at once.) Context variables are not kept
apart between requests: nothing here sets any.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any

import structlog

log = structlog.get_logger()

NOT_BEGUN = object()
"""Instead of what a coroutine waits for; None is what `sleep(0)` waits for."""
Work = Coroutine[Any, Any, None]
MOST_IDLE = 256
"""Tasks that are kept for later."""


class EagerRunner:
    """A pool of tasks for work that begins at once."""

    def __init__(self) -> None:
        self._idle: list[_Hand] = []
        self._all: set[_Hand] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def run(self, work: Work) -> None:
        """Begins the work now, to its end if it need not wait. Called from the loop itself or from within a task."""
        loop = self._loop
        if loop is None:  # asking each time would cost a system call
            loop = self._loop = asyncio.get_running_loop()
        if asyncio.current_task(loop) is not None:
            self._hand(loop).go_on(work, NOT_BEGUN)  # it would have two current tasks
            return
        hand = self._hand(loop)
        task = hand.task
        asyncio.tasks._enter_task(loop, task)  # noqa: SLF001  (documented for libraries: "Extending asyncio")
        try:
            awaited = work.send(None)
        except StopIteration:
            self._idle.append(hand)
            return
        except asyncio.CancelledError:  # what it waited for was cancelled already
            self._idle.append(hand)
            return
        except Exception:  # work handles its errors; this is a mistake of ours, which must not stop the socket
            log.exception("gateway.work_failed")
            self._idle.append(hand)
            return
        finally:
            asyncio.tasks._leave_task(loop, task)  # noqa: SLF001  (the same)
        hand.go_on(work, awaited)

    def stop(self) -> list[asyncio.Task[None]]:
        """Forgets the idle tasks; all that there are, to be cancelled and waited for."""
        self._idle.clear()
        return [hand.task for hand in self._all]

    def _hand(self, loop: asyncio.AbstractEventLoop) -> _Hand:
        if self._idle:
            return self._idle.pop()
        hand = _Hand(self, loop)
        self._all.add(hand)
        return hand

    def _done(self, hand: _Hand) -> bool:
        """Whether the task is kept."""
        if len(self._idle) < MOST_IDLE:
            self._idle.append(hand)
            return True
        return False

    def _gone(self, hand: _Hand) -> None:
        self._all.discard(hand)


class _Hand:
    """One task of the pool."""

    __slots__ = ("_given", "_pool", "_waiting", "task")

    def __init__(self, pool: EagerRunner, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._waiting: asyncio.Future[None] = loop.create_future()
        self._given: tuple[Work, Any] | None = None
        self.task = loop.create_task(self._serve(loop))

    def go_on(self, work: Work, awaited: Any) -> None:
        """Takes over work that waits for `awaited`, or that is NOT_BEGUN."""
        self._given = (work, awaited)
        self._waiting.set_result(None)

    async def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            while True:
                cancelled = None
                try:
                    await self._waiting
                except asyncio.CancelledError as error:
                    if self._given is None:
                        raise  # nothing to do, and no more will come
                    cancelled = error  # meant for the work, which is begun but not in this task's hands yet
                assert self._given is not None  # noqa: S101  (set before the future)
                (work, awaited), self._given = self._given, None
                self._waiting = loop.create_future()
                try:
                    if awaited is NOT_BEGUN:
                        await _begin(work, cancelled)
                    else:
                        await _resume(work, awaited, cancelled)
                except asyncio.CancelledError:
                    if self.task.cancelling():
                        raise  # stopped; otherwise the work gave up by itself
                except Exception:  # see EagerRunner.run
                    log.exception("gateway.work_failed")
                del work, awaited, cancelled
                if not self._pool._done(self):  # noqa: SLF001  (one class in two)
                    return
        finally:
            self._pool._gone(self)  # noqa: SLF001  (the same)


async def _begin(work: Work, cancelled: BaseException | None) -> None:
    if cancelled is not None:
        work.close()
        raise cancelled
    await work


@coroutine
def _resume(work: Work, awaited: Any, failure: BaseException | None) -> Generator[Any, Any, None]:
    """Goes on with a coroutine that was begun elsewhere and waits for `awaited`, or is told of a failure first."""
    while True:
        value = None
        if failure is None:
            try:
                value = yield awaited
            except BaseException as error:  # also a cancellation: the coroutine decides
                failure = error
        try:
            awaited = work.send(value) if failure is None else work.throw(failure)
        except StopIteration:
            return
        failure = None
