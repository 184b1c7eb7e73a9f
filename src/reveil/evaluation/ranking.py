"""Ranking: does the list put those who act on top?

In:  outcomes (0 or 1), scores; optionally bootstrap weights, shape (draws, rows).
Out: AUC, average precision, lift and capture of the top; the gains curve.
Knows nothing of probabilities being right: see `calibration`.

Rows that share a score are one group, and a cut that falls inside a group takes its share of it.
So no figure depends on the order of rows. Every `..._of` prepares its figure once for (y, scores)
and returns a function from weights to one value per draw; that is what makes the bootstrap fast.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Weighing = Callable[[Floats], Floats]
"""From weights, shape (draws, rows), to one figure per draw; NaN where there is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ranked:
    """Rows sorted by score, best first, with the starts of the groups that share a score.

    Examples
    --------
    >>> r = Ranked.by([0.2, 0.9, 0.2])
    >>> r.order.tolist(), r.starts.tolist()
    ([1, 0, 2], [0, 1])
    >>> r.sums(np.ones((1, 3)))
    array([[1., 2.]])
    """

    order: NDArray[np.int64]
    starts: NDArray[np.int64]

    @classmethod
    def by(cls, scores: ArrayLike) -> Ranked:
        """Sort once."""
        s = np.asarray(scores, dtype=np.float64)
        order = np.argsort(-s, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(s[order]) != 0]) if len(s) else np.zeros(0)
        return cls(order=order.astype(np.int64), starts=starts.astype(np.int64))

    def sums(self, weights: Floats) -> Floats:
        """Sum weights over each group, shape (draws, groups)."""
        ordered = weights[:, self.order]
        if len(self.starts) == len(self.order):
            return ordered
        return np.asarray(np.add.reduceat(ordered, self.starts, axis=1))


def auc_of(y: ArrayLike, scores: ArrayLike) -> Weighing:
    """Prepare `auc` for weights."""
    y = np.asarray(y, dtype=np.float64)
    ranked = Ranked.by(scores)

    def weigh(weights: Floats) -> Floats:
        positive, negative = ranked.sums(weights * y), ranked.sums(weights * (1.0 - y))
        above = np.cumsum(positive, axis=1) - positive / 2.0
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        return _ratio((above * negative).sum(axis=1), pairs)

    return weigh


def average_precision_of(y: ArrayLike, scores: ArrayLike) -> Weighing:
    """Prepare `average_precision` for weights."""
    y = np.asarray(y, dtype=np.float64)
    ranked = Ranked.by(scores)

    def weigh(weights: Floats) -> Floats:
        positive, everyone = ranked.sums(weights * y), ranked.sums(weights)
        precision = _ratio(np.cumsum(positive, axis=1), np.cumsum(everyone, axis=1), empty=0.0)
        return _ratio((positive * precision).sum(axis=1), positive.sum(axis=1))

    return weigh


def capture_of(share: float) -> Callable[[ArrayLike, ArrayLike], Weighing]:
    """Prepare `capture_at` a share for weights."""

    def prepare(y: ArrayLike, scores: ArrayLike) -> Weighing:
        y = np.asarray(y, dtype=np.float64)
        ranked = Ranked.by(scores)

        def weigh(weights: Floats) -> Floats:
            reached = np.cumsum(ranked.sums(weights), axis=1)
            caught = np.cumsum(ranked.sums(weights * y), axis=1)
            within = [
                np.interp(share * r[-1], np.r_[0.0, r], np.r_[0.0, c])
                for r, c in zip(reached, caught, strict=True)
            ]
            return _ratio(np.asarray(within), caught[:, -1])

        return weigh

    return prepare


def lift_of(share: float) -> Callable[[ArrayLike, ArrayLike], Weighing]:
    """Prepare `lift_at` a share for weights."""
    capture = capture_of(share)

    def prepare(y: ArrayLike, scores: ArrayLike) -> Weighing:
        weigh = capture(y, scores)
        return lambda weights: weigh(weights) / share

    return prepare


def auc(y: ArrayLike, scores: ArrayLike) -> float:
    """P(a random positive scores above a random negative), ties counting one half.

    Returns
    -------
    float
        NaN when only one class is there.

    Examples
    --------
    >>> auc([1, 0, 1, 0], [0.9, 0.8, 0.8, 0.1])
    0.875
    """
    return once(auc_of(y, scores), len(np.asarray(y)))


def average_precision(y: ArrayLike, scores: ArrayLike) -> float:
    """Mean precision over the positives, each at its own rank; its floor is the base rate.

    Examples
    --------
    >>> average_precision([1, 0, 1, 0], [0.9, 0.8, 0.7, 0.1]).__round__(4)
    0.8333
    """
    return once(average_precision_of(y, scores), len(np.asarray(y)))


def capture_at(y: ArrayLike, scores: ArrayLike, share: float) -> float:
    """Share of all positives found in the top `share` of rows.

    Examples
    --------
    >>> capture_at([1, 0, 0, 1, 0], [5, 4, 3, 2, 1], share=0.2)
    0.5
    """
    return once(capture_of(share)(y, scores), len(np.asarray(y)))


def lift_at(y: ArrayLike, scores: ArrayLike, share: float) -> float:
    """Rate in the top `share` of rows over the base rate (`lift_at_k`, never called uplift).

    Examples
    --------
    >>> lift_at([1, 0, 0, 1, 0], [5, 4, 3, 2, 1], share=0.2)
    2.5
    """
    return once(lift_of(share)(y, scores), len(np.asarray(y)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Gains:
    """Share of positives (or of money) found when going down the list; starts at 0, ends at 1."""

    share: tuple[float, ...]
    captured: tuple[float, ...]


def gains(y: ArrayLike, scores: ArrayLike, *, points: int = 101) -> Gains:
    """Cumulative gains at equally spaced shares of the list.

    Parameters
    ----------
    y
        Outcomes, or amounts of at least 0.

    Examples
    --------
    >>> gains([1, 0, 0, 1], [4, 3, 2, 1], points=5).captured
    (0.0, 0.5, 0.5, 0.5, 1.0)
    """
    y = np.asarray(y, dtype=np.float64)
    ranked = Ranked.by(scores)
    reached = np.r_[0.0, np.cumsum(ranked.sums(np.ones((1, len(y)))))]
    caught = np.r_[0.0, np.cumsum(ranked.sums(y[None, :]))]
    share = np.linspace(0.0, 1.0, points)
    found = np.interp(share * reached[-1], reached, caught) / (caught[-1] or np.nan)
    return Gains(share=tuple(share.tolist()), captured=tuple(found.tolist()))


def once(weigh: Weighing, rows: int) -> float:
    """Figure of the rows as they are: every weight 1. NaN without rows.

    Examples
    --------
    >>> once(lambda w: w.sum(axis=1), 3)
    3.0
    """
    return float(weigh(np.ones((1, rows)))[0]) if rows else float("nan")


def _ratio(above: Floats, below: Floats, *, empty: float = np.nan) -> Floats:
    out = np.full(np.shape(below), empty)
    return np.asarray(np.divide(above, below, out=out, where=below > 0))
