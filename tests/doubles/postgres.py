"""A wire between the hub and PostgreSQL that can be cut after a COMMIT went through, before its answer is back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

CHUNK = 65_536


class CuttableWire:
    """Passes bytes on in both directions; `cut_next_commit` loses the answer to the COMMIT of the next new message."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._armed = False
        self._silent = False
        self._pipes: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self.cuts = 0

    def cut_next_commit(self) -> None:
        self._armed = True

    def fall_silent(self) -> None:
        """From now on nothing passes, and nobody is told."""
        self._silent = True

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection(self._host, self._port)
        ours = asyncio.create_task(self._requests(reader, server_writer, writer, server_reader))
        theirs = asyncio.create_task(_pass_on(server_reader, writer))
        self._pipes |= {ours, theirs}
        self._writers |= {writer, server_writer}
        ours.add_done_callback(lambda _task: theirs.cancel())

    async def _requests(
        self,
        reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
    ) -> None:
        stores = False
        while data := await reader.read(CHUNK):
            if self._silent:
                continue
            stores = stores or b"INSERT INTO message" in data
            if self._armed and stores and b"COMMIT" in data:
                self._armed = False
                self.cuts += 1
                client.transport.abort()  # from here on no answer reaches the hub
                server.write(data)
                await server.drain()
                await asyncio.wait_for(_until_done(answers), 5)
                break
            server.write(data)
            await server.drain()
        server.close()

    async def close(self) -> None:
        for pipe in self._pipes:
            pipe.cancel()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._pipes, return_exceptions=True)


async def _until_done(answers: asyncio.StreamReader) -> None:
    """PostgreSQL has said something, or the other pipe has read it: either way the COMMIT was carried out."""
    try:
        await asyncio.wait_for(answers.read(1), 0.5)
    except (TimeoutError, RuntimeError):
        return


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(CHUNK):
        if writer.transport.is_closing():
            return
        writer.write(data)
        await writer.drain()
    writer.close()


@asynccontextmanager
async def cuttable(database_url: str) -> AsyncIterator[tuple[CuttableWire, str]]:
    """The wire, and the URL of the same database through it."""
    parts = urlsplit(database_url)
    wire = CuttableWire(parts.hostname or "127.0.0.1", parts.port or 5432)
    server = await asyncio.start_server(wire.connected, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield wire, database_url.replace(f":{parts.port}/", f":{port}/")
    finally:
        server.close()
        await wire.close()
