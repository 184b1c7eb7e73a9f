"""Two rates: the published intervals, their coverage, the sample-ratio check, sizes of a control."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.errors import TooLittleDataError
from reveil.measurement.difference import compare_rates, control_size, sample_ratio_p


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_the_intervals_newcombe_published(counts, low, high):
    """Table II of the 1998 paper, method 10."""
    found = compare_rates(*counts)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(2_000):
        a, b = rng.binomial(900, 0.05), rng.binomial(100, 0.03)
        found = compare_rates(int(a), 900, int(b), 100)
        covered += found.low <= 0.02 <= found.high
    assert 0.935 <= covered / 2_000 <= 0.975


group = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(treated=group, control=group)
def test_swapping_the_groups_turns_the_sign(treated, control):
    there, back = compare_rates(*treated, *control), compare_rates(*control, *treated)
    assert there.estimate == -back.estimate
    assert there.low == pytest.approx(-back.high)
    assert -1 - 1e-9 <= there.low <= there.estimate <= there.high <= 1 + 1e-9


@pytest.mark.parametrize(("treated", "control"), [((0, 0), (1, 2)), ((3, 2), (1, 2))])
def test_impossible_counts_are_refused(treated, control):
    with pytest.raises(TooLittleDataError, match="nothing to compare"):
        compare_rates(*treated, *control)


def test_the_sample_ratio_alarm_is_quiet_for_a_fair_draw_and_loud_for_a_loss():
    rng = np.random.default_rng(1)
    p = [sample_ratio_p(10_000 - int(c), int(c), 0.1) for c in rng.binomial(10_000, 0.1, 2_000)]
    assert np.mean(np.array(p) < 0.05) == pytest.approx(0.05, abs=0.015)
    assert sample_ratio_p(9_000, 880, 0.1) < 0.001


@pytest.mark.parametrize(
    ("rate", "contacted", "control"),
    [(0.01, 0.012, 23_670), (0.01, 0.015, 4_262), (0.02, 0.024, 11_703), (0.03, 0.04, 2_930)],
)
def test_the_control_of_the_measured_cases(rate, contacted, control):
    """The reference figures are rounded down; a control is rounded up to keep its power."""
    assert control_size(rate, contacted).control == control + 1


def test_a_control_of_that_size_has_the_power_it_promises():
    rng = np.random.default_rng(2)
    size = control_size(0.03, 0.04)
    seen = [
        compare_rates(
            int(rng.binomial(size.treated, 0.04)),
            size.treated,
            int(rng.binomial(size.control, 0.03)),
            size.control,
        ).is_clear
        for _ in range(1_500)
    ]
    assert np.mean(seen) == pytest.approx(0.80, abs=0.04)


@pytest.mark.parametrize(("rate", "contacted"), [(0.1, 0.1), (0, 0.1), (0.1, 1)])
def test_rates_that_no_control_tells_apart_are_refused(rate, contacted):
    with pytest.raises(TooLittleDataError, match="no control can tell"):
        control_size(rate, contacted)
