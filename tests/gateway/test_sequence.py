"""Entries of a log reach a room in order and once, however the nodes' messages overtake each other; holes are told."""

import asyncio
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.gateway.frames import Frame
from hub.gateway.sequence import MOST_EARLY, Sequencer
from tests.gateway.clockwork import entry, later, on_clockwork, say

PATIENCE = 0.25
ROOM = "conversation:c"


class Listener:
    """A room of one node."""

    def __init__(self) -> None:
        self.got: list[int] = []
        self.others: list[str] = []
        self.declared: list[int] = []
        """How much was there when each hole was told of."""
        self.sequencer = Sequencer(self._deliver, self._declare, patience_seconds=PATIENCE)

    def _deliver(self, room: str, frame: Frame) -> None:
        assert room == ROOM
        if frame.rev is None:
            self.others.append(frame.data.decode())
        else:
            self.got.append(frame.rev)

    def _declare(self, room: str) -> None:
        assert room == ROOM
        self.declared.append(len(self.got))

    def take(self, *revs: int) -> None:
        for rev in revs:
            self.sequencer.take(ROOM, entry(rev))

    @property
    def timers(self) -> int:
        return sum(log.timer is not None for log in self.sequencer._logs.values())


@on_clockwork
async def test_what_comes_in_order_passes_at_once() -> None:
    listener = Listener()
    listener.take(5, 6, 7)
    assert listener.got == [5, 6, 7]
    assert listener.timers == 0


@on_clockwork
async def test_what_is_no_entry_passes_at_once() -> None:
    listener = Listener()
    listener.take(1, 3)
    listener.sequencer.take(ROOM, say("typing"))
    assert (listener.got, listener.others) == ([1], ["typing"])


@on_clockwork
async def test_an_early_entry_waits_for_the_one_before_it() -> None:
    listener = Listener()
    listener.take(1, 4, 3)
    assert listener.got == [1]
    listener.take(2)
    assert listener.got == [1, 2, 3, 4]
    assert listener.timers == 0
    await later(10 * PATIENCE)
    assert listener.declared == []


@on_clockwork
async def test_doubles_are_dropped_wherever_they_come() -> None:
    listener = Listener()
    listener.take(1, 1, 3, 3, 2, 2, 1, 3, 4, 4)
    assert listener.got == [1, 2, 3, 4]
    await later(10 * PATIENCE)
    assert (listener.got, listener.declared) == ([1, 2, 3, 4], [])


@on_clockwork
async def test_a_hole_that_does_not_fill_is_told_once_and_what_comes_after_it_flows() -> None:
    listener = Listener()
    listener.take(1, 3, 4)
    await later(0.9 * PATIENCE)
    assert listener.got == [1]
    await later(0.2 * PATIENCE)
    assert listener.got == [1, 3, 4]
    assert listener.declared == [3]
    listener.take(5, 6)
    assert listener.got == [1, 3, 4, 5, 6]
    await later(10 * PATIENCE)
    assert listener.declared == [3]


@on_clockwork
async def test_a_late_entry_of_a_hole_passes_once() -> None:
    listener = Listener()
    listener.take(1, 4)
    await later(2 * PATIENCE)
    listener.take(3, 5, 2, 3, 2)
    assert listener.got == [1, 4, 3, 5, 2]


@on_clockwork
async def test_every_hole_has_its_own_patience() -> None:
    """Two busy nodes: there is always somebody early, and nobody is more than a moment late."""
    listener = Listener()
    listener.take(1)
    step = PATIENCE / 5
    listener.take(3)
    for rev in range(2, 40, 2):
        await later(step)
        listener.take(rev + 3)  # 5 before 4, but 2 as late as 3 was early
        await later(step)
        listener.take(rev)
    assert listener.declared == []
    assert listener.got == list(range(1, len(listener.got) + 1))
    assert len(listener.got) >= 38


@on_clockwork
async def test_who_begins_at_nothing_hears_the_first_entries_in_order() -> None:
    listener = Listener()
    listener.sequencer.known(ROOM, 0)
    listener.take(2)
    assert listener.got == []
    listener.take(1)
    assert listener.got == [1, 2]


@on_clockwork
async def test_what_the_first_snapshot_held_already_is_no_reason_to_ask() -> None:
    """Committed before the snapshot was read, published after it was answered: happens with every busy room."""
    listener = Listener()
    listener.sequencer.known(ROOM, 5)
    listener.take(4, 5, 6, 7)
    assert [rev for rev in listener.got if rev > 5] == [6, 7]
    await later(10 * PATIENCE)
    assert listener.declared == []


@on_clockwork
async def test_a_later_member_does_not_move_where_the_room_is() -> None:
    listener = Listener()
    listener.sequencer.known(ROOM, 3)
    listener.take(4)
    listener.sequencer.known(ROOM, 9)
    listener.take(5)
    assert listener.got == [4, 5]


@on_clockwork
async def test_a_loss_before_the_first_entry_is_told() -> None:
    listener = Listener()
    listener.sequencer.known(ROOM, 4)
    listener.take(6)
    await later(2 * PATIENCE)
    assert (listener.got, listener.declared) == ([6], [1])


@on_clockwork
async def test_a_forgotten_room_begins_anew_and_is_told_nothing() -> None:
    listener = Listener()
    listener.take(1, 3)
    listener.sequencer.forget(ROOM)
    listener.sequencer.forget(ROOM)
    await later(10 * PATIENCE)
    assert (listener.got, listener.declared) == ([1], [])
    listener.take(9)
    assert listener.got == [1, 9]


@on_clockwork
async def test_what_waits_for_a_hole_is_bounded() -> None:
    listener = Listener()
    listener.take(1)
    for rev in range(3, 3 + 2 * MOST_EARLY):
        listener.take(rev)
        (log,) = listener.sequencer._logs.values()
        assert len(log.early) <= MOST_EARLY
    assert listener.declared == [1 + MOST_EARLY + 1]
    assert listener.got == [1, *range(3, 3 + 2 * MOST_EARLY)]


@on_clockwork
async def test_a_jump_of_millions_takes_no_memory() -> None:
    listener = Listener()
    listener.take(1, 5_000_000)
    await later(2 * PATIENCE)
    listener.take(9_000_000)
    await later(2 * PATIENCE)
    (log,) = listener.sequencer._logs.values()
    assert len(log.holes) <= 2 * MOST_EARLY
    assert len(listener.declared) == 2


ENTRIES = 12
Arrivals = list[tuple[int, float]]
"""(entry, what part of the patience passes after it)."""


@st.composite
def arrivals(draw: st.DrawFn) -> Arrivals:
    """Entries 1 to n in any order, some twice or thrice, some never, at any pace."""
    copies = draw(st.lists(st.sampled_from([0, 1, 1, 1, 1, 2, 3]), min_size=1, max_size=ENTRIES))
    revs = [rev for rev, count in enumerate(copies, start=1) for _ in range(count)]
    order = draw(st.permutations(revs))
    return [(rev, draw(st.sampled_from([0, 0, 0, 0.3, 1.1]))) for rev in order]


@given(arrivals())
def test_any_order_with_doubles_and_losses(came: Arrivals) -> None:
    _replay(came)


@on_clockwork
async def _replay(came: Arrivals) -> None:
    listener = Listener()
    listener.sequencer.known(ROOM, 0)
    for rev, wait in came:
        listener.take(rev)
        if wait:
            await later(wait * PATIENCE)
    await later(2 * PATIENCE)
    got, arrived = listener.got, {rev for rev, _ in came}
    assert sorted(got) == sorted(arrived)  # all that came, once
    for place, rev in enumerate(got):
        if rev < max(got[: place + 1]):  # only what a hole was told of may come later than its successors
            overtaken = next(n for n, each in enumerate(got) if each > rev)
            assert any(overtaken < told <= place for told in listener.declared)
    lost = set(range(1, max(arrived, default=0))) - arrived
    for rev in lost:
        overtaken = next(n for n, each in enumerate(got) if each > rev)
        assert any(told > overtaken for told in listener.declared)
    assert listener.timers == 0
    await asyncio.sleep(0)


@given(st.permutations(range(1, ENTRIES + 1)), st.integers(0, ENTRIES))
def test_whatever_the_order_nothing_is_told_when_all_comes_within_the_patience(order: list[int], pause: int) -> None:
    _replay_at_once(order, pause)


@on_clockwork
async def _replay_at_once(order: list[int], pause: int) -> None:
    listener = Listener()
    listener.sequencer.known(ROOM, 0)
    listener.take(*order[:pause])
    await later(0.5 * PATIENCE)
    listener.take(*order[pause:])
    assert all(one + 1 == other for one, other in pairwise(listener.got))
    assert len(listener.got) == ENTRIES
    await later(2 * PATIENCE)
    assert listener.declared == []
