"""An estimate with its 95 % interval, and the sheet of estimates a model is judged by.

In:  figures that `bootstrap` computed.
Out: `Interval`, `Evaluation`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A figure and the 95 % interval around it. NaN where the figure does not exist.

    Examples
    --------
    >>> str(Interval(estimate=0.7856, low=0.761, high=0.81))
    '0.786 [0.761, 0.810]'
    >>> Interval(estimate=0.071, low=0.049, high=0.093).text(signed=True)
    '+0.071 [+0.049, +0.093]'
    """

    estimate: float
    low: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> Interval:
        """Return a figure without uncertainty, or one whose uncertainty was not asked for.

        Examples
        --------
        >>> Interval.exactly(3.0).high
        3.0
        """
        return cls(estimate=value, low=value, high=value)

    @property
    def exists(self) -> bool:
        """Whether there was anything to estimate from."""
        return math.isfinite(self.estimate)

    def text(self, *, digits: int = 3, signed: bool = False) -> str:
        """Write the figure as `estimate [low, high]`."""
        sign = "+" if signed else ""
        return (
            f"{self.estimate:{sign}.{digits}f} "
            f"[{self.low:{sign}.{digits}f}, {self.high:{sign}.{digits}f}]"
        )

    def __str__(self) -> str:
        return self.text()


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """What one set of scores is worth.

    Parameters
    ----------
    estimates
        By metric (`auc`, `average_precision`, `lift_at_10`, `log_loss`, `brier`, ...), all test
        cutoffs together.
    by_cutoff
        The same figures at each test cutoff.
    n, positives
        Rows judged, and how many of them had the outcome (or an amount above 0).

    Examples
    --------
    >>> e = Evaluation(estimates={"auc": Interval(estimate=0.8, low=0.7, high=0.9)},
    ...                by_cutoff={}, n=500, positives=120)
    >>> print(e["auc"])
    0.800 [0.700, 0.900]
    """

    estimates: Mapping[str, Interval]
    by_cutoff: Mapping[date, Mapping[str, Interval]]
    n: int
    positives: int

    def __getitem__(self, metric: str) -> Interval:
        return self.estimates[metric]
