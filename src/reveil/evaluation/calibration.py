"""Calibration: when the model says 30 %, do 30 in 100 act?

In:  outcomes (0 or 1), probabilities; optionally bootstrap weights, shape (draws, rows).
Out: log loss, Brier, calibration error, observed/expected, slope and intercept, reliability bins.
Knows nothing of ranking: see `ranking`, which also explains the `..._of` functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

from reveil.evaluation.interval import Interval
from reveil.evaluation.ranking import Floats, Weighing, once

CLIP = 1e-6
"""Probabilities are judged within [CLIP, 1 - CLIP]: one certain error must not be infinite."""

BINS = 10


def log_loss_of(y: ArrayLike, p: ArrayLike) -> Weighing:
    """Prepare `log_loss` for weights."""
    y, p = _checked(y, p)
    return _mean_of(-(y * np.log(p) + (1 - y) * np.log1p(-p)))


def brier_of(y: ArrayLike, p: ArrayLike) -> Weighing:
    """Prepare `brier` for weights."""
    y, p = _checked(y, p)
    return _mean_of((y - p) ** 2)


def observed_over_expected_of(y: ArrayLike, p: ArrayLike) -> Weighing:
    """Prepare `observed_over_expected` for weights."""
    both = np.stack(_checked(y, p), axis=1)

    def weigh(weights: Floats) -> Floats:
        observed, expected = _sums(weights, both).T
        return np.asarray(observed / expected)

    return weigh


def calibration_error_of(y: ArrayLike, p: ArrayLike) -> Weighing:
    """Prepare `calibration_error` for weights."""
    y, p = _checked(y, p)
    bins = _bins(p)
    inside = (bins[:, None] == np.arange(bins.max(initial=0) + 1)).astype(np.float64)
    off = inside * (y - p)[:, None]

    def weigh(weights: Floats) -> Floats:
        return np.asarray(np.abs(_sums(weights, off)).sum(axis=1) / weights.sum(axis=1))

    return weigh


def _line_of(part: int) -> Callable[[ArrayLike, ArrayLike], Weighing]:
    """Prepare the calibration line's intercept (0) or slope (1) for weights.

    The line is fitted once; each draw takes one Newton step from there, which has the same limit
    as refitting it and needs no exponential.
    """

    def prepare(y: ArrayLike, p: ArrayLike) -> Weighing:
        y, p = _checked(y, p)
        z = np.log(p) - np.log1p(-p)
        try:
            line = calibration_line(y, p)
        except ZeroDivisionError:
            return lambda weights: np.full(len(weights), np.nan)
        fitted = expit(line.intercept + line.slope * z)
        gradient, curve = y - fitted, fitted * (1 - fitted)
        table = np.stack([gradient, gradient * z, curve, curve * z, curve * z * z], axis=1)
        start = (line.intercept, line.slope)[part]

        def weigh(weights: Floats) -> Floats:
            g0, g1, h00, h01, h11 = _sums(weights, table).T
            step = (h11 * g0 - h01 * g1, h00 * g1 - h01 * g0)[part]
            return np.asarray(start + step / (h00 * h11 - h01 * h01))

        return weigh

    return prepare


slope_of = _line_of(1)
intercept_of = _line_of(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """`logit P(y = 1) = intercept + slope * logit p`; (0, 1) is perfect. A slope below 1 says that
    the model is too sure of itself.
    """

    intercept: float
    slope: float


def calibration_line(y: ArrayLike, p: ArrayLike) -> Line:
    """Fit the calibration line by maximum likelihood.

    Raises
    ------
    ZeroDivisionError
        When only one class, or one probability, is there.

    References
    ----------
    Cox (1958), Two further applications of a model for binary regression. Biometrika 45.

    Examples
    --------
    >>> p = np.repeat([0.2, 0.8], 10)
    >>> y = [1] * 4 + [0] * 6 + [1] * 6 + [0] * 4           # truth is .4 and .6
    >>> round(calibration_line(y, p).slope, 3)               # logit(.6) / logit(.8)
    0.292
    """
    y, p = _checked(y, p)
    z = np.log(p) - np.log1p(-p)
    if y.min() == y.max() or np.ptp(z) < 1e-9:
        raise ZeroDivisionError("a calibration line needs both classes and two probabilities")
    c0, c1 = 0.0, 1.0
    for _ in range(50):
        fitted = expit(c0 + c1 * z)
        g, h = y - fitted, np.maximum(fitted * (1 - fitted), 1e-12)
        g0, g1 = np.sum(g), np.sum(g * z)
        h00, h01, h11 = np.sum(h), np.sum(h * z), np.sum(h * z * z)
        det = h00 * h11 - h01 * h01
        d0, d1 = (h11 * g0 - h01 * g1) / det, (h00 * g1 - h01 * g0) / det
        longest = max(abs(d0), abs(d1), 1.0)  # a bounded step: perfect separation has no end
        c0, c1 = c0 + d0 / longest, c1 + d1 / longest
        if abs(d0) + abs(d1) < 1e-10:
            break
    return Line(intercept=float(c0), slope=float(c1))


def log_loss(y: ArrayLike, p: ArrayLike) -> float:
    """Mean negative log-likelihood.

    Examples
    --------
    >>> round(log_loss([1, 0], [0.9, 0.1]), 4)
    0.1054
    """
    return once(log_loss_of(y, p), len(np.asarray(y)))


def brier(y: ArrayLike, p: ArrayLike) -> float:
    """Mean squared distance between probability and outcome.

    Examples
    --------
    >>> round(brier([1, 0], [0.9, 0.1]), 4)
    0.01
    """
    return once(brier_of(y, p), len(np.asarray(y)))


def calibration_error(y: ArrayLike, p: ArrayLike) -> float:
    """Mean distance between rate and mean probability over ten bins of equal size (ECE).

    Examples
    --------
    >>> round(calibration_error([1, 0, 1, 0], [0.7, 0.3, 0.7, 0.3]), 4)
    0.3
    """
    return once(calibration_error_of(y, p), len(np.asarray(y)))


def observed_over_expected(y: ArrayLike, p: ArrayLike) -> float:
    """Outcomes that came over outcomes announced; 1 is right.

    Examples
    --------
    >>> round(observed_over_expected([1, 1, 0, 0], [0.5, 0.5, 0.5, 0.5]), 4)
    1.0
    """
    return once(observed_over_expected_of(y, p), len(np.asarray(y)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """One dot of a reliability diagram: rows of similar probability.

    Parameters
    ----------
    predicted
        Their mean probability.
    observed
        Their rate of outcomes, with Wilson's interval.
    n
        How many.
    """

    predicted: float
    observed: Interval
    n: int


def reliability(y: ArrayLike, p: ArrayLike) -> tuple[Bin, ...]:
    """Bins of equal size, lowest probability first; equal probabilities share a bin.

    References
    ----------
    Wilson (1927), Probable inference, the law of succession, and statistical inference. JASA 22.

    Examples
    --------
    >>> [(b.predicted, b.observed.estimate, b.n) for b in reliability([0, 0, 1, 1], [.2, .2, .8, .8])]
    [(0.2, 0.0, 2), (0.8, 1.0, 2)]
    """
    y, p = _checked(y, p)
    bins = _bins(p)
    out = []
    for k in np.unique(bins):
        mine = bins == k
        n, rate = int(mine.sum()), float(np.mean(y[mine]))
        spread = 1.96 / (1 + 1.96**2 / n) * sqrt(rate * (1 - rate) / n + 1.96**2 / (4 * n * n))
        middle = (rate + 1.96**2 / (2 * n)) / (1 + 1.96**2 / n)
        observed = Interval(
            estimate=rate, low=max(middle - spread, 0.0), high=min(middle + spread, 1.0)
        )
        out.append(Bin(predicted=float(np.mean(p[mine])), observed=observed, n=n))
    return tuple(out)


def _bins(p: Floats) -> NDArray[np.int64]:
    edges = np.quantile(p, np.arange(1, BINS) / BINS) if len(p) else np.zeros(0)
    return np.searchsorted(np.unique(edges), p, side="left").astype(np.int64)


def _checked(y: ArrayLike, p: ArrayLike) -> tuple[Floats, Floats]:
    y, p = np.asarray(y, dtype=np.float64), np.asarray(p, dtype=np.float64)
    return y, np.clip(p, CLIP, 1.0 - CLIP)


def _mean_of(each: Floats) -> Weighing:
    return lambda weights: _sums(weights, each[:, None])[:, 0] / weights.sum(axis=1)


def _sums(weights: Floats, table: Floats) -> Floats:
    # einsum, not @: a BLAS product may change its last bits with the number of threads.
    return np.asarray(np.einsum("dn,nm->dm", weights, table))
