"""A node keeps an eye on the rooms that somebody of it is in, and on no others, although it publishes for many."""

import gc

from hub.bootstrap import bootstrap
from hub.gateway.sequence import PATIENCE_SECONDS, _Log, gaps
from tests.conftest import make_settings
from tests.gateway.clockwork import entry, later, on_clockwork
from tests.gateway.test_fanout import ROOM, people

NOWHERE = "sqlite+aiosqlite:///never-opened.db"
"""Nothing here asks a database."""


def logs() -> int:
    """Of how many rooms is remembered what was passed on."""
    gc.collect()
    return sum(isinstance(each, _Log) for each in gc.get_objects())


@on_clockwork
async def test_what_is_published_for_rooms_that_nobody_here_is_in_leaves_nothing_behind() -> None:
    services = bootstrap(make_settings(NOWHERE)).services
    before = logs()
    for n in range(1_000):
        services.bus.publish(f"conversation:{n}", entry(1))
    assert logs() == before


@on_clockwork
async def test_what_came_while_nobody_here_was_in_a_room_is_not_missed_afterwards() -> None:
    """Messages over HTTP at this node, then some at another, which this one did not hear; then somebody opens."""
    services = bootstrap(make_settings(NOWHERE)).services
    fanout, holes = services.fanout, gaps._value.get()
    for rev in (1, 2):
        services.bus.publish(ROOM, entry(rev))
    (one,) = people(fanout, "one")
    fanout.hold(one, ROOM)
    fanout.release(one, ROOM, after_rev=5)
    services.bus.publish(ROOM, entry(6))
    assert await one.heard() == ["c6"]
    await later(2 * PATIENCE_SECONDS)
    assert gaps._value.get() == holes


@on_clockwork
async def test_a_room_that_everybody_has_left_is_forgotten() -> None:
    services = bootstrap(make_settings(NOWHERE)).services
    before, holes = logs(), gaps._value.get()
    (one,) = people(services.fanout, "one")
    services.bus.publish(ROOM, entry(1))
    services.bus.publish(ROOM, entry(3))
    assert logs() == before + 1
    services.fanout.leave_all(one)
    await later(2 * PATIENCE_SECONDS)
    assert (logs(), gaps._value.get()) == (before, holes)
