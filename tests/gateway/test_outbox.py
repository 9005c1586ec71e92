"""What waits for one socket: written together, kept when its peer is slow, the most important first, and bounded."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.gateway.backlog import Backlog
from hub.gateway.frames import Frame, Priority
from hub.gateway.outbox import (
    BURST,
    BUSY_WRITES,
    GATHER_SECONDS,
    GRACE_SECONDS,
    MOST_AT_ONCE,
    STALL_SECONDS,
    Flusher,
    Outbox,
)
from tests.gateway.clockwork import Desk, behind, entry, later, low, on_clockwork, say, turn

BOUND = 1_000
TYPING, PRESENCE, RECEIPT, MONEY = Priority.TYPING, Priority.PRESENCE, Priority.RECEIPT, Priority.MONEY


@on_clockwork
async def test_what_one_turn_of_the_loop_brings_is_one_write() -> None:
    desk = Desk()
    for n in range(100):
        desk.outbox.push(say(f"{n}"))
    assert desk.reader.writes == []
    await turn()
    assert len(desk.reader.writes) == 1
    assert desk.reader.texts == [f"{n}" for n in range(100)]
    assert desk.outbox.empty


@on_clockwork
async def test_an_idle_process_writes_at_once() -> None:
    desk = Desk()
    for n in range(3):
        desk.outbox.push(say(f"{n}"))
        await turn()  # no time passes
        assert len(desk.reader.writes) == n + 1


@on_clockwork
async def test_an_answer_is_written_within_the_call_but_never_before_what_waits() -> None:
    desk = Desk()
    desk.outbox.send(say("answer"))
    assert desk.reader.texts == ["answer"]
    desk.outbox.push(say("event"))
    desk.outbox.send(say("second answer"))
    assert desk.reader.texts == ["answer"]
    await turn()
    assert desk.reader.texts == ["answer", "event", "second answer"]


@on_clockwork
async def test_under_load_what_comes_within_two_milliseconds_is_joined() -> None:
    flusher = Flusher()
    desks = [Desk(flusher=flusher) for _ in range(BUSY_WRITES + 1)]
    for desk in desks:
        desk.outbox.push(say("busy"))
    await turn()
    for text in ("a", "b", "c"):
        desks[0].outbox.push(say(text))
        await turn()
    assert desks[0].reader.texts == ["busy"]
    await later(GATHER_SECONDS)
    assert desks[0].reader.texts == ["busy", "a", "b", "c"]
    assert len(desks[0].reader.writes) == 2
    desks[0].outbox.push(say("calm again"))
    await turn()
    assert desks[0].reader.texts[-1] == "calm again"


@on_clockwork
async def test_a_peer_that_is_behind_gets_the_rest_in_order_when_it_reads() -> None:
    desk = await behind()
    for n in range(5):
        desk.outbox.push(say(f"{n}"))
        await turn()
    assert desk.reader.texts == ["first"]
    assert desk.outbox.blocked
    assert desk.outbox.size == 5 * len(say("0").wire)
    desk.reader.room = None
    desk.reader.read()
    assert desk.reader.texts == ["first", "0", "1", "2", "3", "4"]
    assert desk.outbox.empty
    assert desk.outbox.size == 0


@on_clockwork
async def test_a_transport_that_fills_up_again_is_given_nothing_more() -> None:
    desk = await behind(most_bytes=10 * MOST_AT_ONCE)
    sent = [f"{n:01000}" for n in range(3 * MOST_AT_ONCE // 1_000)]
    for text in sent:
        desk.outbox.push(say(text))
    await turn()
    while not desk.outbox.empty:
        before = len(desk.reader.writes)
        desk.reader.read()
        assert len(desk.reader.writes) <= before + 1
        assert len(desk.reader.writes[-1]) < MOST_AT_ONCE
    assert desk.reader.texts == ["first", *sent]


@on_clockwork
async def test_a_large_burst_is_handed_over_in_pieces_so_that_the_transport_can_say_stop() -> None:
    desk = Desk(room=MOST_AT_ONCE, most_bytes=10 * MOST_AT_ONCE)
    sent = [f"{n:01000}" for n in range(4 * MOST_AT_ONCE // 1_000)]
    for text in sent:
        desk.outbox.push(say(text))
    await turn()
    assert 0 < desk.reader.pending() < 2 * MOST_AT_ONCE
    while not desk.outbox.empty:
        desk.reader.read()
    assert desk.reader.texts == sent


# --- priorities -----------------------------------------------------------------------------------------------------


@on_clockwork
async def test_a_slow_socket_gets_money_then_messages_receipts_presence_and_typing() -> None:
    desk = await behind()
    for frame in (
        low("typing", TYPING, "k"),
        low("presence", PRESENCE, "k"),
        low("receipt", RECEIPT, "k"),
        say("message"),
        say("money", priority=MONEY),
    ):
        desk.outbox.push(frame)
    await turn()
    desk.reader.room = None
    desk.reader.read()
    assert desk.reader.texts == ["first", "money", "message", "receipt", "presence", "typing"]


@on_clockwork
async def test_of_the_low_classes_only_the_latest_of_each_key_waits() -> None:
    desk = await behind()
    for n in range(10):
        for key in ("a", "b"):
            desk.outbox.push(low(f"receipt {key}{n}", RECEIPT, key))
            desk.outbox.push(low(f"typing {key}{n}", TYPING, key))
        desk.outbox.push(say(f"message {n}"))
        await turn()
    kept = ["receipt a9", "receipt b9", "typing a9", "typing b9"]
    messages = [f"message {n}" for n in range(10)]
    assert desk.outbox.size == sum(len(say(each).wire) for each in (*kept, *messages))
    desk.reader.room = None
    desk.reader.read()
    assert desk.reader.texts == ["first", *messages, *kept]


@on_clockwork
async def test_a_fast_socket_gets_every_frame_of_the_low_classes() -> None:
    desk = Desk()
    for n in range(3):
        desk.outbox.push(low(f"{n}", TYPING, "k"))
    await turn()
    assert desk.reader.texts == ["0", "1", "2"]


@on_clockwork
async def test_a_low_frame_without_a_key_replaces_nothing() -> None:
    desk = await behind()
    for n in range(3):
        desk.outbox.push(say(f"{n}", priority=TYPING))
    await turn()
    desk.reader.room = None
    desk.reader.read()
    assert desk.reader.texts == ["first", "0", "1", "2"]


@on_clockwork
async def test_logged_money_takes_the_earlier_entries_of_its_conversation_along() -> None:
    desk = await behind()
    for frame in (
        entry(1, of="a"),
        entry(7, of="b"),
        say("aside"),
        entry(2, of="a"),
        entry(3, of="a", priority=MONEY),
        entry(4, of="a"),
        entry(8, of="b", priority=MONEY),
        entry(5, of="a", priority=MONEY),
    ):
        desk.outbox.push(frame)
    await turn()
    desk.reader.room = None
    desk.reader.read()
    assert desk.reader.texts == ["first", "a1", "a2", "a3", "b7", "b8", "a4", "a5", "aside"]


KINDS = st.sampled_from(["a", "b", "money a", "money b", "money", "event", "receipt", "presence", "typing"])
STEPS = st.lists(st.one_of(KINDS, st.sampled_from(["turn", "read"])), max_size=60)


@given(STEPS)
def test_whenever_the_peer_reads_nothing_is_lost_or_doubled_and_every_log_is_in_order(steps: list[str]) -> None:
    _play(steps)


@on_clockwork
async def _play(steps: list[str]) -> None:
    desk = Desk(60, most_bytes=1_000_000)
    revs = {"a": 0, "b": 0}
    pushed: list[Frame] = []
    for number, step in enumerate(steps):
        if step == "turn":
            await turn()
        elif step == "read":
            desk.reader.read()
        else:
            pushed.append(_frame(step, number, revs))
            desk.outbox.push(pushed[-1])
    await turn()
    while not desk.outbox.empty:
        desk.reader.read()
    got = desk.reader.texts
    assert len(got) == len(set(got))
    assert {each.data.decode() for each in pushed if each.priority < RECEIPT} <= set(got)
    for of in revs:
        log = [each.data.decode() for each in pushed if each.rev is not None and each.key == of]
        assert [each for each in got if each in log] == log
    for priority in (RECEIPT, PRESENCE, TYPING):
        told = [each.data.decode() for each in pushed if each.priority == priority]
        assert [each for each in got if each in told][-1:] == told[-1:]


def _frame(step: str, number: int, revs: dict[str, int]) -> Frame:
    of = step.rpartition(" ")[2]
    if of in revs:
        revs[of] += 1
        return say(f"{number}", rev=revs[of], key=of, priority=MONEY if step.startswith("money") else Priority.MESSAGE)
    return say(f"{number}", priority=Priority[step.upper()] if step != "event" else Priority.MESSAGE, key="k")


class Counted(int):
    """A priority that counts how often it is compared."""

    compared = 0

    def __lt__(self, other: Any) -> bool:
        Counted.compared += 1
        return int(self) < int(other)

    def __gt__(self, other: Any) -> bool:
        Counted.compared += 1
        return int(self) > int(other)


def test_taking_many_low_frames_costs_the_same_for_each() -> None:
    """People with thousands of contacts: what waits for a slow socket must not hold everybody up when it goes out."""
    people = 2_000
    backlog = Backlog()
    for n in range(people):
        backlog.put(say(f"{n}", priority=Counted(PRESENCE), key=f"person{n}"))
    Counted.compared = 0
    taken = 0
    while backlog:
        taken += len(backlog.take(MOST_AT_ONCE))
    assert taken == people
    assert Counted.compared < 10 * people


def test_many_payments_in_many_conversations_cost_the_same_for_each() -> None:
    """The same for money, which looks for what must go before it."""
    backlog = Backlog()
    entries = [entry(1, of=f"c{n}") for n in range(1_000)]
    for frame in entries:
        backlog.put(frame)
    for n in range(1_000):
        backlog.put(entry(2, of=f"c{n}", priority=MONEY))
    taken = [each.data.decode() for each in backlog.take(10_000_000)]
    assert taken == [f"c{n}{rev}" for n in range(1_000) for rev in (1, 2)]
    assert backlog.bytes == 0


# --- the bound ------------------------------------------------------------------------------------------------------


@on_clockwork
async def test_a_burst_over_the_bound_is_fine_for_a_peer_that_reads() -> None:
    desk = await behind(most_bytes=BOUND)
    _burst(desk, 3 * BOUND)
    await turn()
    assert desk.outbox.size > BOUND
    await later(GRACE_SECONDS / 2)
    desk.reader.room = None
    desk.reader.read()
    await later(10 * GRACE_SECONDS)
    assert desk.given_up == 0
    assert desk.outbox.empty


@on_clockwork
async def test_every_burst_has_its_own_grace() -> None:
    desk = await behind(most_bytes=BOUND)
    for _ in range(10):
        desk.reader.room = 0
        desk.outbox.push(say("full again"))
        await turn()
        _burst(desk, 3 * BOUND)
        await turn()
        await later(0.8 * GRACE_SECONDS)  # each is read in time
        desk.reader.room = None
        desk.reader.read()
        assert desk.outbox.empty
    assert desk.given_up == 0


@on_clockwork
async def test_a_peer_that_does_not_read_a_burst_over_the_bound_is_given_up_after_the_grace() -> None:
    desk = await behind(most_bytes=BOUND)
    _burst(desk, 2 * BOUND)
    await turn()
    await later(0.9 * GRACE_SECONDS)
    assert desk.given_up == 0
    await later(0.2 * GRACE_SECONDS)
    assert desk.given_up == 1


@on_clockwork
async def test_a_burst_many_times_over_the_bound_is_given_up_at_once() -> None:
    desk = await behind(most_bytes=BOUND)
    _burst(desk, (BURST + 1) * BOUND)
    await turn()
    assert desk.given_up == 1


@on_clockwork
async def test_what_is_within_the_bound_waits_for_as_long_as_it_takes() -> None:
    desk = await behind(most_bytes=BOUND)
    _burst(desk, BOUND // 2)
    await turn()
    await later(3_600)
    assert desk.given_up == 0


@on_clockwork
async def test_replaced_frames_do_not_count() -> None:
    desk = await behind(most_bytes=BOUND)
    for n in range(50):
        desk.outbox.push(low(f"{n:0100}", TYPING, "k"))
        await turn()
    await later(10 * GRACE_SECONDS)
    assert desk.given_up == 0
    assert desk.outbox.size < 2 * 100


def _burst(desk: Desk, size: int) -> None:
    for _ in range(size // 100 + 1):
        desk.outbox.push(say("x" * 98))  # and two bytes of header


# --- waiting for the peer, and the end ------------------------------------------------------------------------------


@on_clockwork
async def test_a_peer_that_has_caught_up_is_not_waited_for() -> None:
    desk = Desk()
    desk.outbox.push(say("event"))
    await turn()
    await desk.outbox.drained()


@on_clockwork
async def test_drained_waits_until_the_peer_has_read() -> None:
    desk = await behind()
    desk.outbox.push(say("second"))
    await turn()
    waiting = [asyncio.create_task(desk.outbox.drained()) for _ in range(2)]
    await turn()
    assert not any(each.done() for each in waiting)
    desk.reader.room = None
    desk.reader.read()
    await turn()
    assert all(each.done() for each in waiting)


@on_clockwork
async def test_who_reads_slowly_is_waited_for_and_who_reads_nothing_is_given_up() -> None:
    desk = await behind(most_bytes=100_000)
    desk.outbox.on_overflow = desk.outbox.discard
    for _ in range(3):
        _burst(desk, 2_000)
    await turn()
    desk.reader.room = 1
    waiting = asyncio.create_task(desk.outbox.drained())
    await turn()
    for _ in range(2):
        desk.reader._unread -= 1  # takes a byte at a time
        await later(STALL_SECONDS)
        assert not waiting.done()
    await later(STALL_SECONDS)
    await turn()
    assert waiting.done()
    assert desk.outbox.closed


@on_clockwork
async def test_who_waits_for_a_socket_that_is_closed_goes_on() -> None:
    desk = await behind()
    waiting = asyncio.create_task(desk.outbox.drained())
    await turn()
    desk.outbox.discard()
    await turn()
    assert waiting.done()
    assert desk.given_up == 0


@on_clockwork
async def test_a_discarded_outbox_forgets_and_takes_nothing() -> None:
    desk = await behind(most_bytes=BOUND)
    _burst(desk, 2 * BOUND)
    await turn()
    desk.outbox.push(say("in this turn"))
    desk.outbox.discard()
    desk.outbox.push(say("after"))
    desk.outbox.send(say("after"))
    desk.reader.read()
    await later(10 * GRACE_SECONDS)
    assert desk.reader.texts == ["first"]
    assert desk.outbox.size == 0
    assert desk.given_up == 0


# --- long-polling ---------------------------------------------------------------------------------------------------


@on_clockwork
async def test_without_a_socket_frames_wait_for_the_next_poll() -> None:
    outbox = Outbox(Flusher(), pytest.fail)
    called: list[bool] = []
    outbox.on_ready = lambda: called.append(True)
    for n in range(4):
        outbox.push(say(f"{n}"))
    await turn()
    assert called
    size = len(say("0").wire)
    assert _taken(outbox, 2 * size) == ["0", "1"]
    outbox.push(say("4"))
    assert _taken(outbox, 1) == ["2"]  # one at least
    assert _taken(outbox, 1_000) == ["3", "4"]
    assert _taken(outbox, 1_000) == []
    assert outbox.empty
    await turn()


@on_clockwork
async def test_what_waited_for_a_poll_goes_to_the_websocket_that_takes_over() -> None:
    desk = Desk()
    desk.outbox.sink = None
    desk.outbox.push(say("before"))
    await turn()
    desk.outbox.push(say("in this turn"))
    desk.outbox.sink = desk.reader
    desk.outbox.flush()
    desk.outbox.resume()
    assert desk.reader.texts == ["before", "in this turn"]
    desk.outbox.push(say("after"))
    await turn()
    assert desk.reader.texts == ["before", "in this turn", "after"]


def _taken(outbox: Outbox, most_bytes: int) -> list[str]:
    return [frame.data.decode() for frame in outbox.take(most_bytes)]
