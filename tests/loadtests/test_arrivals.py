import random
from itertools import pairwise

import pytest

from loadtests.arrivals import due_times


def times(start: float, end: float, seconds: float, arrivals: str, seed: int = 1) -> list[float]:
    return list(due_times(start, end, seconds, arrivals=arrivals, chance=random.Random(seed)))  # type: ignore[arg-type]


def test_a_constant_rate_is_even_and_exact() -> None:
    found = times(100, 100, 10, "constant")
    assert len(found) == 1000
    assert {round(later - earlier, 6) for earlier, later in pairwise(found)} == {0.01}


@pytest.mark.parametrize(("start", "end"), [(0, 200), (200, 0), (50, 150)])
def test_a_ramp_has_as_many_arrivals_as_its_mean_rate_says(start: float, end: float) -> None:
    assert len(times(start, end, 10, "constant")) == 1000


def test_a_ramp_rises() -> None:
    found = times(0, 200, 10, "constant")
    assert sum(each < 5 for each in found) == pytest.approx(250, abs=2)


def test_poisson_arrivals_scatter_around_the_rate() -> None:
    found = times(500, 500, 20, "poisson")
    assert len(found) == pytest.approx(10_000, rel=0.05)
    gaps = [later - earlier for earlier, later in pairwise(found)]
    mean = sum(gaps) / len(gaps)
    deviation = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert deviation == pytest.approx(mean, rel=0.1)  # of an exponential distribution both are the same


@pytest.mark.parametrize("arrivals", ["poisson", "constant"])
def test_times_rise_and_lie_within_the_phase(arrivals: str) -> None:
    found = times(30, 90, 7, arrivals)
    assert found == sorted(found)
    assert found[0] >= 0
    assert found[-1] < 7


def test_the_same_seed_gives_the_same_times() -> None:
    assert times(10, 90, 5, "poisson") == times(10, 90, 5, "poisson")
    assert times(10, 90, 5, "poisson") != times(10, 90, 5, "poisson", seed=2)


def test_no_rate_means_no_arrivals() -> None:
    assert times(0, 0, 10, "poisson") == []
