"""A small reference client: keeps one conversation by seq and rev, holds gaps, syncs, and resends its outbox."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any
from uuid import uuid4

import socketio

from tests.model.history import History, State, apply_change, apply_receipt, empty, of_snapshot
from tests.running import PATIENCE

MESSAGE_EVENTS = ("message.new", "message.updated", "message.deleted")


class Client:
    """One device of one person with one conversation."""

    def __init__(self, base: str, token: str, user_id: str, conversation_id: str) -> None:
        self.base, self.token, self.user_id, self.conversation_id = base, token, user_id, conversation_id
        self.state: State = empty()
        self.history = History()
        self.outbox: dict[str, str] = {}
        """client_message_id -> body of what was not acknowledged yet."""
        self.acked: dict[str, int] = {}
        """client_message_id -> number of what was."""
        self.refused: dict[str, str] = {}
        self.lose = 0
        """So many live entries of the log will get lost on the way to this client."""
        self.lost = False
        """Whether any did: then it asks before it believes that it has everything."""
        self._held: dict[int, dict[str, Any]] = {}
        self._opened = False
        self._ready, self._gone = asyncio.Event(), asyncio.Event()
        self._socket: socketio.AsyncClient | None = None
        self._changed = asyncio.Condition()
        self._connecting, self._one_at_a_time = asyncio.Lock(), asyncio.Lock()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._syncing: asyncio.Task[None] | None = None

    # --- connection ---

    @property
    def connected(self) -> bool:
        return self._socket is not None and bool(self._socket.connected)

    async def connect(self) -> None:
        """Connects, resumes where it stood, takes the present marks from the list, and sends what is in the outbox."""
        async with self._connecting:
            if not self.connected:
                await self._connect()

    async def _connect(self) -> None:
        socket = self._socket = socketio.AsyncClient(reconnection=False)
        self._ready.clear()
        socket.on("*", self._hear)
        gone = self._gone = asyncio.Event()
        socket.on("disconnect", lambda *_: self._lost(gone))
        resume = {self.conversation_id: self.state["rev"]} if self._opened else {}
        auth = {"token": self.token, "resume": resume}
        await socket.connect(self.base, auth=auth, transports=["websocket"])
        async with asyncio.timeout(PATIENCE):
            await self._ready.wait()
        if not self._opened:
            await self.open()
        await self.refresh()
        await self.flush()

    def _lost(self, gone: asyncio.Event) -> None:
        gone.set()
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(ConnectionError())

    async def disconnect(self) -> None:
        async with self._connecting:
            if self._socket is not None:
                await self._socket.disconnect()

    async def abort(self) -> None:
        """The network goes away: no closing handshake, and what was on its way is lost."""
        async with self._connecting:
            if self._socket is not None and self._socket.connected:
                self._socket.eio.ws._response.connection.transport.abort()
                async with asyncio.timeout(PATIENCE):
                    await self._gone.wait()

    async def close(self) -> None:
        await self.disconnect()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def ask(self, event: str, **payload: Any) -> Any:
        """The whole answer; ConnectionError when the connection ends before it comes."""
        if not self.connected or self._socket is None:
            raise ConnectionError
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)

        def take(data: Any) -> None:
            if not answer.done():
                answer.set_result(data)

        try:
            async with asyncio.timeout(PATIENCE):
                await self._socket.emit(event, payload, callback=take)
                return await answer
        except socketio.exceptions.BadNamespaceError:
            raise ConnectionError from None
        finally:
            self._waiting.discard(answer)

    # --- what it does ---

    async def open(self) -> None:
        answer = await self.ask("conversation.open", conversation_id=self.conversation_id)
        assert answer["success"], answer
        self._opened = True
        await self._take_snapshot(answer["data"])

    async def refresh(self) -> None:
        """Marks are no entries of the log: after an absence they, and the unread count, come from the list."""
        listed = (await self.ask("conversation.list", limit=100))["data"]["conversations"]
        mine = next(each for each in listed if each["id"] == self.conversation_id)
        for member in mine["members"]:
            await self._receipt(member)
        await self._unread(mine["unread"])
        if mine["head"]["rev"] > self.state["rev"]:
            await self.sync()

    async def send(self, body: str, *, wait: bool = True) -> str:
        """The id of the message; with `wait` it was sent and answered, unless the connection ended."""
        client_message_id = str(uuid4())
        self.outbox[client_message_id] = body
        if wait:
            await self._send_one(client_message_id)
        elif self._socket is not None and self.connected:
            await self._socket.emit("message.send", self._wish(client_message_id))
        return client_message_id

    async def flush(self) -> None:
        """Sends again, with the same ids, what was not acknowledged."""
        for client_message_id in list(self.outbox):
            await self._send_one(client_message_id)

    async def _send_one(self, client_message_id: str) -> None:
        try:
            answer = await self.ask("message.send", **self._wish(client_message_id))
        except ConnectionError:
            return
        if answer["success"]:
            self.outbox.pop(client_message_id, None)
            self.acked[client_message_id] = answer["data"]["message"]["seq"]
        elif not answer["error"]["retryable"]:
            self.outbox.pop(client_message_id, None)
            self.refused[client_message_id] = answer["error"]["code"]

    def _wish(self, client_message_id: str) -> dict[str, str]:
        return {
            "conversation_id": self.conversation_id,
            "client_message_id": client_message_id,
            "body": self.outbox[client_message_id],
        }

    async def mark(self, what: str, seq: int) -> None:
        answer = await self.ask(f"message.{what}", conversation_id=self.conversation_id, seq=seq)
        if answer["success"]:
            await self._receipt({"user_id": self.user_id, **answer["data"]})
            await self._unread(answer["data"]["unread"])

    async def change(self, event: str, seq: int, **payload: Any) -> Any:
        """Edit, delete or react; the change itself arrives as an event, in its place of the log."""
        return await self.ask(event, conversation_id=self.conversation_id, seq=seq, **payload)

    async def sync(self) -> None:
        """Asks for all that it does not hold, page by page."""
        async with self._one_at_a_time:
            await self._sync()

    async def _sync(self) -> None:
        more = True
        while more:
            cursor = {"conversation_id": self.conversation_id, "rev": self.state["rev"]}
            answer = await self.ask("conversation.sync", cursors=[cursor])
            if not answer["success"]:
                assert answer["error"]["retryable"], answer
                return
            (result,) = answer["data"]["results"]
            if result["reset"]:
                await self._take_snapshot(result["snapshot"])
            for change in result["changes"]:
                await self._change(change)
            more = result["more"]

    # --- what it hears ---

    async def until(self, true: Callable[[], bool]) -> None:
        """Waits until something that it heard makes `true` so."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(true)

    async def _hear(self, event: str, payload: Any = None) -> None:
        if event == "session.ready":
            await self._unread(payload["unread"]["conversations"].get(self.conversation_id, 0))
            self._ready.set()
            return
        if payload is None or payload.get("conversation_id") != self.conversation_id:
            return
        if event in MESSAGE_EVENTS or "conversation" in payload:
            if self.lose:
                self.lose -= 1
                self.lost = True
                return
            await self._change({"type": event, **payload})
        elif event == "conversation.updated":
            await self._unread(payload["unread"])
            if payload["rev"] > self.state["rev"]:
                self._sync_soon()
        elif event == "receipt.updated":
            await self._receipt(payload)
        elif event == "conversation.resync":
            self._sync_soon()

    async def _take_snapshot(self, snapshot: dict[str, Any]) -> None:
        """Replaces everything; older messages than it holds are fetched, so that all of it can be compared."""
        messages = list(snapshot["messages"])
        while messages and messages[0]["seq"] > 1:
            page = await self.ask(
                "conversation.history", conversation_id=self.conversation_id, before_seq=messages[0]["seq"], limit=100
            )
            messages = page["data"]["messages"] + messages
        whole = {**snapshot, "messages": messages}
        overtaken = self.state["rev"] > whole["head"]["rev"]
        self.state = of_snapshot(whole)
        self.history.add("snapshot", whole)
        await self._drain()
        if overtaken:
            self._sync_soon()

    async def _change(self, change: dict[str, Any]) -> None:
        if change["rev"] > self.state["rev"]:
            self._held[change["rev"]] = change
        await self._drain()
        if self._held:
            self._sync_soon()

    async def _drain(self) -> None:
        while (change := self._held.pop(self.state["rev"] + 1, None)) is not None:
            apply_change(self.state, change)
            self.history.add("change", change)
        self._held = {rev: change for rev, change in self._held.items() if rev > self.state["rev"]}
        await self._tell()

    async def _receipt(self, receipt: dict[str, Any]) -> None:
        apply_receipt(self.state, receipt["user_id"], receipt["delivered_seq"], receipt["read_seq"])
        self.history.add("receipt", receipt)
        await self._tell()

    async def _unread(self, count: int) -> None:
        self.state["unread"] = count
        self.history.add("unread", count)
        await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _sync_soon(self) -> None:
        if self._syncing is None or self._syncing.done():
            self._syncing = self._spawn(self._sync_quietly())

    async def _sync_quietly(self) -> None:
        try:
            await self.sync()
            while self._held and self.connected:
                await self.sync()
        except ConnectionError:
            return  # the next connection resumes

    def _spawn(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
