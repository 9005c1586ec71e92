"""Rooms that may have missed something are told so: each once, spread over a moment, large ones in portions."""

from itertools import pairwise

from hub.gateway.fanout import Fanout
from hub.gateway.resync import AT_ONCE, SOON_SECONDS, SPREAD_SECONDS, Resyncs
from tests.gateway.clockwork import later, on_clockwork
from tests.gateway.test_fanout import ROOM, Someone, people

QUESTION = '42["conversation.resync",{"conversation_id":"c"}]'
STEPS = 20


@on_clockwork
async def test_a_room_with_a_hole_is_told_once_and_soon() -> None:
    fanout = Fanout()
    resyncs = Resyncs(fanout)
    members = people(fanout, "a", "b")
    for _ in range(5):
        resyncs.room(ROOM)
    resyncs.rooms([ROOM, ROOM])
    assert [await each.heard() for each in members] == [[], []]
    await later(SOON_SECONDS)
    assert [await each.heard() for each in members] == [[QUESTION], [QUESTION]]
    await later(10 * SPREAD_SECONDS)
    assert [await each.heard() for each in members] == [[QUESTION], [QUESTION]]


@on_clockwork
async def test_a_room_with_another_hole_afterwards_is_told_again() -> None:
    fanout = Fanout()
    resyncs = Resyncs(fanout)
    (one,) = people(fanout, "a")
    for count in (1, 2):
        resyncs.room(ROOM)
        await later(SOON_SECONDS)
        assert await one.heard() == [QUESTION] * count


@on_clockwork
async def test_many_rooms_are_told_each_at_its_own_moment() -> None:
    fanout = Fanout()
    rooms = [f"conversation:{n}" for n in range(200)]
    members = [people(fanout, f"m{room}", room=room)[0] for room in rooms]
    Resyncs(fanout).rooms(rooms)
    told = [0]
    for _ in range(STEPS):
        await later(SPREAD_SECONDS / STEPS)
        told.append(sum(bool(each.desk.reader.texts) for each in members))
    assert told[-1] == len(rooms)
    steps = [after - before for before, after in pairwise(told)]
    assert max(steps) < 60  # ten are due in each


@on_clockwork
async def test_a_large_room_is_told_in_portions() -> None:
    fanout = Fanout()
    members = people(fanout, *(f"m{n}" for n in range(20 * AT_ONCE)))
    Resyncs(fanout).room(ROOM)
    told = [0]
    for _ in range(2 * STEPS):
        await later((SOON_SECONDS + SPREAD_SECONDS) / STEPS)
        told.append(sum(bool(each.desk.reader.texts) for each in members))
    steps = [after - before for before, after in pairwise(told)]
    assert told[-1] == len(members)
    assert max(steps) < len(members) // 2
    assert all(step % AT_ONCE == 0 for step in steps)
    assert {len(each.desk.reader.texts) for each in members} == {1}


@on_clockwork
async def test_a_person_is_told_that_anything_may_be_new_and_other_rooms_are_told_nothing() -> None:
    fanout = Fanout()
    (of_user,) = people(fanout, "u", room="user:u")
    (watcher,) = people(fanout, "w", room="presence:u")
    Resyncs(fanout).rooms(["user:u", "presence:u", "conversation:nobody"])
    await later(SPREAD_SECONDS)
    assert await of_user.heard() == ['42["conversation.resync",{}]']
    assert await watcher.heard() == []


@on_clockwork
async def test_who_is_gone_by_then_is_told_nothing() -> None:
    fanout = Fanout()
    resyncs = Resyncs(fanout)
    members = people(fanout, *(f"m{n}" for n in range(3 * AT_ONCE)))
    resyncs.room(ROOM)
    await later(SOON_SECONDS)
    told = [each for each in members if each.desk.reader.texts]
    assert len(told) >= AT_ONCE
    for each in members:
        each.ended = True
        fanout.leave_all(each)
    await later(SPREAD_SECONDS)
    assert [each for each in members if each.desk.reader.texts] == told

    newcomer = Someone(fanout, "new")
    resyncs.room(ROOM)  # nobody is in it
    fanout.join(newcomer, ROOM)
    await later(SPREAD_SECONDS)
    assert await newcomer.heard() == []


@on_clockwork
async def test_who_is_told_that_anything_may_be_new_is_not_told_of_each_conversation() -> None:
    fanout = Fanout()
    (one,) = people(fanout, "one")
    fanout.join(one, "user:one")
    for _ in range(20):
        Resyncs(fanout).rooms(["user:one", ROOM])
        await later(2 * SPREAD_SECONDS)
        assert (await one.heard()).count(QUESTION) == 0
        assert len(one.desk.reader.texts) == 1
        one.desk.reader.writes.clear()


@on_clockwork
async def test_what_is_lost_after_a_person_has_asked_for_everything_is_told() -> None:
    """The link to the other nodes comes and goes: the second break must not hide behind the first."""
    fanout = Fanout()
    resyncs = Resyncs(fanout)
    (one,) = people(fanout, "one")
    fanout.join(one, "user:one")
    resyncs.rooms(["user:one", ROOM])
    while not await one.heard():
        await later(SPREAD_SECONDS / STEPS)
    one.desk.reader.writes.clear()

    await later(SPREAD_SECONDS / STEPS)  # it has asked, and got what was there
    resyncs.rooms([ROOM])
    await later(SPREAD_SECONDS)

    assert await one.heard() == [QUESTION]


@on_clockwork
async def test_a_second_loss_while_the_first_is_still_to_be_told_does_not_hide_behind_it() -> None:
    tried = 0
    while tried < 5:
        fanout = Fanout()
        resyncs = Resyncs(fanout)
        (one,) = people(fanout, "one")
        fanout.join(one, "user:one")
        resyncs.rooms(["user:one", ROOM])
        while not await one.heard():
            await later(SPREAD_SECONDS / STEPS)
        if ROOM not in resyncs._planned:
            continue  # chance has told of the conversation first
        tried += 1
        await later(0.001)
        if ROOM in resyncs._planned:
            resyncs.room(ROOM)
            await later(SPREAD_SECONDS)
            assert QUESTION in await one.heard()
