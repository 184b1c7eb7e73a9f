"""Contrast: what distinguishes two groups of customers, column by column.

In:  a matrix of features, one row per customer, NaN where a feature is null; who moved.
Out: `Contrast` per column, the largest standardised difference first.
Knows nothing of states or dates: the caller decides who moved, and takes the features at the
date *before* the move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan, sqrt

import numpy as np
from numpy.typing import NDArray

from reveil.evaluation.interval import Interval

FEWEST = 20
"""Known values each group needs before a difference is told."""

_Z = 1.959963984540054
"""Half-width of a 95 % normal interval in standard errors."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contrast:
    """How far apart two groups are in one feature.

    Parameters
    ----------
    name
        The feature.
    difference
        Mean rank of those who moved less that of those who stayed, in pooled standard
        deviations, with its 95 % interval; above 0 when those who moved have the higher
        values. NaN with fewer than `FEWEST` known values on either side, or none that differ.
    moved_median, stayed_median, moved_mean, stayed_mean
        Of the known values, in the feature's own unit; NaN without any.
    moved_null, stayed_null
        Share of each group for whom the feature is null, in [0, 1].
    """

    name: str
    difference: Interval
    moved_median: float
    stayed_median: float
    moved_mean: float
    stayed_mean: float
    moved_null: float
    stayed_null: float

    @property
    def typical(self) -> tuple[float, float]:
        """A value to show for each group: the medians, or the means where the medians are equal.

        Of a rare event both medians are 0, and only the means differ.
        """
        if self.moved_median != self.stayed_median:
            return self.moved_median, self.stayed_median
        return self.moved_mean, self.stayed_mean


def contrast(
    matrix: NDArray[np.floating], moved: NDArray[np.bool_], names: Sequence[str]
) -> tuple[Contrast, ...]:
    """Compare those who moved with those who stayed.

    Values are replaced by their ranks first, ties by their mean rank: amounts and counts have
    tails so heavy that a few customers would decide a difference of plain means, and cutting
    the tails off would make a constant of a rare event. A column of two values keeps exactly the
    standardised difference of its two shares. Nulls are left out of the difference and told as
    shares.

    Parameters
    ----------
    matrix
        Shape (customers, features); NaN is null.
    moved
        Shape (customers,): True for those who moved, False for those who stayed.
    names
        One per column.

    Returns
    -------
    tuple of Contrast
        One per column, by absolute difference, largest first; those without one last, and
        equals by name.

    Raises
    ------
    ValueError
        When the shapes do not agree.

    References
    ----------
    Conover, Iman (1981), Rank transformations as a bridge between parametric and nonparametric
    statistics. The American Statistician 35(3).
    Austin (2009), Balance diagnostics for comparing the distribution of baseline covariates
    between treatment groups. Statistics in Medicine 28(25): the pooled deviation, in which both
    groups weigh the same.
    Hedges, Olkin (1985), Statistical methods for meta-analysis, ch. 5: the normal interval.

    Examples
    --------
    >>> moved = np.arange(200) < 100
    >>> visits = np.where(moved, 1.0, 9.0) + np.arange(200) % 10
    >>> found = contrast(np.column_stack([np.arange(200) % 7, visits]), moved, ["noise", "visits"])
    >>> [(c.name, c.difference.text(digits=1)) for c in found]
    [('visits', '-3.0 [-3.4, -2.6]'), ('noise', '-0.0 [-0.3, 0.3]')]
    """
    if matrix.shape != (len(moved), len(names)):
        raise ValueError(
            f"need one row per customer and one column per name, got {matrix.shape} "
            f"for {len(moved)} customers and {len(names)} names"
        )
    found = [_one(name, matrix[:, i], moved) for i, name in enumerate(names)]
    return tuple(sorted(found, key=_order))


def _order(one: Contrast) -> tuple[float, str]:
    size = abs(one.difference.estimate) if one.difference.exists else -inf
    return -size, one.name


def _one(name: str, column: NDArray[np.floating], moved: NDArray[np.bool_]) -> Contrast:
    values = column.astype(np.float64)
    known = ~np.isnan(values)
    ranks = np.full(len(values), nan)
    ranks[known] = _mid_ranks(values[known])
    gone, kept = values[known & moved], values[known & ~moved]
    return Contrast(
        name=name,
        difference=_standardised(ranks[known & moved], ranks[known & ~moved]),
        moved_median=_median(gone),
        stayed_median=_median(kept),
        moved_mean=_mean(gone),
        stayed_mean=_mean(kept),
        moved_null=_mean(~known[moved]),
        stayed_null=_mean(~known[~moved]),
    )


def _mid_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank from 1, ties sharing the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    middle: NDArray[np.float64] = last - (counts - 1) / 2.0
    return middle[place]


def _standardised(gone: NDArray[np.float64], kept: NDArray[np.float64]) -> Interval:
    n, m = len(gone), len(kept)
    if min(n, m) < FEWEST:
        return Interval.exactly(nan)
    difference = float(gone.mean() - kept.mean())
    if difference == 0 and not gone.var() and not kept.var():
        return Interval.exactly(nan)
    # Two groups of one value each still spread over one rank: a difference stays a number.
    deviation = max(sqrt((float(gone.var(ddof=1)) + float(kept.var(ddof=1))) / 2), 1.0)
    d = difference / deviation
    error = sqrt((n + m) / (n * m) + d * d / (2 * (n + m)))
    return Interval(estimate=d, low=d - _Z * error, high=d + _Z * error)


def _median(values: NDArray[np.float64]) -> float:
    return float(np.median(values)) if len(values) else nan


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else nan
