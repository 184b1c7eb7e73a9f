"""What a report is made from: frozen values of plain numbers, words and small arrays.

In:  nothing; `pipeline` fills these from what the other stages return.
Out: `TrainingReport`, `ListReport`, `AuditRow` and their parts.

No field takes a customer id: examples carry a rank in the list. Sentences that belong to a
study (group names, rules, reasons) arrive already in the language of the report.
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
Mode = Literal["propensity", "uplift"]
AuditState = Literal["error", "warning", "info", "ok"]
DriftState = Literal["ok", "warning", "block"]
Direction = Literal["raises", "lowers"]
Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many customers carry a label (a group, a channel, an offer, a trigger)."""

    label: str
    customers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Exclusion:
    """Customers left out by one rule, in the order the rules are applied.

    Parameters
    ----------
    rule
        Code, as in `excluded.parquet`.
    label
        The rule in words, in the report's language.
    """

    rule: str
    label: str
    customers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """Money for the contacts of this list.

    Parameters
    ----------
    used, available
        Money; `available` None when no budget was set.
    shadow_price
        Expected margin one more unit of money would bring; 0 when the budget does not bind.
    """

    used: float
    available: float | None
    shadow_price: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Capacity:
    """Contacts one channel can carry.

    Parameters
    ----------
    used, available
        Contacts; `available` None when the channel has no limit.
    shadow_price
        Expected margin one more contact would bring, money; 0 when the limit does not bind.
    """

    channel: str
    used: int
    available: int | None
    shadow_price: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """Proof of how far the list can be from the best one under the same limits.

    Parameters
    ----------
    worth
        Expected worth of the list, money.
    bound
        No list under the same limits can be worth more, money.

    Examples
    --------
    >>> round(Certificate(worth=999.0, bound=1000.0).gap, 6)
    0.001
    """

    worth: float
    bound: float

    @property
    def gap(self) -> float:
        """Share of the bound that is missing, never below 0."""
        return max(0.0, (self.bound - self.worth) / self.bound) if self.bound > 0 else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Histogram:
    """Customers by probability.

    Parameters
    ----------
    edges
        Ascending, in [0, 1]; one more than the bars.
    everyone
        Customers of the target's population per bar.
    selected
        Those of them on the list.
    """

    edges: Floats
    everyone: Counts
    selected: Counts

    def __post_init__(self) -> None:
        if not self.edges.size - 1 == self.everyone.size == self.selected.size > 0:
            raise ValueError(
                f"a histogram wants one more edge than bars, "
                f"not {self.edges.size}, {self.everyone.size} and {self.selected.size}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonWords:
    """A driver of one customer's score, in words."""

    sentence: str
    direction: Direction


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """One line of the list, known by its rank alone.

    Parameters
    ----------
    probability
        In [0, 1].
    margin_if_returns, expected_margin, cost
        Money.
    """

    rank: int
    state: str
    group: str
    offer: str
    channel: str
    probability: float
    margin_if_returns: float
    expected_margin: float
    cost: float
    reasons: tuple[ReasonWords, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Wave:
    """A day of sending, for the ramp calendar."""

    number: int
    send_on: date
    customers: int


@dataclass(frozen=True, kw_only=True, slots=True)
class DriftRow:
    """One check of the scored customers against those the model was judged on.

    Parameters
    ----------
    check
        What was compared, in words.
    observed, required
        Already formatted: units differ from check to check.
    """

    check: str
    observed: str
    required: str
    state: DriftState


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUsed:
    """The champion behind a figure of the list."""

    target: Target
    version: str
    digest: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ListReport:
    """Input of the list report.

    Parameters
    ----------
    cutoff
        The list is for this date.
    mode
        `propensity` until a random control has shown what a contact adds.
    selected, control, exclusions
        Partition of the snapshot; the counts add up to its size.
    expected_returns
        Sum of the probabilities of the selected, customers.
    expected_margin, cost
        Money, over the selected.
    probability
        Of the population the list was drawn from; None leaves the picture out.
    groups, channels, offers, triggers
        Of the selected, most frequent first.
    examples
        The first lines of the list, by rank.
    waves, drift, models
        Possibly empty: the section is then left out.
    """

    study: str
    currency: str
    cutoff: date
    mode: Mode
    selected: int
    control: int
    exclusions: tuple[Exclusion, ...]
    expected_returns: float
    expected_margin: float
    cost: float
    budget: Budget | None
    capacities: tuple[Capacity, ...]
    certificate: Certificate | None
    probability: Histogram | None
    groups: tuple[Count, ...]
    channels: tuple[Count, ...]
    offers: tuple[Count, ...]
    triggers: tuple[Count, ...]
    examples: tuple[Example, ...]
    waves: tuple[Wave, ...] = ()
    drift: tuple[DriftRow, ...] = ()
    models: tuple[ModelUsed, ...] = ()

    @property
    def snapshot(self) -> int:
        """Customers of the snapshot, each counted once."""
        return self.selected + self.control + sum(e.customers for e in self.exclusions)


@dataclass(frozen=True, kw_only=True, slots=True)
class AuditRow:
    """One check of the events.

    Parameters
    ----------
    check, source, column
        What was looked at, in the user's own names; `column` may be empty.
    rows
        Rows concerned.
    positions
        A few row numbers, never a value that names a person.
    fix
        What to write or do; empty when nothing is needed.
    """

    check: str
    state: AuditState
    source: str
    column: str
    rows: int
    positions: tuple[int, ...] = ()
    fix: str = ""
