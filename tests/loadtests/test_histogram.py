import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.histogram import Histogram, bucket, highest, percentiles


def of(seconds: list[float]) -> Histogram:
    histogram = Histogram()
    for each in seconds:
        histogram.record(each)
    return histogram


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=200), st.sampled_from([50, 90, 99, 99.9, 100]))
def test_a_percentile_is_a_measured_value_to_within_a_hundredth(micros: list[int], percent: float) -> None:
    histogram = of([each / 1e6 for each in micros])
    # int(x / 1e6 * 1e6) may lose a microsecond, so the truth is what the histogram was given.
    ordered = sorted(int(each / 1e6 * 1e6) for each in micros)
    rank = max(1, math.ceil(round(percent / 100 * len(ordered), 6)))
    truth = ordered[rank - 1] / 1000
    assert histogram.at(percent) == pytest.approx(truth, rel=0.01, abs=0.0005)


@given(st.integers(0, 10**12))
def test_buckets_hold_what_falls_into_them_and_nothing_else(value: int) -> None:
    top = highest(bucket(value))
    assert value <= top
    assert bucket(top) == bucket(value)
    assert bucket(top + 1) == bucket(value) + 1


def test_the_longest_is_exact() -> None:
    histogram = of([0.001] * 999 + [1.234567])
    assert histogram.at(100) == pytest.approx(1234.567)
    assert percentiles(histogram).max == pytest.approx(1234.567)
    assert histogram.at(99.9) == pytest.approx(1.0, rel=0.01)


def test_adding_is_the_same_as_recording_all_in_one() -> None:
    one, two = of([0.001, 0.5, 3.0]), of([0.002, 0.002])
    one.add(two)
    assert one == of([0.001, 0.002, 0.002, 0.5, 3.0])


def test_nothing_recorded_has_no_percentiles() -> None:
    assert Histogram().at_each([50, 99]) == [None, None]
    assert percentiles(Histogram()).max is None


def test_a_clock_that_seems_to_run_backwards_counts_as_no_wait() -> None:
    assert of([-0.001]).at(50) == 0.0
