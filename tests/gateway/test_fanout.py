"""Rooms of one process: who is in them, who gets what, and how those who are catching up get everything once."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gateway.fanout import LATE_SECONDS, Fanout, Room
from hub.gateway.frames import Frame
from hub.gateway.sequence import PATIENCE_SECONDS, Sequencer
from tests.gateway.clockwork import Desk, entry, later, on_clockwork, say, turn

ROOM = "conversation:c"
OTHER = "conversation:d"


class Someone:
    """A member of rooms, who reads everything."""

    def __init__(self, fanout: Fanout, name: str, user_id: str = "") -> None:
        self.id = name
        self.user_id = user_id or name
        self.rooms: set[Room] = set()
        self.ended = False
        self.desk = Desk(flusher=fanout.flusher)
        self.outbox = self.desk.outbox

    async def heard(self) -> list[str]:
        """All that came, by now."""
        await turn()
        return self.desk.reader.texts


def people(fanout: Fanout, *names: str, room: Room = ROOM) -> list[Someone]:
    """New members of the room."""
    made = [Someone(fanout, name) for name in names]
    for someone in made:
        fanout.join(someone, room)
    return made


@on_clockwork
async def test_a_frame_reaches_everybody_in_the_room_and_nobody_else() -> None:
    fanout = Fanout()
    inside = people(fanout, "a", "b")
    (outside,) = people(fanout, "c", room=OTHER)
    fanout.deliver(ROOM, say("hello"))
    fanout.deliver("conversation:nobody", say("lost"))
    for someone in inside:
        assert await someone.heard() == ["hello"]
    assert await outside.heard() == []


@on_clockwork
async def test_who_joins_twice_hears_once_and_leaves_at_once() -> None:
    fanout = Fanout()
    (one,) = people(fanout, "a")
    fanout.join(one, ROOM)
    fanout.deliver(ROOM, say("once"))
    assert await one.heard() == ["once"]
    fanout.leave(one, ROOM)
    fanout.leave(one, ROOM)
    fanout.deliver(ROOM, say("after"))
    assert await one.heard() == ["once"]
    assert not fanout.has(ROOM)
    assert one.rooms == set()


@on_clockwork
async def test_who_has_ended_stays_outside() -> None:
    fanout = Fanout()
    late = Someone(fanout, "late")
    late.ended = True
    fanout.join(late, ROOM)
    assert (fanout.count(ROOM), late.rooms) == (0, set())


@on_clockwork
async def test_leaving_all_rooms_leaves_the_others_in_them() -> None:
    fanout = Fanout()
    goes, stays = people(fanout, "goes", "stays")
    fanout.join(goes, OTHER)
    fanout.hold(goes, OTHER)
    fanout.leave_all(goes)
    fanout.deliver(ROOM, say("hello"))
    assert await goes.heard() == []
    assert await stays.heard() == ["hello"]
    assert fanout.rooms() == [ROOM]
    assert goes.rooms == set()


@on_clockwork
async def test_a_closed_room_is_empty_and_its_people_stay_in_their_other_rooms() -> None:
    fanout = Fanout()
    one, two = people(fanout, "a", "b")
    fanout.join(one, OTHER)
    fanout.hold(two, ROOM)
    fanout.close(ROOM)
    fanout.close(ROOM)
    fanout.deliver(ROOM, say("nobody hears"))
    fanout.deliver(OTHER, say("other"))
    fanout.release(two, ROOM, after_rev=0)  # what was under way comes to nothing
    assert await one.heard() == ["other"]
    assert await two.heard() == []
    assert fanout.rooms() == [OTHER]


@on_clockwork
async def test_the_first_and_the_last_member_are_told_of() -> None:
    fanout = Fanout()
    told: list[tuple[str, Room]] = []
    fanout.on_first = lambda room: told.append(("first", room))
    fanout.on_last = lambda room: told.append(("last", room))
    one, two = people(fanout, "a", "b")
    fanout.join(one, OTHER)
    assert told == [("first", ROOM), ("first", OTHER)]
    del told[:]
    fanout.leave(one, ROOM)
    assert told == []
    fanout.leave(two, ROOM)
    fanout.leave_all(one)
    assert told == [("last", ROOM), ("last", OTHER)]
    fanout.join(two, ROOM)
    assert told[2:] == [("first", ROOM)]
    fanout.close(ROOM)
    assert told[3:] == [("last", ROOM)]


@on_clockwork
async def test_a_persons_own_sockets_are_left_out() -> None:
    fanout = Fanout()
    phone, laptop = Someone(fanout, "phone", "fan"), Someone(fanout, "laptop", "fan")
    other, held = Someone(fanout, "other", "creator"), Someone(fanout, "held", "fan")
    for someone in (phone, laptop, other, held):
        fanout.join(someone, ROOM)
    fanout.hold(held, ROOM)
    fanout.deliver(ROOM, say("typing", skip_user="fan"))
    fanout.release(held, ROOM, after_rev=0)
    assert [await each.heard() for each in (phone, laptop, other, held)] == [[], [], ["typing"], []]


@on_clockwork
async def test_somebody_who_leaves_while_frames_are_delivered_gets_what_was_before() -> None:
    fanout = Fanout()
    one, two = people(fanout, "a", "b")
    for member in fanout.members(ROOM):
        fanout.leave(member, ROOM)  # the list is a copy
    assert fanout.count(ROOM) == 0
    fanout.join(one, ROOM)
    fanout.deliver(ROOM, say("before"))
    fanout.leave(one, ROOM)
    fanout.deliver(ROOM, say("after"))
    assert await one.heard() == ["before"]
    assert await two.heard() == []


@on_clockwork
async def test_a_member_with_another_outbox_is_reached_there() -> None:
    fanout = Fanout()
    (one,) = people(fanout, "a")
    old, new = one.desk, Desk(flusher=fanout.flusher)
    one.outbox = new.outbox
    fanout.moved(one)
    fanout.deliver(ROOM, say("hello"))
    await turn()
    assert (old.reader.texts, new.reader.texts) == ([], ["hello"])


# --- catching up ----------------------------------------------------------------------------------------------------


@on_clockwork
async def test_what_comes_while_somebody_catches_up_comes_afterwards_but_for_what_the_snapshot_held() -> None:
    fanout = Fanout()
    (new,) = people(fanout, "new")
    fanout.hold(new, ROOM)
    for rev in range(3, 7):
        fanout.deliver(ROOM, entry(rev))
    fanout.deliver(ROOM, say("receipt"))
    assert await new.heard() == []
    new.outbox.push(say("snapshot up to 4"))
    fanout.release(new, ROOM, after_rev=4)
    fanout.deliver(ROOM, entry(7))
    assert await new.heard() == ["snapshot up to 4", "c5", "c6", "receipt", "c7"]


@on_clockwork
async def test_when_nobody_knows_how_far_a_member_is_it_gets_everything() -> None:
    fanout = Fanout()
    caught_up: list[tuple[Room, int]] = []
    fanout.on_caught_up = lambda room, rev: caught_up.append((room, rev))
    (new,) = people(fanout, "new")
    fanout.hold(new, ROOM)
    fanout.deliver(ROOM, entry(1))
    fanout.release(new, ROOM, after_rev=None)
    fanout.deliver(ROOM, entry(2))
    assert await new.heard() == ["c1", "c2"]
    assert caught_up == []
    fanout.hold(new, ROOM)
    fanout.release(new, ROOM, after_rev=2)
    assert caught_up == [(ROOM, 2)]


@on_clockwork
async def test_entries_of_a_snapshot_are_not_told_again_when_they_arrive_late() -> None:
    """Committed before the snapshot was read, published after it was answered."""
    fanout = Fanout()
    new, old = people(fanout, "new", "old")
    fanout.hold(new, ROOM)
    fanout.release(new, ROOM, after_rev=2)
    for rev in range(1, 4):
        fanout.deliver(ROOM, entry(rev))
        await turn()
    assert await new.heard() == ["c3"]
    assert await old.heard() == ["c1", "c2", "c3"]


@on_clockwork
async def test_entries_of_a_snapshot_are_not_told_again_when_later_ones_have_overtaken_them() -> None:
    fanout = Fanout()
    new, old = people(fanout, "new", "old")
    fanout.hold(new, ROOM)
    fanout.release(new, ROOM, after_rev=2)
    for rev in (1, 3, 2):  # 2 was a hole that filled late
        fanout.deliver(ROOM, entry(rev))
    assert await old.heard() == ["c1", "c3", "c2"]
    assert await new.heard() == ["c3"]


@on_clockwork
async def test_who_left_and_came_back_is_told_by_its_new_snapshot_alone() -> None:
    fanout = Fanout()
    new, _old = people(fanout, "new", "old")
    fanout.hold(new, ROOM)
    fanout.release(new, ROOM, after_rev=100)
    fanout.leave(new, ROOM)
    fanout.join(new, ROOM)
    fanout.hold(new, ROOM)
    fanout.release(new, ROOM, after_rev=1)
    fanout.deliver(ROOM, entry(2))
    assert await new.heard() == ["c2"]


@on_clockwork
async def test_how_far_members_were_is_remembered_for_seconds_only() -> None:
    fanout = Fanout()
    for n in range(50):
        (new,) = people(fanout, f"new{n}")
        fanout.hold(new, ROOM)
        fanout.release(new, ROOM, after_rev=n)
        await later(LATE_SECONDS / 5)
    assert len(fanout._remembered) <= 7
    assert len(fanout._rooms[ROOM].after) <= 7


@on_clockwork
async def test_entries_that_overtook_each_other_while_the_first_member_caught_up_come_in_order() -> None:
    """Nobody was in the room before, so its node cannot know where the log is until the snapshot is there."""
    told: list[str] = []
    fanout, sequencer = _node(told)
    (new,) = people(fanout, "new")
    fanout.hold(new, ROOM)
    for rev in (4, 6, 5):
        sequencer.take(ROOM, entry(rev))
    await later(2 * PATIENCE_SECONDS)
    fanout.release(new, ROOM, after_rev=4)
    sequencer.take(ROOM, entry(7))
    assert await new.heard() == ["c5", "c6", "c7"]
    assert told == []


@on_clockwork
async def test_entries_that_overtook_each_other_as_the_very_first_while_catching_up_come_in_order() -> None:
    told: list[str] = []
    fanout, sequencer = _node(told)
    (new,) = people(fanout, "new")
    fanout.hold(new, ROOM)
    for rev in (6, 5):
        sequencer.take(ROOM, entry(rev))
    fanout.release(new, ROOM, after_rev=4)
    sequencer.take(ROOM, entry(7))
    assert await new.heard() == ["c5", "c6", "c7"]


@on_clockwork
async def test_what_was_lost_between_a_snapshot_and_the_first_entry_is_told() -> None:
    told: list[str] = []
    fanout, sequencer = _node(told)
    (new,) = people(fanout, "new")
    fanout.hold(new, ROOM)
    sequencer.take(ROOM, entry(6))  # 5 was lost on the way
    fanout.release(new, ROOM, after_rev=4)
    await later(2 * PATIENCE_SECONDS)
    assert await new.heard() == ["c6"]
    assert told == [ROOM]


@pytest.mark.parametrize("when", ["while the other is held", "afterwards"])
@on_clockwork
async def test_two_who_open_an_empty_room_at_once_each_get_what_their_snapshot_lacks(when: str) -> None:
    """The second reads a newer snapshot and is answered first; what lies between is published only then."""
    fanout, sequencer = _node([])
    slow, quick = people(fanout, "slow", "quick")
    fanout.hold(slow, ROOM)
    fanout.hold(quick, ROOM)
    fanout.release(quick, ROOM, after_rev=9)
    if when == "afterwards":
        fanout.release(slow, ROOM, after_rev=7)
    for rev in (7, 8, 9):
        sequencer.take(ROOM, entry(rev))
    if when != "afterwards":
        fanout.release(slow, ROOM, after_rev=7)
    assert await slow.heard() == ["c8", "c9"]
    assert await quick.heard() == []
    sequencer.take(ROOM, entry(10))
    assert await slow.heard() == ["c8", "c9", "c10"]
    assert await quick.heard() == ["c10"]


def _node(told: list[str]) -> tuple[Fanout, Sequencer]:
    """Rooms behind a sequencer, as on a gateway."""
    fanout = Fanout()
    sequencer = Sequencer(fanout.deliver, told.append)
    fanout.on_caught_up = lambda room, rev: sequencer.known(str(room), rev)
    fanout.on_last = lambda room: sequencer.forget(str(room))
    return fanout, sequencer


STEPS = st.lists(
    st.one_of(st.sampled_from(["commit", "commit", "hold", "release", "leave"]), st.integers(0, 4)), max_size=60
)
"""What happens to one conversation; a number publishes one of the entries that were committed and not published yet."""


@given(STEPS)
@on_clockwork
async def test_whenever_somebody_opens_a_room_every_entry_is_in_the_snapshot_or_comes_after_it_in_order(
    steps: list[str | int],
) -> None:
    story = Story()
    (witness,) = people(story.fanout, "witness")
    story.fanout.hold(witness, ROOM)
    story.fanout.release(witness, ROOM, after_rev=0)
    await story.play(steps)
    assert await story.someone.heard() == story.expected()
    assert await witness.heard() == [f"c{rev}" for rev in range(1, story.committed + 1)]


@given(STEPS)
@on_clockwork
async def test_whenever_the_first_opens_a_room_every_entry_is_in_the_snapshot_or_comes_after_it_once(
    steps: list[str | int],
) -> None:
    story = Story()
    await story.play(steps)
    # In any order: nobody could tell what was to come before the first entry that came.
    assert sorted(await story.someone.heard()) == sorted(story.expected())


class Story:
    """A conversation whose entries are published in any order, and somebody who opens it and leaves."""

    def __init__(self) -> None:
        self.fanout, self._sequencer = _node([])
        self.someone = Someone(self.fanout, "someone")
        self.committed = 0
        self._under_way: list[int] = []
        self._snapshot: int | None = None

    async def play(self, steps: list[str | int]) -> None:
        for step in steps:
            if isinstance(step, int):
                self._publish(step)
            else:
                getattr(self, f"_{step}")()
            if step == "leave":
                await turn()
                self.someone.desk.reader.writes.clear()
        if self._snapshot is None:
            self._leave()
        while self._under_way:
            self._publish(0)

    def expected(self) -> list[str]:
        """What has come to them since they opened it."""
        begin = self.committed if self._snapshot is None else self._snapshot
        return [f"c{rev}" for rev in range(begin + 1, self.committed + 1)]

    def _commit(self) -> None:
        self.committed += 1
        self._under_way.append(self.committed)

    def _publish(self, which: int) -> None:
        if which < len(self._under_way):
            rev = self._under_way.pop(which)
            if self.fanout.has(ROOM):  # otherwise this node does not listen
                self._sequencer.take(ROOM, entry(rev))

    def _hold(self) -> None:
        if ROOM not in self.someone.rooms:
            self.fanout.join(self.someone, ROOM)
            self.fanout.hold(self.someone, ROOM)

    def _release(self) -> None:
        if ROOM in self.someone.rooms and self._snapshot is None:
            self._snapshot = self.committed
            self.fanout.release(self.someone, ROOM, after_rev=self._snapshot)

    def _leave(self) -> None:
        self.fanout.leave(self.someone, ROOM)
        self._snapshot = None


# --- many -----------------------------------------------------------------------------------------------------------


class Counted(str):
    """A name that counts how often it is looked up."""

    __slots__ = ()
    looked_up = 0

    def __hash__(self) -> int:
        Counted.looked_up += 1
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        Counted.looked_up += 1
        return str.__eq__(self, other)


@pytest.mark.parametrize("many", [100, 10_000])
def test_leaving_costs_what_the_members_own_rooms_cost(many: int) -> None:
    async def play() -> None:
        fanout = Fanout()
        everybody = [_Cheap(Counted(f"m{n}")) for n in range(many)]
        crowd = Counted("conversation:crowd")
        for n, someone in enumerate(everybody):
            for room in (crowd, Counted(f"user:{n}"), Counted(f"conversation:{n // 2}")):
                fanout.join(someone, room)
                if n % 3 == 0:
                    fanout.hold(someone, room)
                    fanout.release(someone, room, after_rev=n)
        Counted.looked_up = 0
        for someone in everybody:
            fanout.leave_all(someone)
        assert fanout.rooms() == []
        assert Counted.looked_up < 60 * many

    asyncio.run(play())


class _Cheap:
    """A member of whom there are thousands."""

    def __init__(self, name: str) -> None:
        self.id = self.user_id = name
        self.rooms: set[Room] = set()
        self.ended = False
        self.outbox: Any = None


@on_clockwork
async def test_a_room_of_thousands_is_one_frame_and_a_write_each() -> None:
    fanout = Fanout()
    crowd = people(fanout, *(f"m{n}" for n in range(2_000)))
    frames: list[Frame] = [say(f"{n}") for n in range(10)]
    for frame in frames:
        fanout.deliver(ROOM, frame)
    assert all(waiting is frame for one in crowd for waiting, frame in zip(one.outbox.waiting, frames, strict=True))
    await turn()
    assert {len(one.desk.reader.writes) for one in crowd} == {1}
