"""Candidate: everything a score needs, as plain values that a file can hold.

In:  a frame with the candidate's feature columns.
Out: probabilities or money, and the contribution of every feature to each.
Knows nothing of how it was fitted, evaluated or stored.

The score of a row is, in log-odds (or, for amounts, in log money):

    z = tree_weight * mean(boosters) + btyd.weight * logit P(order within the horizon) + shift
    z = slope * z + intercept                          when the calibrator is a `Sigmoid`
    z = log-odds read off a curve                      when it is `Isotonic`
    z = z + season of the row's cutoff                 when the frame has a `cutoff` column
    p = 1 / (1 + exp(-z));  1 - p when `complement`
    amount = scale * exp(z)                            when `link` is "log"

`contributions` splits the z of what is predicted: when `complement` the signs are turned, so a
positive contribution to attrition raises attrition. They add up to z exactly, except that an
isotonic step, which has no log-odds of its own, is left out of the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

import lightgbm as lgb
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from reveil.errors import DataError, nearest
from reveil.learning.btyd import Btyd
from reveil.windows import STEP, Windows

Floats = NDArray[np.float64]
Population = Literal["active", "inactive"]

BTYD_TERM = "btyd"
"""Name of the column that the BTYD member has among the contributions."""

SEASON_TERM = "season"
"""Name of the column that the season has among the contributions; equal for all of a cutoff."""

YEAR = timedelta(days=364)
"""Fifty-two weeks: the same weekday of the same season last year."""

COUNT = "purchase_count"
RECENCY = "purchase_recency_days"
TENURE = "purchase_tenure_days"
AMOUNT = "purchase_amount_mean"


@dataclass(frozen=True, kw_only=True, slots=True)
class BtydMember:
    """A BTYD model's part in a blend.

    Parameters
    ----------
    model
        Its parameters, fitted on the latest training cutoff.
    weight
        What its log-odds of an order within the horizon are multiplied by.
    center
        Its mean log-odds where it was fitted: what an ordinary customer has, so that a
        contribution says how a customer differs. A row whose clocks are null gets it.

    Examples
    --------
    >>> m = BtydMember(model=Btyd(model="mbg", r=0.8, alpha=60.0, a=0.6, b=2.5), weight=0.7,
    ...                center=-1.0)
    >>> m.logit(pd.DataFrame({"purchase_count": [1.0, np.nan],
    ...     "purchase_recency_days": [90.0, np.nan], "purchase_tenure_days": [90.0, np.nan]}),
    ...     horizon=90.0).round(3)
    array([-1.331, -1.   ])
    """

    model: Btyd
    weight: float
    center: float

    def logit(self, frame: pd.DataFrame, *, horizon: float) -> Floats:
        """Log-odds of an order within `horizon` days, shape (rows,)."""
        x, t_x, T = clocks(frame)
        known = np.isfinite(x) & np.isfinite(t_x) & np.isfinite(T)
        out = np.full(len(frame), self.center, dtype=np.float64)
        out[known] = self.model.logit_order_within(x[known], t_x[known], T[known], horizon=horizon)
        return out


@dataclass(frozen=True, kw_only=True, slots=True)
class Sigmoid:
    """Platt's calibration of log-odds: `slope * z + intercept`."""

    slope: float
    intercept: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Isotonic:
    """A rising curve from log-odds to probability: straight between knots, flat outside."""

    logits: tuple[float, ...]
    probabilities: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Season:
    """What the outcome of a training cutoff had above an average season, in log-odds of `y`."""

    cutoff: date
    shift: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Contributions:
    """What each term added to each row's z.

    Parameters
    ----------
    names
        The candidate's features in order, then its other terms (`btyd`, `season`).
    values
        Shape (rows, names), float64.
    bias
        The z of an ordinary customer; `bias + values.sum(axis=1)` is z.
    """

    names: tuple[str, ...]
    values: Floats
    bias: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Candidate:
    """A model that may become champion. See the module's first lines for what it computes.

    Parameters
    ----------
    target
        `attrition`, `reactivation` or `margin_if_returns`.
    population
        Whose scores it was calibrated and judged on; others' scores mean nothing.
    kind
        `boosted`, or `baseline` when there was too little data to learn more.
    link
        `logit` for probabilities, `log` for amounts.
    features
        Columns in the order the boosters know them.
    boosters
        LightGBM model texts without the thread count; averaged before the link.
    learned_until
        First day after the last outcome that training and calibration saw. Only cutoffs from
        there on can judge it.
    seasons
        Shifts of last year's cutoffs: a row's own is that of the cutoff 52 weeks before its
        `cutoff`, give or take two weeks, else 0. A frame without that column is scored for an
        average season.
    params, seed
        What it was fitted with, for the record.

    Examples
    --------
    >>> from datetime import timedelta
    >>> c = Candidate(target="reactivation", population="inactive", kind="baseline",
    ...     features=("purchase_count", "purchase_recency_days", "purchase_tenure_days"),
    ...     btyd=BtydMember(model=Btyd(model="mbg", r=0.8, alpha=60.0, a=0.6, b=2.5), weight=1.0,
    ...                     center=-1.0),
    ...     windows=Windows(observation=timedelta(364), horizon=timedelta(90)),
    ...     learned_until=date(2011, 5, 10))
    >>> rows = pd.DataFrame({"purchase_count": [1.0, 6.0], "purchase_recency_days": [200.0, 10.0],
    ...                      "purchase_tenure_days": [200.0, 310.0]})
    >>> c.predict(rows).round(3)
    array([0.119, 0.656])
    >>> c.contributions(rows).values[:, -1].round(3)
    array([-1.   ,  1.644])
    """

    target: str
    population: Population
    kind: Literal["boosted", "baseline"]
    features: tuple[str, ...]
    windows: Windows
    learned_until: date
    link: Literal["logit", "log"] = "logit"
    boosters: tuple[str, ...] = ()
    tree_weight: float = 1.0
    btyd: BtydMember | None = None
    shift: float = 0.0
    calibrator: Sigmoid | Isotonic | None = None
    seasons: tuple[Season, ...] = ()
    complement: bool = False
    scale: float = 1.0
    params: Mapping[str, float | int | str | bool] = field(default_factory=dict)
    seed: int = 0

    @property
    def horizon_days(self) -> float:
        """Days from the cutoff to the end of the outcome window: what BTYD looks ahead."""
        return (self.windows.gap + self.windows.horizon).total_seconds() / 86_400

    @property
    def terms(self) -> tuple[str, ...]:
        """Names of the contributions' columns."""
        members = () if self.btyd is None else (BTYD_TERM,)
        return (*self.features, *members, *((SEASON_TERM,) if self.seasons else ()))

    def raw(self, frame: pd.DataFrame, *, threads: int = 1) -> Floats:
        """Blend and shift, before calibration and complement, shape (rows,)."""
        z = np.full(len(frame), self.shift, dtype=np.float64)
        x = matrix(frame, self.features)
        for text in self.boosters:
            z += self._each * _trees(text, x, contributions=False, threads=threads)
        if self.btyd is not None:
            z += self.btyd.weight * self.btyd.logit(frame, horizon=self.horizon_days)
        return z

    def predict(self, frame: pd.DataFrame, *, threads: int = 1) -> Floats:
        """Probability of the target, or its amount in money, one per row.

        Parameters
        ----------
        frame
            Holds at least the candidate's features; other columns are ignored.
        threads
            For speed only: every number of threads gives the same bits.

        Raises
        ------
        DataError
            When a feature column is missing.
        """
        z = self.raw(frame, threads=threads)
        if self.link == "log":
            return self.scale * np.exp(z)
        p = calibrated(self.calibrator, z, shift=self.season(frame))
        return 1.0 - p if self.complement else p

    def season(self, frame: pd.DataFrame) -> Floats:
        """Shift of each row's season, in log-odds of `y`, shape (rows,)."""
        out = np.zeros(len(frame))
        if not self.seasons or "cutoff" not in frame.columns:
            return out
        when = pd.to_datetime(frame["cutoff"]).to_numpy(dtype="datetime64[D]")
        for cutoff in np.unique(when):
            last_year = cutoff.astype(date) - YEAR
            nearest = min(self.seasons, key=lambda s: abs(s.cutoff - last_year))
            if abs(nearest.cutoff - last_year) <= STEP / 2:
                out[when == cutoff] = nearest.shift
        return out

    def contributions(self, frame: pd.DataFrame, *, threads: int = 1) -> Contributions:
        """Exact path-dependent Shapley values of the trees, and the other members' own terms.

        A calibrating slope multiplies them, and `complement` turns their signs, so that with the
        bias they add up to the log-odds of what `predict` returns (log money for amounts).

        References
        ----------
        Lundberg et al. (2020), From local explanations to global understanding with explainable
        AI for trees. Nature Machine Intelligence 2.
        """
        x = matrix(frame, self.features)
        values = np.zeros((len(frame), len(self.terms)))
        bias, k = self.shift, len(self.features)
        for text in self.boosters:
            if len(x):
                part = _trees(text, x, contributions=True, threads=threads)
                values[:, :k] += self._each * part[:, :k]
            bias += self._each * _expected(text, k)
        if self.btyd is not None:
            odds = self.btyd.logit(frame, horizon=self.horizon_days)
            values[:, k] = self.btyd.weight * (odds - self.btyd.center)
            bias += self.btyd.weight * self.btyd.center
        if isinstance(self.calibrator, Sigmoid):
            values *= self.calibrator.slope
            bias = self.calibrator.slope * bias + self.calibrator.intercept
        if self.seasons:
            values[:, -1] = self.season(frame)
        if self.link == "log":
            bias += float(np.log(self.scale))
        if self.complement:
            values, bias = -values, -bias
        return Contributions(names=self.terms, values=values, bias=float(bias))

    @property
    def _each(self) -> float:
        return self.tree_weight / max(len(self.boosters), 1)


def clocks(frame: pd.DataFrame) -> tuple[Floats, Floats, Floats]:
    """Repeat orders, days from first to last order, days since the first; null stays null.

    Examples
    --------
    >>> [a.tolist() for a in clocks(pd.DataFrame({"purchase_count": [3.0],
    ...     "purchase_recency_days": [20.0], "purchase_tenure_days": [200.0]}))]
    [[2.0], [180.0], [200.0]]
    """
    count, recency, T = matrix(frame, (COUNT, RECENCY, TENURE)).T.astype(np.float64)
    return np.maximum(count - 1.0, 0.0), np.clip(T - recency, 0.0, T), T


def matrix(frame: pd.DataFrame, features: tuple[str, ...]) -> NDArray[np.float32]:
    """Feature columns in order as float32, C-contiguous, shape (rows, features).

    Raises
    ------
    DataError
        When a column is missing.

    Examples
    --------
    >>> matrix(pd.DataFrame({"recency": [1.0]}), ("recncy",))
    Traceback (most recent call last):
    ...
    reveil.errors.DataError: 1 of 1 features is not in the frame: recncy
    Hint: did you mean `recency`?
    """
    missing = [name for name in features if name not in frame.columns]
    if missing:
        raise DataError(
            f"{len(missing)} of {len(features)} features "
            f"{'is' if len(missing) == 1 else 'are'} not in the frame: {', '.join(missing[:5])}",
            hint=nearest(missing[0], [str(c) for c in frame.columns]),
        )
    return np.ascontiguousarray(frame.loc[:, list(features)].to_numpy(dtype=np.float32))


def calibrated(
    calibrator: Sigmoid | Isotonic | None, z: Floats, *, shift: Floats | float = 0.0
) -> Floats:
    """Log-odds to probabilities through a calibrator, then a shift of the log-odds.

    Examples
    --------
    >>> calibrated(Sigmoid(slope=2.0, intercept=0.0), np.array([0.0, 1.0])).round(3)
    array([0.5  , 0.881])
    >>> calibrated(Isotonic(logits=(-1.0, 1.0), probabilities=(0.1, 0.3)), np.array([0.0, 9.0]))
    array([0.2, 0.3])
    """
    if isinstance(calibrator, Isotonic):
        z = logit(np.interp(z, calibrator.logits, calibrator.probabilities))
    elif isinstance(calibrator, Sigmoid):
        z = calibrator.slope * z + calibrator.intercept
    return np.asarray(expit(z + shift), dtype=np.float64)


@lru_cache(maxsize=64)
def parsed(text: str) -> lgb.Booster:
    """Parse a model text once per process."""
    return lgb.Booster(model_str=text)


@lru_cache(maxsize=64)
def _expected(text: str, features: int) -> float:
    """LightGBM's own expected value: the last column of its contributions, equal on every row."""
    empty = np.zeros((1, features), dtype=np.float32)
    return float(_trees(text, empty, contributions=True, threads=1)[0, features])


def _trees(text: str, x: NDArray[np.float32], *, contributions: bool, threads: int) -> Floats:
    """Raw scores, or contributions with the expected value in the last column."""
    if not len(x):
        return np.zeros(0)
    return np.asarray(
        parsed(text).predict(x, raw_score=True, pred_contrib=contributions, num_threads=threads),
        dtype=np.float64,
    )
