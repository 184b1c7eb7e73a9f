"""What distinguishes two groups: right in size, sign and doubt, whatever the column looks like."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.evaluation.contrast import FEWEST, Contrast, contrast


def one(values: np.ndarray, moved: np.ndarray) -> Contrast:
    (found,) = contrast(values[:, None], moved, ["x"])
    return found


def halves(n: int) -> np.ndarray:
    return np.arange(2 * n) < n


def test_a_known_shift_of_a_normal_column_is_found() -> None:
    """Ranks of two normals half a deviation apart: close to .5, and the sign is the movers'."""
    rng = np.random.default_rng(1)
    moved = halves(20_000)
    found = one(rng.normal(size=40_000) + 0.5 * moved, moved).difference
    assert found.low < 0.50 < found.high
    assert found.high - found.low < 0.05
    assert one(rng.normal(size=40_000) - 0.5 * moved, moved).difference.high < 0


@given(st.integers(0, 60), st.integers(0, 60), st.floats(-1e6, 1e6), st.floats(0.5, 1e6))
def test_two_values_give_the_difference_of_their_shares(
    a: int, b: int, low: float, step: float
) -> None:
    """Austin's formula for proportions, with the sample variance, whatever the two values."""
    moved = halves(60)
    has = np.r_[np.arange(60) < a, np.arange(60) < b]
    found = one(np.where(has, low + step, low), moved).difference
    p, q = a / 60, b / 60
    spread = np.sqrt((p * (1 - p) + q * (1 - q)) / 2 * 60 / 59)
    if p == q and p in (0, 1):
        assert not found.exists
    elif spread:
        assert found.estimate == pytest.approx((p - q) / spread)
    else:  # parted completely: large, and still a number
        assert abs(found.estimate) == 60


@given(st.integers(0, 2**32 - 1))
def test_a_change_of_scale_changes_nothing(seed: int) -> None:
    """The logarithm of a heavy-tailed column contrasts as the column does."""
    rng = np.random.default_rng(seed)
    moved = rng.random(300) < 0.4
    amounts = rng.lognormal(3, 2, 300) * (1 + moved)
    assert one(amounts, moved).difference == one(np.log(amounts), moved).difference


def test_one_giant_does_not_decide() -> None:
    """A plain mean would put the group with the giant far above."""
    rng = np.random.default_rng(2)
    moved = halves(500)
    amounts = rng.lognormal(3, 1, 1000)
    amounts[0] = 1e9
    found = one(amounts, moved)
    assert found.moved_mean > 1000 * found.stayed_mean
    assert found.difference.low < 0 < found.difference.high


def test_a_rare_event_is_not_cut_off() -> None:
    """One customer in a hundred complains, nearly all of them movers."""
    moved = halves(5_000)
    complaints = np.zeros(10_000)
    complaints[:95] = 1
    complaints[5_000:5_005] = 1
    found = one(complaints, moved)
    assert found.difference.low > 0.1
    assert (found.moved_median, found.moved_mean) == (0.0, 0.019)


def test_the_interval_covers_nineteen_times_in_twenty() -> None:
    """Without any difference, 0 lies inside about 95 % of intervals."""
    rng = np.random.default_rng(3)
    moved = np.arange(600) < 80
    matrix = rng.poisson(0.7, (600, 1_000)).astype(np.float32)
    found = contrast(matrix, moved, [f"x{i}" for i in range(1_000)])
    inside = sum(c.difference.low <= 0 <= c.difference.high for c in found)
    assert 930 <= inside <= 970


def test_nulls_are_told_and_do_not_count() -> None:
    """Shares by group; the difference is that of the customers with a value."""
    rng = np.random.default_rng(4)
    moved = halves(200)
    values = rng.normal(size=400)
    values[:50] = values[200:210] = np.nan
    found = one(values, moved)
    known = ~np.isnan(values)
    assert (found.moved_null, found.stayed_null) == (0.25, 0.05)
    assert found.difference == one(values[known], moved[known]).difference
    assert found.moved_median == np.median(values[50:200])


def test_too_few_values_give_no_difference() -> None:
    moved = halves(FEWEST - 1)
    assert not one(np.arange(2.0 * FEWEST - 2), moved).difference.exists
    assert one(np.arange(2.0 * FEWEST), halves(FEWEST)).difference.exists


def test_largest_first_unknown_last_equals_by_name() -> None:
    moved = halves(100)
    x = np.arange(200.0)
    matrix = np.column_stack([np.full(200, np.nan), x % 7, x, -x, np.full(200, 3.0)])
    found = contrast(matrix, moved, ["null", "noise", "b", "a", "constant"])
    assert [c.name for c in found] == ["a", "b", "noise", "constant", "null"]
    assert found[0].difference.estimate == -found[1].difference.estimate > 0
    assert np.isnan(found[-1].moved_median)


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="3 customers and 1 names"):
        contrast(np.zeros((4, 1)), np.zeros(3, dtype=bool), ["x"])
