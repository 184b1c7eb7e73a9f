"""What a list report and an audit page are made from.

In:  nothing; `pipeline` fills these from a reactivation list and from an audit.
Out: `ListReport`, `AuditRow` and their parts: plain numbers, words and small arrays, frozen.

No field takes a customer id: examples carry a rank in the list. Sentences that belong to a
study (group names, rules, reasons) arrive already in the language of the report.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from reveil.reports.training_values import Direction, Floats, Target

Mode = Literal["propensity", "uplift"]
AuditState = Literal["error", "warning", "info", "ok"]
DriftState = Literal["ok", "warning", "block"]
Counts = NDArray[np.int64]


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
        What to do; empty when nothing is needed.
    line
        The exact line of the study to write.
    """

    check: str
    state: AuditState
    source: str
    column: str
    rows: int
    positions: tuple[int, ...] = ()
    fix: str = ""
    line: str = ""
