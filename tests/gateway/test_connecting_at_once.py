"""Sessions that begin in a crowd, or end while they begin, leave nobody behind in a room or online."""

import asyncio
import json

from hub.gateway.presence import MemoryPresence
from tests.gateway.neighbours import Neighbours
from tests.rawsocket import RawPoller, RawSocket
from tests.running import RunningHub


async def test_several_connects_at_once_on_one_connection_are_one_session_at_most(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    token = edge.token("crowd", "fan")
    async with RawPoller(edge.base) as poller:
        poller.gone = True
        connect = "40" + json.dumps({"token": token})
        statuses = await asyncio.gather(*(poller.post(connect) for _ in range(5)))
        assert set(statuses) <= {200, 400}
    await _gone(edge, "crowd")
    await of.live_on()


async def test_a_socket_that_goes_away_while_it_connects_is_not_online(edge: RunningHub) -> None:
    of = await Neighbours(edge).begin()
    for _ in range(10):
        async with RawSocket(edge.base) as socket:
            await socket.say(
                "40" + json.dumps({"token": edge.token("hasty", "fan"), "resume": {of.conversation_id: 0}})
            )
    await _gone(edge, "hasty")
    await of.live_on()


async def _gone(hub: RunningHub, user_id: str) -> None:
    """Waits until no session of the person is left anywhere; fails when one stays."""
    services = hub.hub.services
    assert isinstance(services.presence, MemoryPresence)
    async with asyncio.timeout(15):
        while True:
            (state,) = await services.presence.states([user_id])
            inside = [
                room
                for room in services.fanout._rooms
                if any(s.user_id == user_id for s in services.fanout.sessions(room))
            ]
            if state.status == "offline" and not inside:
                return
            await asyncio.sleep(0.05)
