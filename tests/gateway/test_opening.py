"""Opening a conversation while something else happens to it: what the client believes and what it hears agree."""

import asyncio
import contextlib
from typing import Any

import pytest

from hub.errors import HubError
from hub.gateway.bus import CloseRoom, Disconnect
from hub.gateway.opening import enter
from hub.gateway.rooms import conversation_room, user_room
from hub.gateway.session import Session
from tests.flows.story import conversation
from tests.running import Person, RunningHub


class Opening:
    """A session that opens a conversation, whose snapshot is read when the test says so."""

    def __init__(self, hub: RunningHub, conversation_id: str, person: Person) -> None:
        self.hub, self.conversation_id, self.person = hub, conversation_id, person
        self.services = hub.hub.services
        self.session: Session = self.services.fanout.sessions(user_room(person.user_id))[0]
        self.room = conversation_room(conversation_id)
        self._may_read = asyncio.Event()
        self.opening = asyncio.create_task(self._open())

    async def _read(self) -> Any:
        await self._may_read.wait()
        return await self.services.sync.snapshot(self.session.user_id, self.conversation_id)

    async def _open(self) -> None:
        with contextlib.suppress(HubError):
            await enter(self.services, self.session, self.conversation_id, self._read)
            self.session.answered()

    async def begun(self) -> None:
        """Until the snapshot is about to be read."""
        async with asyncio.timeout(5):
            while self.room not in self.session.rooms:  # noqa: ASYNC110
                await asyncio.sleep(0)

    async def end(self) -> None:
        self._may_read.set()
        async with asyncio.timeout(5):
            await self.opening

    @property
    def agrees(self) -> bool:
        """Whether the session is in the room if, and only if, it has the conversation open."""
        return (self.room in self.session.rooms) == (self.conversation_id in self.session.opened)


@pytest.fixture
async def opening(edge: RunningHub) -> Opening:
    conversation_id = await conversation(edge, "fan")
    made = Opening(edge, conversation_id, await edge.connected("fan"))
    await made.begun()
    return made


async def test_what_is_said_meanwhile_comes_after_the_snapshot(opening: Opening) -> None:
    creator = await opening.hub.connected("creator", "creator")
    await creator.send(opening.conversation_id, "meanwhile")
    await opening.end()
    assert opening.agrees
    await creator.send(opening.conversation_id, "afterwards")
    heard = await opening.person.received("message.new")
    assert heard["message"]["body"] == "afterwards"  # the first was in the snapshot


async def test_whoever_is_evicted_meanwhile_is_out_or_in_but_knows_it(opening: Opening) -> None:
    opening.services.bus.command(opening.room, CloseRoom("event_over"))
    await opening.end()
    assert opening.agrees
    await opening.person.received("conversation.left")


async def test_whoever_is_disconnected_meanwhile_is_in_no_room(opening: Opening) -> None:
    opening.services.bus.command(user_room("fan"), Disconnect("disconnected"))
    await opening.person.received("disconnect")
    await opening.end()
    async with asyncio.timeout(5):
        while opening.services.fanout.rooms():  # noqa: ASYNC110  (its farewell takes a moment)
            await asyncio.sleep(0.01)
    assert opening.session.rooms == set()
