"""When a provider is asked, and when it is left alone."""

import pytest

from hub.channels.breaker import FAILURES, FIRST_COOL_DOWN_MS, LONGEST_COOL_DOWN_MS, LONGEST_PAUSE_MS, Breaker
from tests.clock import MovableClock

COOL_DOWN = FIRST_COOL_DOWN_MS / 1000


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(stands=True)


@pytest.fixture
def breaker(clock: MovableClock) -> Breaker:
    return Breaker(clock)


def attempts(breaker: Breaker, results: str) -> None:
    """`+` worked, `-` failed; each must be admitted."""
    for result in results:
        ticket = breaker.admit()
        assert ticket is not None
        (breaker.worked if result == "+" else breaker.failed)(ticket)


def opened(breaker: Breaker) -> Breaker:
    attempts(breaker, "-" * FAILURES)
    assert breaker.is_open
    return breaker


def test_a_few_failures_change_nothing(breaker: Breaker) -> None:
    attempts(breaker, "-" * (FAILURES - 1))

    assert not breaker.is_open
    assert breaker.wait_ms() == 0


@pytest.mark.parametrize("results", ["-----", "-+-+-+-+-", "+++++-----"])
def test_failures_among_the_last_attempts_open_it(breaker: Breaker, results: str) -> None:
    attempts(breaker, results)

    assert breaker.admit() is None
    assert breaker.wait_ms() == FIRST_COOL_DOWN_MS


@pytest.mark.parametrize("results", ["----++++++----", "-++-++-++-++-++-++"])
def test_failures_among_many_successes_do_not(breaker: Breaker, results: str) -> None:
    attempts(breaker, results)

    assert not breaker.is_open


def test_old_failures_do_not_count(breaker: Breaker, clock: MovableClock) -> None:
    attempts(breaker, "-" * (FAILURES - 1))
    clock.forward(61)

    attempts(breaker, "-")

    assert not breaker.is_open


def test_what_only_an_operator_can_put_right_opens_it_at_once(breaker: Breaker) -> None:
    ticket = breaker.admit()
    assert ticket == "attempt"

    breaker.broke(ticket)

    assert breaker.admit() is None


def test_after_the_cool_down_one_attempt_probes(breaker: Breaker, clock: MovableClock) -> None:
    opened(breaker)
    clock.forward(COOL_DOWN)

    assert breaker.admit() == "probe"
    assert breaker.admit() is None
    assert breaker.wait_ms() == FIRST_COOL_DOWN_MS


def test_a_probe_that_works_closes_it_and_forgets(breaker: Breaker, clock: MovableClock) -> None:
    opened(breaker)
    clock.forward(COOL_DOWN)

    attempts(breaker, "+")
    attempts(breaker, "-" * (FAILURES - 1))

    assert not breaker.is_open


def test_a_probe_that_fails_doubles_the_cool_down_up_to_a_bound(breaker: Breaker, clock: MovableClock) -> None:
    opened(breaker)
    waits = []
    for _ in range(10):
        clock.forward(breaker.wait_ms() / 1000)
        attempts(breaker, "-")
        waits.append(breaker.wait_ms())

    assert waits[:3] == [2 * FIRST_COOL_DOWN_MS, 4 * FIRST_COOL_DOWN_MS, 8 * FIRST_COOL_DOWN_MS]
    assert waits[-1] == LONGEST_COOL_DOWN_MS


def test_the_cool_down_begins_anew_after_it_worked(breaker: Breaker, clock: MovableClock) -> None:
    opened(breaker)
    for results in "-+":
        clock.forward(breaker.wait_ms() / 1000)
        attempts(breaker, results)

    opened(breaker)

    assert breaker.wait_ms() == FIRST_COOL_DOWN_MS


def test_a_probe_that_says_nothing_leaves_room_for_the_next(breaker: Breaker, clock: MovableClock) -> None:
    opened(breaker)
    clock.forward(COOL_DOWN)
    ticket = breaker.admit()
    assert ticket == "probe"

    breaker.nothing(ticket)

    assert breaker.admit() == "probe"


def test_attempts_that_began_before_it_opened_do_not_decide(breaker: Breaker, clock: MovableClock) -> None:
    early = [breaker.admit() for _ in range(2)]
    opened(breaker)
    clock.forward(COOL_DOWN)
    assert breaker.admit() == "probe"

    breaker.failed(early[0] or "attempt")
    breaker.worked(early[1] or "attempt")

    assert breaker.is_open
    assert breaker.admit() is None


def test_a_pause_is_kept_and_is_no_fault(breaker: Breaker, clock: MovableClock) -> None:
    ticket = breaker.admit()
    assert ticket is not None

    breaker.asked_to_wait(ticket, 7)

    assert not breaker.is_open
    assert (breaker.admit(), breaker.wait_ms()) == (None, 7000)
    clock.forward(7)
    assert breaker.admit() == "attempt"


def test_the_longest_of_several_pauses_counts_and_has_a_bound(breaker: Breaker) -> None:
    tickets = [breaker.admit() for _ in range(3)]
    for ticket, seconds in zip(tickets, (60, 10**9, 5), strict=True):
        breaker.asked_to_wait(ticket or "attempt", seconds)

    assert breaker.wait_ms() == LONGEST_PAUSE_MS
