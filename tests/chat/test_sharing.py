"""Shared reads: an answer is never older than its question, and many questions of a moment are one read."""

import asyncio

import pytest

from hub.chat.sharing import SharedReads


class Source:
    """Answers with how often it was asked; each read takes as long as the test wants."""

    def __init__(self) -> None:
        self.reads: list[str] = []
        self.go_on = asyncio.Event()
        self.begun = asyncio.Event()

    async def read(self, key: str) -> int:
        self.reads.append(key)
        number = len(self.reads)
        self.begun.set()
        await self.go_on.wait()
        if key == "broken":
            raise ValueError(number)
        return number


async def test_questions_of_a_moment_share_one_read() -> None:
    source = Source()
    source.go_on.set()
    shared: SharedReads[str, int] = SharedReads(source.read)

    assert await asyncio.gather(*(shared.get("a") for _ in range(100)), shared.get("b")) == [1] * 100 + [2]


async def test_a_question_during_a_read_gets_the_next_one() -> None:
    source = Source()
    shared: SharedReads[str, int] = SharedReads(source.read)
    first = asyncio.create_task(shared.get("a"))
    await source.begun.wait()

    later = [asyncio.create_task(shared.get("a")) for _ in range(10)]
    await asyncio.sleep(0)
    source.go_on.set()

    assert await first == 1
    assert await asyncio.gather(*later) == [2] * 10
    assert source.reads == ["a", "a"]
    assert not shared._next
    assert not shared._running


async def test_a_failure_is_shared_and_forgotten() -> None:
    source = Source()
    source.go_on.set()
    shared: SharedReads[str, int] = SharedReads(source.read)

    outcomes = await asyncio.gather(*(shared.get("broken") for _ in range(3)), return_exceptions=True)

    assert [str(each) for each in outcomes] == ["1"] * 3
    with pytest.raises(ValueError, match="2"):
        await shared.get("broken")


async def test_one_who_goes_away_takes_the_answer_from_nobody() -> None:
    source = Source()
    shared: SharedReads[str, int] = SharedReads(source.read)
    goes, stays = [asyncio.create_task(shared.get("a")) for _ in range(2)]
    await source.begun.wait()

    goes.cancel()
    source.go_on.set()

    assert await stays == 1
    with pytest.raises(asyncio.CancelledError):
        await goes
