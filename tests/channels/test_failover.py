"""Several providers of one channel: who is asked, in which order, and when the next one is."""

import asyncio
from collections import Counter

import pytest
from prometheus_client import REGISTRY

from hub.channels.base import (
    Accepted,
    Go,
    Gone,
    Misconfigured,
    NotWanted,
    Outcome,
    Rejected,
    RetryLater,
    Unknown,
)
from hub.channels.breaker import FAILURES, FIRST_COOL_DOWN_MS
from hub.channels.failover import Failover
from hub.channels.sendgrid import SendGridSender
from hub.channels.smtp import SmtpSender
from tests.channels.conformance import no, yes
from tests.channels.mail import email, mail_settings
from tests.channels.scripted import Scripted, at_once
from tests.clock import MovableClock
from tests.doubles.http import Answer
from tests.doubles.sendgrid import SendGridDouble
from tests.doubles.smtp import running_smtp

COOL_DOWN = FIRST_COOL_DOWN_MS / 1000
DOWN = RetryLater("down")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(stands=True)


class Pair:
    """Two providers: the first is always asked first, because the second has no weight."""

    def __init__(self, clock: MovableClock, budget_seconds: float = 5) -> None:
        self.first, self.second = Scripted("first"), Scripted("second")
        self.sender = Failover([(self.first, 1), (self.second, 0)], clock, budget_seconds)

    async def send(self, go: Go = yes) -> Outcome:
        return await self.sender.send(email(), go)

    @property
    def calls(self) -> tuple[int, int]:
        return len(self.first.calls), len(self.second.calls)


@pytest.fixture
def pair(clock: MovableClock) -> Pair:
    return Pair(clock)


async def test_the_outcome_says_who_took_it(pair: Pair) -> None:
    assert await pair.send() == Accepted(provider="first")
    pair.first.outcome = DOWN
    assert await pair.send() == Accepted(provider="second")


@pytest.mark.parametrize("failure", [DOWN, RetryLater("full", address_only=True), Misconfigured("wrong key")])
async def test_what_surely_did_not_go_out_goes_to_the_next(pair: Pair, failure: Outcome) -> None:
    pair.first.outcome = failure

    assert await pair.send() == Accepted(provider="second")
    assert pair.calls == (1, 1)


@pytest.mark.parametrize("final", [Rejected("no"), Gone("dead"), NotWanted(), Unknown("lost")])
async def test_nothing_else_ever_does(pair: Pair, final: Outcome) -> None:
    pair.first.outcome = final

    outcome = await pair.send()

    assert type(outcome) is type(final)
    assert pair.calls == (1, 0)


async def test_an_unknown_says_whom_to_ask(pair: Pair) -> None:
    pair.first.outcome = Unknown("lost")

    assert await pair.send() == Unknown("lost", provider="first")


async def test_go_is_asked_again_before_another_provider(pair: Pair) -> None:
    pair.first.outcome = DOWN
    answers = iter([True, False])

    async def go() -> bool:
        return next(answers)

    assert await pair.send(go) == NotWanted()
    assert pair.calls == (1, 0)


async def test_nobody_is_asked_when_go_says_no(pair: Pair) -> None:
    assert await pair.send(no) == NotWanted()
    assert pair.calls == (0, 0)


async def test_a_failover_is_counted_and_told_though_all_went_well(pair: Pair) -> None:
    before = value("hub_failovers_total", "first") or 0.0
    pair.first.outcome = DOWN

    await pair.send()

    assert value("hub_failovers_total", "first") == before + 1


async def test_a_provider_that_fails_again_and_again_is_passed_over(pair: Pair) -> None:
    pair.first.outcome = DOWN
    for _ in range(FAILURES + 3):
        assert isinstance(await pair.send(), Accepted)

    assert pair.calls == (FAILURES, FAILURES + 3)
    assert value("hub_provider_breaker_open", "first") == 1


async def test_a_wrong_key_is_not_tried_twice(pair: Pair, clock: MovableClock) -> None:
    pair.first.outcome = Misconfigured("wrong key")
    for _ in range(3):
        await pair.send()

    assert pair.calls == (1, 3)


async def test_unknown_outcomes_count_against_a_provider(pair: Pair) -> None:
    pair.first.outcome = Unknown("lost")
    for _ in range(FAILURES):
        await pair.send()

    assert await pair.send() == Accepted(provider="second")


async def test_what_is_wrong_with_messages_does_not(pair: Pair) -> None:
    for outcome in (Rejected("no"), Gone("dead"), RetryLater("full", address_only=True)):
        pair.first.outcome = outcome
        for _ in range(FAILURES):
            await pair.send()

    pair.first.outcome = Accepted()
    assert await pair.send() == Accepted(provider="first")


async def test_a_provider_that_works_again_is_used_again(pair: Pair, clock: MovableClock) -> None:
    pair.first.outcome = Misconfigured("wrong key")
    await pair.send()
    pair.first.outcome = Accepted()
    assert await pair.send() == Accepted(provider="second")

    clock.forward(COOL_DOWN)

    assert [await pair.send() for _ in range(2)] == [Accepted(provider="first")] * 2
    assert value("hub_provider_breaker_open", "first") == 0


async def test_one_message_probes_while_the_others_take_the_other_way(pair: Pair, clock: MovableClock) -> None:
    pair.first.outcome = Misconfigured("wrong key")
    await pair.send()
    clock.forward(COOL_DOWN)
    pair.first.outcome = Accepted()
    reached, opened = asyncio.Event(), asyncio.Event()

    async def stall() -> None:
        reached.set()
        await opened.wait()

    pair.first.before = stall
    probe = asyncio.create_task(pair.send())
    await reached.wait()

    assert await pair.send() == Accepted(provider="second")
    opened.set()
    assert await probe == Accepted(provider="first")


async def test_a_cancelled_probe_leaves_room_for_the_next(pair: Pair, clock: MovableClock) -> None:
    pair.first.outcome = Misconfigured("wrong key")
    await pair.send()
    clock.forward(COOL_DOWN)
    pair.first.outcome = Accepted()
    reached = asyncio.Event()

    async def stall() -> None:
        reached.set()
        await asyncio.Event().wait()

    pair.first.before = stall
    probe = asyncio.create_task(pair.send())
    await reached.wait()
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    pair.first.before = at_once

    assert await pair.send() == Accepted(provider="first")


async def test_retry_after_pauses_one_provider_and_not_the_channel(pair: Pair, clock: MovableClock) -> None:
    pair.first.outcome = RetryLater("too many", 7)
    assert await pair.send() == Accepted(provider="second")
    pair.first.outcome = Accepted()

    assert await pair.send() == Accepted(provider="second")
    clock.forward(7)
    assert await pair.send() == Accepted(provider="first")


async def test_when_all_are_out_the_shortest_wait_counts(pair: Pair) -> None:
    pair.first.outcome, pair.second.outcome = RetryLater("too many", 60), RetryLater("too many", 20)

    assert await pair.send() == RetryLater("first: too many; second: too many", 20)
    assert await pair.send() == RetryLater("every provider of email is out", 20, tried=False)
    assert pair.calls == (1, 1)


async def test_when_all_fail_without_a_word_the_caller_chooses_when(pair: Pair) -> None:
    pair.first.outcome = pair.second.outcome = DOWN

    assert await pair.send() == RetryLater("first: down; second: down")


async def test_an_operator_is_needed_only_when_nobody_could_do_without(pair: Pair) -> None:
    pair.first.outcome, pair.second.outcome = Misconfigured("wrong key"), DOWN
    assert isinstance(await pair.send(), RetryLater)


async def test_an_operator_is_needed_when_all_refuse_us(pair: Pair) -> None:
    pair.first.outcome = pair.second.outcome = Misconfigured("wrong key")
    assert await pair.send() == Misconfigured("first: wrong key; second: wrong key")


async def test_a_single_providers_words_stay_as_they_are(clock: MovableClock) -> None:
    alone = Scripted("alone", RetryLater("SMTP 450", 3))

    assert await Failover([(alone, 1)], clock).send(email(), yes) == RetryLater("SMTP 450", 3)


async def test_an_error_of_go_passes_through_and_harms_nobody(pair: Pair) -> None:
    async def broken() -> bool:
        raise TimeoutError("the database")

    for _ in range(FAILURES):
        with pytest.raises(TimeoutError, match="the database"):
            await pair.send(broken)

    assert await pair.send() == Accepted(provider="first")


async def test_a_provider_without_time_outs_is_cut_off_by_the_budget(clock: MovableClock) -> None:
    for slow, expected in (("before", RetryLater), ("after", Unknown)):
        pair = Pair(clock, budget_seconds=0.05)
        setattr(pair.first, slow, asyncio.Event().wait)

        outcome = await pair.send()

        assert isinstance(outcome, expected)
        assert pair.calls[1] == 0


async def test_shares_are_as_the_weights_and_the_same_delivery_goes_the_same_way(clock: MovableClock) -> None:
    a, b, c = Scripted("a"), Scripted("b"), Scripted("c")
    sender = Failover([(a, 3), (b, 1), (c, 0)], clock)
    messages = [email(f"delivery-{number}") for number in range(2000)]

    took = [await sender.send(each, yes) for each in messages]

    shares = Counter(each.provider for each in took if isinstance(each, Accepted))
    assert shares["a"] + shares["b"] == 2000
    assert 1400 < shares["a"] < 1600
    assert [await sender.send(each, yes) for each in messages[:100]] == took[:100]


async def test_what_it_says_of_itself_is_what_its_providers_say(clock: MovableClock) -> None:
    first, second = Scripted("first"), Scripted("second")
    first.reports, second.repeatable = True, True
    sender = Failover([(first, 1), (second, 1)], clock)

    assert (sender.channel, sender.repeatable, sender.reports) == ("email", False, True)
    assert sender.of("second") is second
    assert sender.of("third") is None
    await sender.close()
    assert first.closed
    assert second.closed


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Accepted("id"), None, Accepted("id")),
        (None, Accepted("id"), Accepted("id")),
        (RetryLater("never came"), None, None),
        (RetryLater("never came"), RetryLater("nor here"), RetryLater("never came")),
    ],
)
async def test_asking_asks_everyone(
    pair: Pair, first: Outcome | None, second: Outcome | None, expected: Outcome | None
) -> None:
    pair.first.knowledge, pair.second.knowledge = first, second

    assert await pair.sender.ask(email()) == expected


async def test_sendgrid_fails_over_to_smtp_and_back(clock: MovableClock) -> None:
    sendgrid = SendGridDouble()
    async with sendgrid.running(), running_smtp() as smtp:
        settings = mail_settings(smtp_port=smtp.port, sendgrid_base_url=sendgrid.url, sendgrid_api_key=sendgrid.api_key)
        sender = Failover([(SendGridSender(settings, clock), 1), (SmtpSender(settings), 0)], clock)
        sendgrid.answers.append(Answer(429, headers={"Retry-After": "9"}))

        outcomes = [await sender.send(email(), yes) for _ in range(3)]
        clock.forward(9)
        outcomes.append(await sender.send(email(), yes))

        assert [each.provider for each in outcomes if isinstance(each, Accepted)] == ["smtp"] * 3 + ["sendgrid"]
        assert (len(smtp.accepted), len(sendgrid.accepted)) == (3, 1)
        await sender.close()


def value(metric: str, provider: str) -> float | None:
    return REGISTRY.get_sample_value(metric, {"channel": "email", "provider": provider})
