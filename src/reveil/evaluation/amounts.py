"""Amounts: is predicted money the money that came, for the right customers?

In:  amounts, predictions in the same money; optionally bootstrap weights, shape (draws, rows).
Out: Gini, Spearman, decile error, bias.
Knows nothing of how amounts were capped for training: judge against the uncapped ones.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import rankdata

from reveil.evaluation.ranking import Floats, Ranked, Weighing, once

DECILES = 10


def gini_of(amounts: ArrayLike, predictions: ArrayLike) -> Weighing:
    """Prepare `gini` for weights."""
    amounts = np.asarray(amounts, dtype=np.float64)
    by_prediction, by_amount = Ranked.by(predictions), Ranked.by(amounts)

    def concentration(ranked: Ranked, weights: Floats) -> Floats:
        everyone, money = ranked.sums(weights), ranked.sums(weights * amounts)
        below = everyone.sum(axis=1, keepdims=True) - np.cumsum(everyone, axis=1) + everyone / 2
        total = everyone.sum(axis=1) * money.sum(axis=1)
        return np.asarray(2 * (money * below).sum(axis=1) / np.where(total == 0, np.nan, total) - 1)

    def weigh(weights: Floats) -> Floats:
        best = concentration(by_amount, weights)
        return concentration(by_prediction, weights) / np.where(best == 0, np.nan, best)

    return weigh


def spearman_of(amounts: ArrayLike, predictions: ArrayLike) -> Weighing:
    """Prepare `spearman` for weights: draws keep the ranks of the whole sample."""
    a, b = (rankdata(np.asarray(v, dtype=np.float64)) for v in (amounts, predictions))
    a, b = a - a.mean(), b - b.mean()
    table = np.stack([np.ones(len(a)), a, b, a * b, a * a, b * b], axis=1)

    def weigh(weights: Floats) -> Floats:
        n, sa, sb, sab, saa, sbb = np.einsum("dn,nm->dm", weights, table).T
        spread = np.sqrt(np.maximum((n * saa - sa**2) * (n * sbb - sb**2), 0.0))
        return np.asarray((n * sab - sa * sb) / np.where(spread == 0, np.nan, spread))

    return weigh


def decile_error_of(amounts: ArrayLike, predictions: ArrayLike) -> Weighing:
    """Prepare `decile_error` for weights."""
    a, p = (np.asarray(v, dtype=np.float64) for v in (amounts, predictions))
    edges = np.unique(np.quantile(p, np.arange(1, DECILES) / DECILES)) if len(p) else np.zeros(0)
    inside = np.searchsorted(edges, p)[:, None] == np.arange(len(edges) + 1)
    off, total = inside * (p - a)[:, None], a[:, None]

    def weigh(weights: Floats) -> Floats:
        money = np.einsum("dn,nm->dm", weights, total)[:, 0]
        wrong = np.abs(np.einsum("dn,nm->dm", weights, off)).sum(axis=1)
        return np.asarray(wrong / np.where(money == 0, np.nan, money))

    return weigh


def bias_of(amounts: ArrayLike, predictions: ArrayLike) -> Weighing:
    """Prepare `bias` for weights."""
    both = np.stack([np.asarray(v, dtype=np.float64) for v in (amounts, predictions)], axis=1)

    def weigh(weights: Floats) -> Floats:
        came, announced = np.einsum("dn,nm->dm", weights, both).T
        return np.asarray(announced / np.where(came == 0, np.nan, came))

    return weigh


def gini(amounts: ArrayLike, predictions: ArrayLike) -> float:
    """Concentration of money along the predicted order, over that along the true order.

    Returns
    -------
    float
        1 for the true order, about 0 for a random one.

    Examples
    --------
    >>> gini([0, 10, 20, 70], [1, 2, 3, 4])
    1.0
    >>> round(gini([0, 10, 20, 70], [1, 2, 4, 3]), 3)
    0.545
    """
    return once(gini_of(amounts, predictions), len(np.asarray(amounts)))


def spearman(amounts: ArrayLike, predictions: ArrayLike) -> float:
    """Correlation of ranks, ties at their mean rank.

    Examples
    --------
    >>> round(spearman([0, 10, 20, 70], [1, 2, 4, 3]), 3)
    0.8
    """
    return once(spearman_of(amounts, predictions), len(np.asarray(amounts)))


def decile_error(amounts: ArrayLike, predictions: ArrayLike) -> float:
    """Money misplaced between announced and true, by decile of prediction, over all the money.

    Examples
    --------
    >>> decile_error([0.0, 0.0, 10.0, 10.0], [5.0, 5.0, 5.0, 5.0])     # one bin: only bias shows
    0.0
    >>> decile_error([0.0, 20.0], [5.0, 10.0])
    0.75
    """
    return once(decile_error_of(amounts, predictions), len(np.asarray(amounts)))


def bias(amounts: ArrayLike, predictions: ArrayLike) -> float:
    """Money announced over money that came; 1 is right.

    Examples
    --------
    >>> bias([5.0, 15.0], [10.0, 15.0])
    1.25
    """
    return once(bias_of(amounts, predictions), len(np.asarray(amounts)))
