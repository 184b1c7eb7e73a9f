"""What a training report is made from.

In:  nothing; `pipeline` fills these from comparisons, splits and drivers.
Out: `TrainingReport` and its parts: plain numbers, words and small arrays, frozen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reveil.evaluation.interval import Interval
from reveil.windows import Split

Target = Literal["attrition", "reactivation", "margin_if_returns"]
Direction = Literal["raises", "lowers"]
Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Contender:
    """The model, or one baseline, judged on one test cutoff.

    Parameters
    ----------
    name
        `model`, `recency`, `rfm`, `bgnbd`, `mean_order`, `random` are put into words; any other
        name is printed as it is.
    estimates
        By metric: `auc`, `average_precision`, `lift_at_10`, `log_loss`, `brier`,
        `observed_over_expected`; for amounts `gini`, `spearman`, `decile_error`, `bias`.
        A metric that is missing here is a dash in the table.

    Examples
    --------
    >>> Contender(name="recency", estimates={}).name
    'recency'
    """

    name: str
    estimates: Mapping[str, Interval]


@dataclass(frozen=True, kw_only=True, slots=True)
class CutoffResult:
    """One test cutoff: who was judged, and how well each contender did on the same rows.

    Parameters
    ----------
    rows, customers, positives
        Eligible rows, distinct customers among them, rows whose outcome came. For an
        amount, `positives` counts the rows above zero.
    contenders
        The model first, then the baselines in the order to print.
    """

    cutoff: date
    rows: int
    customers: int
    positives: int
    contenders: tuple[Contender, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """Model minus one baseline on the same customers: what the first line says.

    Parameters
    ----------
    metric
        `auc` for an event, `gini` for an amount.
    against
        Name of the baseline, as in `Contender`.
    model
        The model's own figure.
    difference
        Paired difference, with its interval. The model beats the baseline when `low > 0`.
    cutoff
        The test cutoff it was measured on; None for all of them together.

    Examples
    --------
    >>> d = Difference(metric="auc", against="recency", model=0.74,
    ...                difference=Interval(estimate=0.07, low=0.05, high=0.09))
    >>> d.verdict
    'beats'
    """

    metric: str
    against: str
    model: float
    difference: Interval
    cutoff: date | None = None

    @property
    def verdict(self) -> Literal["beats", "unclear", "worse"]:
        """`unclear` when the interval holds zero or a bound is not a number."""
        if self.difference.low > 0:
            return "beats"
        return "worse" if self.difference.high < 0 else "unclear"


@dataclass(frozen=True, kw_only=True, slots=True)
class Gains:
    """Share of the outcomes (or of the money) found in the best-ranked share of customers.

    Parameters
    ----------
    name
        A contender's name.
    contacted, captured
        Shares in [0, 1], same length, ascending, from 0 to 1.
    """

    name: str
    contacted: Floats
    captured: Floats

    def __post_init__(self) -> None:
        if self.contacted.shape != self.captured.shape or self.contacted.size < 2:
            raise ValueError(
                f"a gains curve wants two arrays of one length >= 2, "
                f"not {self.contacted.shape} and {self.captured.shape}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class ReliabilityBin:
    """Customers with a similar forecast: what was predicted on average, and what came."""

    predicted: float
    observed: Interval
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Driver:
    """A signal of the model as a whole.

    Parameters
    ----------
    name, meaning
        Feature or group name, and what it means in words.
    importance
        Mean absolute contribution (log-odds for an event, log of the amount otherwise).
    direction
        What a *high* value does to the score; None where it depends.
    """

    name: str
    meaning: str
    importance: float
    direction: Direction | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """How well the model ranks inside one part of the customers (a state, a tenure band)."""

    label: str
    rows: int
    positives: int
    estimates: Mapping[str, Interval]


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetResult:
    """Everything the training report says about one target.

    Parameters
    ----------
    kind
        `boosted`, or `baseline` when the data only carried a baseline as the model.
    split
        Cutoffs and windows, drawn as a time line.
    train_rows, train_customers, train_positives
        What the model learned from.
    comparison
        Against the best recency rule (for an amount: against the mean); the first line.
    other_comparisons
        Against the other baselines, said just below.
    by_cutoff
        One per test cutoff, ascending.
    gains, reliability, drivers, segments
        Possibly empty: the section is then left out.
    beeswarm
        An SVG document (from the `shap` package), shown as an image.
    limits
        Sentences proper to this run (a sample was taken, too short a history, ...), in the
        report's language.
    """

    target: Target
    kind: Literal["boosted", "baseline"]
    split: Split
    train_rows: int
    train_customers: int
    train_positives: int
    comparison: Difference | None
    by_cutoff: tuple[CutoffResult, ...]
    other_comparisons: tuple[Difference, ...] = ()
    gains: tuple[Gains, ...] = ()
    reliability: tuple[ReliabilityBin, ...] = ()
    drivers: tuple[Driver, ...] = ()
    segments: tuple[Segment, ...] = ()
    beeswarm: str | None = None
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class TrainingReport:
    """Input of the training report.

    Parameters
    ----------
    study
        Name of the study.
    currency
        ISO code, `EUR`.
    targets
        In the order to print.
    fingerprint
        Of the data, shown at the foot of the page; empty when unknown.
    """

    study: str
    currency: str
    targets: tuple[TargetResult, ...]
    fingerprint: str = ""
