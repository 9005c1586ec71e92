"""The conformance suite of `Sender`: one set of promises (hub/channels/base.py) for every provider.

A test module says how its provider is driven (a `Case`), gives it as the fixture `case`, and subclasses
`SenderConformance`. Every knob must exist, because no test is skipped.
"""

import asyncio
from abc import ABC, abstractmethod

import pytest

from hub.channels.base import (
    Accepted,
    Email,
    Message,
    Misconfigured,
    NotWanted,
    Outcome,
    Rejected,
    RetryLater,
    Sender,
    Sms,
    Unknown,
)
from hub.ids import new_id
from tests.doubles.gate import Gate
from tests.running import PATIENCE

AT_ONCE = 50


class Plain(ABC):
    """A sender, and how to look at what it did."""

    sender: Sender

    @abstractmethod
    def message(self, delivery_id: str) -> Message:
        """A message that is taken."""

    @abstractmethod
    async def count(self) -> int:
        """How many messages were taken."""


class Case(Plain):
    """One provider and its double. The sender's time-out in tests is short: 1 s or less."""

    async def count(self) -> int:
        return self.taken()

    @abstractmethod
    def taken(self) -> int:
        """How many messages the double has taken."""

    @abstractmethod
    def connections(self) -> int:
        """How many connections are open at the double."""

    @abstractmethod
    def refuse_temporarily(self) -> None:
        """From now on the double answers that it cannot take messages now."""

    @abstractmethod
    def refuse_for_good(self) -> None:
        """From now on the double answers that this message is wrong."""

    @abstractmethod
    def refuse_us(self) -> None:
        """From now on the double does not know our credentials."""

    @abstractmethod
    def stall(self) -> Gate:
        """From now on the double stops, at the gate, after it was asked and before it takes anything."""

    @abstractmethod
    def hang_after_taking(self) -> None:
        """From now on the double takes messages and never answers."""

    @abstractmethod
    def cut_after_taking(self) -> None:
        """From now on the double takes messages and drops the connection instead of answering."""

    @abstractmethod
    async def vanish(self) -> None:
        """Nobody listens any more."""


def other_channel(channel: str) -> Message:
    """A message that a sender of `channel` cannot send."""
    content = {"delivery_id": new_id(), "notification_id": new_id(), "user_id": "fan"}
    if channel == "email":
        return Sms(**content, to="+15550001111", text="Hi")
    return Email(**content, to="fan@example.com", subject="Hi", text="Hi", html="<p>Hi</p>")


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


class SenderPromises:
    """What every sender promises, also one that has no provider behind it. `case` is the fixture of the subclass."""

    async def send(self, case: Plain) -> Outcome:
        return await case.sender.send(case.message(new_id()), yes)

    async def test_what_was_accepted_was_taken_once(self, case: Plain) -> None:
        assert isinstance(await self.send(case), Accepted)
        assert await case.count() == 1

    async def test_go_is_asked_once_and_before_the_provider_takes_anything(self, case: Plain) -> None:
        seen = []

        async def go() -> bool:
            seen.append(await case.count())
            return True

        await case.sender.send(case.message(new_id()), go)

        assert seen == [0]

    async def test_nothing_goes_out_when_go_says_no(self, case: Plain) -> None:
        assert await case.sender.send(case.message(new_id()), no) == NotWanted()
        assert await case.count() == 0

    async def test_an_error_of_go_passes_through_and_nothing_goes_out(self, case: Plain) -> None:
        async def broken() -> bool:
            raise LookupError

        with pytest.raises(LookupError):
            await case.sender.send(case.message(new_id()), broken)
        assert await case.count() == 0
        assert isinstance(await self.send(case), Accepted)

    async def test_a_repeatable_sender_takes_the_same_delivery_once(self, case: Plain) -> None:
        message = case.message(new_id())

        await case.sender.send(message, yes)
        await case.sender.send(message, yes)

        assert await case.count() == (1 if case.sender.repeatable else 2)

    async def test_a_message_of_another_channel_is_an_error_of_the_caller(self, case: Plain) -> None:
        with pytest.raises(TypeError):
            await case.sender.send(other_channel(case.sender.channel), yes)
        assert await case.count() == 0

    async def test_many_at_once_are_all_taken(self, case: Plain) -> None:
        outcomes = await asyncio.gather(*(self.send(case) for _ in range(AT_ONCE)))

        assert {type(each) for each in outcomes} == {Accepted}
        assert await case.count() == AT_ONCE

    async def test_closing_twice_or_unused_is_no_error(self, case: Plain) -> None:
        await case.sender.close()
        await case.sender.close()


class SenderConformance(SenderPromises):
    """The same, and what is promised when the provider fails."""

    async def test_a_temporary_refusal_is_tried_later(self, case: Case) -> None:
        case.refuse_temporarily()

        assert isinstance(await self.send(case), RetryLater)
        assert case.taken() == 0

    async def test_a_refusal_of_the_message_is_final(self, case: Case) -> None:
        case.refuse_for_good()

        outcome = await self.send(case)

        assert isinstance(outcome, Rejected)
        assert outcome.reason

    async def test_a_refusal_of_us_is_for_the_operator(self, case: Case) -> None:
        case.refuse_us()

        assert isinstance(await self.send(case), Misconfigured)
        assert case.taken() == 0

    async def test_an_answer_that_does_not_come_leaves_it_unknown(self, case: Case) -> None:
        case.hang_after_taking()

        assert isinstance(await self.send(case), Unknown)
        assert case.taken() == 1

    async def test_a_connection_that_breaks_before_the_answer_leaves_it_unknown(self, case: Case) -> None:
        case.cut_after_taking()

        assert isinstance(await self.send(case), Unknown)
        assert case.taken() == 1

    async def test_a_provider_that_is_not_there_is_tried_later(self, case: Case) -> None:
        await case.vanish()

        assert isinstance(await self.send(case), RetryLater)

    async def test_a_provider_that_went_away_after_a_message_is_tried_later(self, case: Case) -> None:
        await self.send(case)
        await case.vanish()

        assert isinstance(await self.send(case), RetryLater)

    async def test_a_cancelled_send_leaves_nothing_open(self, case: Case) -> None:
        gate = case.stall()
        sending = asyncio.create_task(self.send(case))
        await gate.reached()

        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)

        await nobody_connected(case)

    async def test_a_closed_sender_leaves_nothing_open(self, case: Case) -> None:
        await self.send(case)

        await case.sender.close()

        await nobody_connected(case)


async def nobody_connected(case: Case) -> None:
    """Waits until the double has seen every connection end."""
    async with asyncio.timeout(PATIENCE):
        while case.connections():  # noqa: ASYNC110  (the other end of a connection gives no signal)
            await asyncio.sleep(0.005)
