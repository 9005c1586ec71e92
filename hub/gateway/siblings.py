"""Gateway processes of one machine that share a port: whoever gets a request of another's session passes it on.

The kernel spreads connections over the processes, so a long-polling session's next request may reach any of them. A
session's id begins with its process's number. A polling request is forwarded over a Unix socket; the socket of a
WebSocket that takes a session over is handed to the session's process, file descriptor and all, and costs nothing more.
So stock clients need no sticky sessions here.
"""

from __future__ import annotations

import array
import asyncio
import contextlib
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import msgspec
import structlog
from aiohttp import hdrs, web
from aiohttp.web import Request, Response, StreamResponse
from msgspec import Struct

from hub.gateway.transport import HandedOver, detach

log = structlog.get_logger()

SEPARATOR = "."
"""Between a process's number and the rest of a session's id."""
MOST_LETTER = 8_192
"""Bytes of a letter that goes with a socket."""
POLL_SECONDS = 60.0
"""A forwarded poll is answered within this: the session's ping comes before it."""
ADDED = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")
"""Headers that aiohttp's client would add: a client that takes no compressed answers must not be given one."""
HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "content-length", "host"})


class Letter(Struct, frozen=True):
    """What goes with a handed-over socket."""

    sid: str
    key: str
    """Sec-WebSocket-Key."""
    tail: bytes
    """What the client sent after the handshake."""


Adopt = Callable[[Letter, socket.socket], Awaitable[None]]


class Siblings:
    """This process among those that share its port."""

    def __init__(self, folder: Path, number: int) -> None:
        self._folder = folder
        self.number = number
        self._letters: socket.socket | None = None
        self._sessions: dict[int, aiohttp.ClientSession] = {}
        self.adopt: Adopt | None = None
        """Takes over a WebSocket; set by the engine."""
        self._adopting: set[asyncio.Task[None]] = set()

    def mark(self, sid: str) -> str:
        """A session's id that says whose it is."""
        return f"{self.number}{SEPARATOR}{sid}"

    def owner(self, sid: str) -> int | None:
        """The other process whose session it is; None when it is ours, or nobody's."""
        number = sid.partition(SEPARATOR)[0]
        if SEPARATOR not in sid or not number.isascii() or not number.isdigit() or int(number) == self.number:
            return None
        return int(number) if self.http_path(int(number)).exists() else None

    def http_path(self, number: int) -> Path:
        """Where a process answers its siblings."""
        return self._folder / f"{number}.http"

    def _letters_path(self, number: int) -> Path:
        return self._folder / f"{number}.letters"

    async def start(self, runner: web.AppRunner) -> None:
        """Listens for what siblings pass on."""
        await web.UnixSite(runner, self.http_path(self.number)).start()
        letters = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        letters.setblocking(False)
        path = self._letters_path(self.number)
        path.unlink(missing_ok=True)  # of a process that was killed
        letters.bind(str(path))
        self._letters = letters
        asyncio.get_running_loop().add_reader(letters, self._take_letters)

    async def stop(self) -> None:
        """Listens no more."""
        if self._letters is not None:
            asyncio.get_running_loop().remove_reader(self._letters)
            self._letters.close()
            self._letters = None
        for path in (self._letters_path(self.number), self.http_path(self.number)):
            path.unlink(missing_ok=True)
        for session in self._sessions.values():
            await session.close()

    # --- passing on -------------------------------------------------------------------------------------------------

    async def forward(self, request: Request, number: int) -> StreamResponse:
        """Asks the session's process, and answers what it answers."""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        body = await request.read()
        try:
            async with self._session(number).request(
                request.method, f"http://sibling{request.raw_path}", headers=headers, data=body, allow_redirects=False
            ) as answer:
                kept = {name: value for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP}
                return Response(status=answer.status, headers=kept, body=await answer.read())
        except (aiohttp.ClientError, OSError, TimeoutError):  # it has just ended: the client begins anew
            log.info("siblings.gone", number=number)
            return web.json_response({"code": 1, "message": "Session ID unknown"}, status=400)

    def _session(self, number: int) -> aiohttp.ClientSession:
        session = self._sessions.get(number)
        if session is None:
            connector = aiohttp.UnixConnector(str(self.http_path(number)), limit=0)
            timeout = aiohttp.ClientTimeout(total=POLL_SECONDS)
            session = aiohttp.ClientSession(
                connector=connector,
                timeout=timeout,
                auto_decompress=False,
                skip_auto_headers=ADDED,
            )
            self._sessions[number] = session
        return session

    def hand_over(self, request: Request, sid: str, number: int) -> StreamResponse:
        """Gives the request's socket to the session's process."""
        transport = request.transport
        if transport is None:
            raise ConnectionResetError
        copy = os.dup(transport.get_extra_info("socket").fileno())
        try:
            tail = detach(request)
            letter = Letter(sid, request.headers[hdrs.SEC_WEBSOCKET_KEY], tail)
            self._send(number, msgspec.msgpack.encode(letter), copy)
        except OSError as error:  # it has just ended; so does the WebSocket
            log.info("siblings.gone", number=number, reason=str(error))
        finally:
            os.close(copy)
            transport.abort()
        return HandedOver(status=101)

    def _send(self, number: int, letter: bytes, descriptor: int) -> None:
        if self._letters is None:
            raise OSError("not listening")
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [descriptor]))]
        self._letters.sendmsg([letter], ancillary, 0, str(self._letters_path(number)))

    def _take_letters(self) -> None:
        while self._letters is not None:
            try:
                data, descriptors, _flags, _address = socket.recv_fds(self._letters, MOST_LETTER, 1)
            except BlockingIOError:
                return
            for descriptor in descriptors:
                self._take(data, socket.socket(fileno=descriptor))

    def _take(self, data: bytes, arrived: socket.socket) -> None:
        try:
            letter = msgspec.msgpack.decode(data, type=Letter)
        except msgspec.MsgspecError:
            arrived.close()
            return
        if self.adopt is not None:
            task = asyncio.get_running_loop().create_task(self._adopted(self.adopt, letter, arrived))
            self._adopting.add(task)
            task.add_done_callback(self._adopting.discard)

    @staticmethod
    async def _adopted(adopt: Adopt, letter: Letter, arrived: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client has gone meanwhile
            await adopt(letter, arrived)
