"""`python -m loadtests.peers.jobs DATABASE`: procrastinate with a job for each delivery, by order (see `steps`).

As its documentation advises: psycopg's asynchronous pool, jobs deferred in bulk, many at once in one worker, no
listening where the jobs are there before it. The job renders nothing and chooses nobody: it puts its id into an e-mail
that is ready in memory and posts it over pooled connections.
"""

import argparse
import asyncio
import logging

import aiohttp
import procrastinate
import uvloop
from procrastinate.types import JSONDict

from loadtests.steps import Orders, obey

CONCURRENCY = 200
"""With which it did best of 20, 100 and 200."""
POOL = 20
"""Connections, with which it did best of 10 and 20."""
DELETE_JOBS = "always"
"""So its table stays small, which made it faster than keeping what is done."""
AT_ONCE = 1_000
HEADERS = {"Authorization": "Bearer SG.of-a-double", "Content-Type": "application/json"}
ID = "{id}"


class Jobs:
    """The orders."""

    def __init__(self, app: procrastinate.App) -> None:
        self._app = app
        self._http: aiohttp.ClientSession | None = None
        self._url = ""
        self._before = self._after = ""
        self._email = app.task(name="email")(self._post)
        self._nothing = app.task(name="nothing")(_nothing)

    def orders(self) -> Orders:
        """By name."""
        return {"prepare": self._prepare, "defer": self._defer, "work": self._work}

    async def _prepare(self, url: str, body: str) -> int:
        """Where to post what; `{id}` in it stands for the notification."""
        await self._app.schema_manager.apply_schema_async()
        self._url = url
        self._before, _, self._after = body.partition(ID)
        return len(body)

    async def _defer(self, task: str, ids: list[str]) -> int:
        for begin in range(0, len(ids), AT_ONCE):
            some: list[JSONDict] = [{"notification_id": each} for each in ids[begin : begin + AT_ONCE]]
            await self._app.configure_task(task).batch_defer_async(*some)
        return len(ids)

    async def _work(self) -> int:
        """Until no job is left."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as self._http:
            await self._app.run_worker_async(
                concurrency=CONCURRENCY,
                wait=False,
                listen_notify=False,
                install_signal_handlers=False,
                delete_jobs=DELETE_JOBS,
            )
        return 0

    async def _post(self, notification_id: str) -> None:
        assert self._http is not None  # noqa: S101  (jobs run within `_work`)
        body = f"{self._before}{notification_id}{self._after}".encode()
        async with self._http.post(self._url, data=body, headers=HEADERS) as response:
            response.raise_for_status()
            await response.read()


async def _nothing(notification_id: str) -> None:
    """What is left is the queue's own work."""


async def main(database_url: str) -> None:
    """Obeys until stdin ends."""
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    connector = procrastinate.PsycopgConnector(conninfo=database_url, min_size=POOL, max_size=POOL)
    app = procrastinate.App(connector=connector)
    async with app.open_async():
        await obey(Jobs(app).orders())


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("database")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(parser.parse_args().database))
