"""Failover through whole days of faults, chosen by Hypothesis."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.channels.base import Accepted, Gone, Misconfigured, Outcome, Rejected, RetryLater, Unknown
from hub.channels.failover import Failover
from tests.channels.conformance import no, yes
from tests.channels.mail import email
from tests.channels.scripted import Scripted
from tests.clock import MovableClock

RETRIED = [
    RetryLater("down"),
    RetryLater("too many", 3),
    RetryLater("full", address_only=True),
    Misconfigured("wrong key"),
]
ONE_OUTCOME = st.sampled_from([Accepted("id"), Rejected("no"), Gone("dead"), Unknown("lost"), *RETRIED])
DAY = st.lists(
    st.tuples(ONE_OUTCOME, ONE_OUTCOME, ONE_OUTCOME, st.booleans(), st.sampled_from([0, 1, 30])), max_size=40
)


@given(DAY, st.tuples(*[st.integers(0, 3)] * 3))
def test_whatever_happens_a_message_has_at_most_one_effect(day: list[Any], weights: tuple[int, int, int]) -> None:
    """Who may have taken it is the last who is asked, and the outcome is theirs."""

    async def live() -> None:
        clock = MovableClock(stands=True)
        providers = [Scripted(name) for name in "abc"]
        sender = Failover(list(zip(providers, weights, strict=True)), clock)
        for *outcomes, wanted, seconds in day:
            asked: list[Outcome] = []
            for provider, outcome in zip(providers, outcomes, strict=True):
                provider.outcome, provider.calls, provider.asked = outcome, [], asked
            told = await sender.send(email(), yes if wanted else no)
            clock.forward(seconds)
            failed = asked if isinstance(told, RetryLater | Misconfigured) else asked[:-1]
            assert all(isinstance(each, RetryLater | Misconfigured) for each in failed)
            assert max(len(each.calls) for each in providers) <= 1
            if failed != asked:
                assert type(told) is type(asked[-1])
            if isinstance(told, RetryLater):
                assert told.tried == bool(asked)
            assert wanted or not asked

    asyncio.run(live())
