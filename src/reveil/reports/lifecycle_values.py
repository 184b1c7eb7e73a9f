"""What a lifecycle report is made from.

In:  nothing; `pipeline` fills these from states, transitions and contrasts.
Out: `LifecycleReport` and its parts: plain numbers, words and small arrays, frozen.

No field takes a customer id. Group names and the meanings of features arrive already in the
language of the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reveil.evaluation.interval import Interval
from reveil.reports.list_values import Count

State = Literal["active", "inactive", "former", "prospect"]
STATES: tuple[State, ...] = ("active", "inactive", "former", "prospect")
"""In the order of every picture."""

Clock = Literal["commercial", "contact", "email"]
WrittenAs = Literal["days", "count", "money", "ratio", "share", "number"]
Counts = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class BaseAt:
    """The base on one date: customers in each of `STATES`."""

    day: date
    customers: tuple[int, int, int, int]

    @property
    def known(self) -> int:
        """Customers known at the date."""
        return sum(self.customers)


@dataclass(frozen=True, kw_only=True, slots=True)
class Flows:
    """Who went from which state to which.

    Parameters
    ----------
    counts
        Shape (4, 4), from state in rows, to state in columns, in the order of `STATES`.
    entries, exits
        Customers by the state they entered into, and by the state they left from, in the same
        order: known at one of the two dates only.

    Examples
    --------
    >>> flows = Flows(counts=np.diag([6, 2, 0, 0]), entries=(1, 0, 0, 0), exits=(0, 0, 0, 0))
    >>> flows.shares[0].tolist(), np.isnan(flows.shares[2]).all()
    ([1.0, 0.0, 0.0, 0.0], np.True_)
    """

    counts: Counts
    entries: tuple[int, int, int, int]
    exits: tuple[int, int, int, int]

    @property
    def shares(self) -> NDArray[np.float64]:
        """Rows of `counts` that sum to 1; NaN where nobody was."""
        total = self.counts.sum(axis=1, keepdims=True).astype(np.float64)
        return self.counts / np.where(total, total, np.nan)

    def moved(self, before: State, after: State) -> int:
        """Count who went from one state to another."""
        return int(self.counts[STATES.index(before), STATES.index(after)])

    def share(self, before: State, after: State) -> float:
        """Share of those in one state who went to another; NaN where nobody was."""
        return float(self.shares[STATES.index(before), STATES.index(after)])


@dataclass(frozen=True, kw_only=True, slots=True)
class LastOrderByEngagement:
    """Active customers by days since the last order and by engagement band.

    Parameters
    ----------
    rows
        Upper ends of the row's range, in shares of the customer's own limit between active and
        inactive; infinity for the last range, NaN for "never ordered".
    bands
        Engagement bands, lowest first.
    counts
        Shape (rows, bands).
    limit_days
        The limit, where it is the same for everyone; None where it is personal.
    """

    rows: tuple[float, ...]
    bands: tuple[str, ...]
    counts: Counts
    limit_days: float | None

    @property
    def beyond(self) -> int:
        """First row that a purchase-only rule calls inactive."""
        return next(i for i, upper in enumerate(self.rows) if not upper <= 1.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class CallingItWrong:
    """What a purchase-only rule would get wrong.

    Parameters
    ----------
    customers
        Active customers it would call inactive.
    margin
        What they brought in the year before, money.
    purchases_only
        Whether the study itself counts nothing but purchases.
    """

    customers: int
    margin: float
    purchases_only: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Dormant:
    """Customers who pay and do not use what they pay for."""

    customers: int
    paying_known: bool
    """Whether the log or the customers table can tell who pays."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockCurve:
    """How long ago the last sign of each customer is, by one clock.

    Parameters
    ----------
    customers
        By each of the report's `clock_days`: customers whose last sign is at most so old.
    """

    clock: Clock
    customers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Distinction:
    """One feature in which those who moved differ from those who stayed.

    Parameters
    ----------
    meaning
        The feature in words.
    difference
        In pooled standard deviations of ranks.
    moved, stayed
        A typical value of each group, in `unit`.
    typical
        Which one: the median, or the mean where the medians are equal.
    """

    meaning: str
    unit: WrittenAs
    difference: Interval
    moved: float
    stayed: float
    typical: Literal["median", "mean"] = "median"


@dataclass(frozen=True, kw_only=True, slots=True)
class Movement:
    """Those who left a state for another, beside those who stayed in it."""

    before: State
    after: State
    moved: int
    stayed: int
    distinctions: tuple[Distinction, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LifecycleReport:
    """Input of the lifecycle report.

    Parameters
    ----------
    base
        Ascending by date; the last one is the cutoff.
    flows
        From the first date of `base` to the cutoff; None where there is no earlier date.
    step_flows, step_days
        The same from each date to the next, pooled over the periods; None with one period.
    clock_days
        Ages at which the clocks are read, ascending.
    groups
        Every customer once, most frequent first.
    movements
        Possibly empty: the section is then left out.
    """

    study: str
    currency: str
    base: tuple[BaseAt, ...]
    flows: Flows | None
    step_flows: Flows | None
    step_days: int
    engagement: LastOrderByEngagement
    wrong: CallingItWrong
    dormant: Dormant
    clock_days: tuple[int, ...]
    clocks: tuple[ClockCurve, ...]
    groups: tuple[Count, ...]
    movements: tuple[Movement, ...] = ()

    @property
    def cutoff(self) -> date:
        """The date the report is for."""
        return self.base[-1].day

    @property
    def since(self) -> date:
        """The date the flows start from."""
        return self.base[0].day

    @property
    def now(self) -> BaseAt:
        """The base at the cutoff."""
        return self.base[-1]
