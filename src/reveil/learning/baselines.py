"""Baselines: what a good analyst has without machine learning. Every report shows them.

In:  TrainingSet.
Out: scores of the target from recency alone, from RFM, from BG/NBD; past order value for amounts.
Knows nothing of boosting.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from reveil.errors import TooLittleDataError
from reveil.learning.btyd import Btyd, fit_btyd
from reveil.learning.candidate import AMOUNT, COUNT, RECENCY, clocks, matrix
from reveil.learning.training import TrainingSet

Floats = NDArray[np.float64]


class Baseline(Protocol):
    """Anything with a name that scores rows; higher means more likely, or more money."""

    @property
    def name(self) -> str:
        """How tables call it."""

    @property
    def calibrated(self) -> bool:
        """Whether scores are probabilities (or money), not only an order."""

    def score(self, frame: pd.DataFrame) -> Floats:
        """One score per row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecencyRule:
    """Order by days since the last order; nothing is fitted but what the target says of direction.

    Examples
    --------
    >>> RecencyRule(complement=False).score(pd.DataFrame({"purchase_recency_days": [10.0, 300.0]}))
    array([ -10., -300.])
    """

    complement: bool
    name: str = "recency"
    calibrated: bool = False

    def score(self, frame: pd.DataFrame) -> Floats:
        """Return days since the last order for attrition, their negative for reactivation."""
        recency = matrix(frame, (RECENCY,))[:, 0].astype(np.float64)
        recency = np.nan_to_num(recency, nan=1e6)
        return recency if self.complement else -recency


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmLogit:
    """Logistic regression on the logs of recency, frequency and money, of the population alone."""

    mean: tuple[float, ...]
    spread: tuple[float, ...]
    weights: tuple[float, ...]
    intercept: float
    name: str = "RFM logit"
    calibrated: bool = True

    def score(self, frame: pd.DataFrame) -> Floats:
        """Probability of the target."""
        x = (_rfm(frame) - np.asarray(self.mean)) / np.asarray(self.spread)
        return np.asarray(expit(self.intercept + (x * np.asarray(self.weights)).sum(axis=1)))


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpectedOrders:
    """BG/NBD: orders to expect until the end of the outcome window."""

    model: Btyd
    horizon_days: float
    complement: bool
    name: str = "BG/NBD"
    calibrated: bool = False

    def score(self, frame: pd.DataFrame) -> Floats:
        """Return expected orders, or their negative when the target is that none come.

        The model knows nothing of a customer who never ordered, and no order is expected of
        one: with clocks of 0 it would take them for somebody who ordered this very day.
        """
        x, t_x, T = clocks(frame)
        known = np.isfinite(x) & np.isfinite(t_x) & np.isfinite(T)
        orders = np.zeros(len(frame))
        orders[known] = self.model.expected_orders(
            x[known], t_x[known], T[known], horizon=self.horizon_days
        )
        return -orders if self.complement else orders


@dataclass(frozen=True, kw_only=True, slots=True)
class PastOrderValue:
    """Money of an average past order: what an analyst assumes the next one will be."""

    scale: float
    name: str = "past order value"
    calibrated: bool = True

    def score(self, frame: pd.DataFrame) -> Floats:
        """Mean past order, scaled to the margins seen in training."""
        past = matrix(frame, (AMOUNT,))[:, 0].astype(np.float64)
        return self.scale * np.maximum(np.nan_to_num(past), 0.0)


def fit_baselines(data: TrainingSet) -> tuple[Baseline, ...]:
    """Fit every baseline of the target on the training cutoffs, strongest claims last.

    BG/NBD is left out where nobody ordered twice, RFM where training holds one class.
    """
    train = data.at(data.split.train)
    if data.is_amount:
        past = PastOrderValue(scale=1.0).score(train).sum()
        return (PastOrderValue(scale=float(train["y"].sum() / past) if past > 0 else 1.0),)
    found: list[Baseline] = [RecencyRule(complement=data.complement)]
    judged = data.judged("train")
    y = data.outcome(judged)
    if len(y) and y.min() < y.max():
        found.append(_fit_rfm(judged, y))
    try:
        latest = train[train["cutoff"] == train["cutoff"].max()]
        windows = data.split.windows
        found.append(
            ExpectedOrders(
                model=fit_btyd(*known_clocks(latest), model="bg"),
                horizon_days=(windows.gap + windows.horizon).total_seconds() / 86_400,
                complement=data.complement,
            )
        )
    except TooLittleDataError:
        pass
    return tuple(found)


def known_clocks(frame: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Return the clocks of the customers who have them."""
    x, t_x, T = clocks(frame)
    known = np.isfinite(x) & np.isfinite(t_x) & np.isfinite(T)
    return x[known], t_x[known], T[known]


def _fit_rfm(rows: pd.DataFrame, y: Floats) -> RfmLogit:
    x = _rfm(rows)
    mean, spread = x.mean(axis=0), np.maximum(x.std(axis=0), 1e-9)
    fit = LogisticRegression(tol=1e-8, max_iter=1000).fit((x - mean) / spread, y)
    return RfmLogit(
        mean=tuple(mean.tolist()),
        spread=tuple(spread.tolist()),
        weights=tuple(fit.coef_[0].round(9).tolist()),
        intercept=float(fit.intercept_[0].round(9)),
    )


def _rfm(frame: pd.DataFrame) -> Floats:
    recency, count, amount = matrix(frame, (RECENCY, COUNT, AMOUNT)).T.astype(np.float64)
    money = np.nan_to_num(count) * np.nan_to_num(amount)
    raw = np.stack([np.nan_to_num(recency, nan=1e4), np.nan_to_num(count), money], axis=1)
    return np.asarray(np.log1p(np.maximum(raw, 0.0)), dtype=np.float64)
