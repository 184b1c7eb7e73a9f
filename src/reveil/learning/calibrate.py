"""Calibrate: turn the log-odds of members into log-odds one can count on.

In:  out-of-time log-odds, outcomes and cutoffs (`Seen`).
Out: a slope, a `Sigmoid` or `Isotonic`, or nothing: what left-out cutoffs agree to.
Knows nothing of models or frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from reveil.evaluation.calibration import calibration_line, log_loss
from reveil.learning.candidate import Isotonic, Sigmoid, calibrated
from reveil.windows import STEP, YEAR_OF_STEPS

Floats = NDArray[np.float64]
Calibrator = Sigmoid | Isotonic | None

ISOTONIC_ROWS = 50_000
"""Below that a step curve follows noise and merges scores (192 distinct ones of 60,000 even so)."""

SLOPES = (0.3, 3.0)
MIN_SLOPE_CUTOFFS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """Out-of-time predictions at several cutoffs, pooled.

    Parameters
    ----------
    z, y, cutoff
        Log-odds, outcomes, the cutoff's ordinal day; shape (rows,).
    """

    z: Floats
    y: Floats
    cutoff: NDArray[np.int64]

    @property
    def covers_a_year(self) -> bool:
        """Whether every season is among the cutoffs."""
        days = int(np.ptp(self.cutoff)) if len(self.cutoff) else 0
        return days >= (YEAR_OF_STEPS - 1) * STEP.days

    def without(self, cutoff: int) -> Seen:
        """Leave a cutoff out."""
        kept = self.cutoff != cutoff
        return Seen(z=self.z[kept], y=self.y[kept], cutoff=self.cutoff[kept])

    def only(self, cutoff: int) -> Seen:
        """Keep one cutoff."""
        kept = self.cutoff == cutoff
        return Seen(z=self.z[kept], y=self.y[kept], cutoff=self.cutoff[kept])


def level(y: Floats, z: Floats, *, pull: float = 0.0) -> float:
    """Find the shift of the log-odds after which the announced number of outcomes is what came.

    Parameters
    ----------
    pull
        Towards 0: each unit of shift must be worth so many outcomes.

    Examples
    --------
    >>> round(level(np.array([1.0, 0.0, 0.0, 0.0]), np.zeros(4)), 4)     # logit of one in four
    -1.0986
    """
    if not len(y):
        return 0.0
    came = float(np.clip(y.mean(), 0.5 / len(y), 1 - 0.5 / len(y)))
    low, high = -20.0 - float(z.max()), 20.0 - float(z.min())
    for _ in range(100):  # bisection: the announced rate rises with the shift
        middle = (low + high) / 2
        if float(expit(z + middle).mean()) + pull * middle / len(y) < came:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def shared_slope(seen: Seen | None) -> float:
    """Slope common to all cutoffs, each with a level of its own; 1 where it does not help.

    It is for bases whose cutoffs do not cover a year: how far apart scores should be can be
    learned from one season, how high they are cannot. Judged by the log loss of each cutoff under
    the slope of the others, which must fall by more than one standard error over the cutoffs.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(0, 2, 8000); when = np.repeat([0, 28, 56, 84], 2000)
    >>> y = (rng.uniform(size=8000) < expit(z / 2 + when / 84)).astype(float)
    >>> round(shared_slope(Seen(z=z, y=y, cutoff=when)), 1)
    0.5
    """
    if seen is None:
        return 1.0
    cutoffs = [int(c) for c in np.unique(seen.cutoff)]
    if len(cutoffs) < MIN_SLOPE_CUTOFFS:
        return 1.0
    gains = []
    for c in cutoffs:
        mine = seen.only(c)
        sloped = _levelled_loss(mine, _best_slope(seen.without(c)))
        gains.append(_levelled_loss(mine, 1.0) - sloped)
    doubt = float(np.std(gains, ddof=1)) / np.sqrt(len(gains))
    return _best_slope(seen) if float(np.mean(gains)) > doubt else 1.0


def calibrator_of(seen: Seen) -> Calibrator:
    """Choose none, sigmoid or isotonic by the log loss of cutoffs left out in turn.

    For predictions that cover a year: their level is every season's.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> z = rng.normal(0, 2, 6000); when = np.repeat([0, 28, 56], 2000)
    >>> y = (rng.uniform(size=6000) < expit(z / 2 - 1)).astype(float)
    >>> type(calibrator_of(Seen(z=z, y=y, cutoff=when))).__name__
    'Sigmoid'
    """
    ways: list[Callable[[Seen], Calibrator]] = [lambda _: None, _sigmoid]
    if len(seen.y) >= ISOTONIC_ROWS:
        ways.append(_isotonic)
    cutoffs = [int(c) for c in np.unique(seen.cutoff)]
    if len(cutoffs) < 2 or seen.y.min() == seen.y.max():
        return None
    losses = []
    for way in ways:
        found = np.empty(len(seen.y))
        for c in cutoffs:
            found[seen.cutoff == c] = calibrated(way(seen.without(c)), seen.only(c).z)
        losses.append(log_loss(seen.y, found))
    return ways[int(np.argmin(losses))](seen)


def _sigmoid(seen: Seen) -> Sigmoid | None:
    try:
        line = calibration_line(seen.y, expit(seen.z))
    except ZeroDivisionError:
        return None
    slope = float(np.clip(line.slope, *SLOPES))
    return Sigmoid(slope=slope, intercept=level(seen.y, slope * seen.z))


def _isotonic(seen: Seen) -> Isotonic:
    fit = IsotonicRegression(y_min=1e-4, y_max=1 - 1e-4, out_of_bounds="clip")
    fit.fit(seen.z, seen.y)
    return Isotonic(
        logits=tuple(float(v) for v in fit.X_thresholds_),
        probabilities=tuple(float(v) for v in fit.y_thresholds_),
    )


def _levelled_loss(seen: Seen, slope: float) -> float:
    total = 0.0
    for c in np.unique(seen.cutoff):
        mine = seen.only(int(c))
        z = slope * mine.z
        total += len(z) * log_loss(mine.y, expit(z + level(mine.y, z)))
    return total


def sloped_loss(seen: Seen) -> float:
    """Sum the log loss under the best shared slope and each cutoff's own level.

    Examples
    --------
    >>> z, y = np.array([-1.0, 0.0, 1.0, 2.0]), np.array([0.0, 1.0, 0.0, 1.0])
    >>> when = np.zeros(4, dtype=np.int64)
    >>> better = sloped_loss(Seen(z=z, y=y, cutoff=when))
    >>> better < sloped_loss(Seen(z=-z, y=y, cutoff=when))
    True
    """
    return _levelled_loss(seen, _best_slope(seen))


def _best_slope(seen: Seen) -> float:
    found = minimize_scalar(
        lambda s: _levelled_loss(seen, float(s)),
        bounds=SLOPES,
        method="bounded",
        options={"xatol": 1e-3},
    )
    return float(found.x)
