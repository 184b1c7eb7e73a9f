"""What a campaign brought: everybody who was drawn to be contacted, against the control.

In:  the list that was published (selected and control), what each customer did afterwards.
Out: CampaignEffect: returns and margin, contacted minus control, with intervals.

Intention to treat: whoever was selected counts as contacted, delivered or not; taking out bounces
on one side only would compare two different kinds of people.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from reveil.errors import DataError, TooLittleDataError
from reveil.measurement.difference import (
    SAMPLE_RATIO_ALARM,
    Difference,
    compare_rates,
    sample_ratio_p,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CampaignEffect:
    """The difference a campaign made.

    Parameters
    ----------
    contacted, control
        Customers in each group.
    returns
        Rates of return, with the Newcombe interval.
    margin
        Margin per customer of the list, with Welch's large-sample interval. Margins have heavy
        tails: below a few thousand customers a group take this interval as a rough one.
    extra_returns, extra_margin
        The differences times the contacted customers: estimate, low, high.
    cost
        Expected cost of the contacted customers.
    cost_per_extra_return
        None unless the lower bound of the extra returns is above 0.
    sample_ratio_p
        Chance of these group sizes under the planned share.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": ["a", "b", "c", "d"], "cost": 1.0,
    ...                        "is_control": [False, False, True, True]})
    >>> outcomes = people[["customer_id"]].assign(returned=[1, 0, 0, 0], margin=[9.0, 0, 0, 0])
    >>> measure(people, outcomes, control_share=0.5).returns.estimate
    0.5
    """

    contacted: int
    control: int
    returns: Difference
    margin: Difference
    extra_returns: tuple[float, float, float]
    extra_margin: tuple[float, float, float]
    cost: float
    cost_per_extra_return: float | None
    sample_ratio_p: float

    @property
    def is_trustworthy(self) -> bool:
        """Whether the group sizes are those that were drawn."""
        return self.sample_ratio_p >= SAMPLE_RATIO_ALARM


def measure(
    people: pd.DataFrame, outcomes: pd.DataFrame, *, control_share: float, confidence: float = 0.95
) -> CampaignEffect:
    """Compare the contacted with the control on what they did afterwards.

    Parameters
    ----------
    people
        `selected` and `control` of a list, one under the other: customer_id, is_control, cost.
    outcomes
        customer_id, returned (0 or 1), margin (money); one row for **every** customer of the
        list, those who did nothing included, measured the same way in both groups. Other
        customers are ignored.
    control_share
        As the list was drawn.

    Raises
    ------
    DataError
        When customers of the list have no outcome or several, or an outcome is not a number.
    TooLittleDataError
        When a group has fewer than two customers.

    Examples
    --------
    >>> people = pd.DataFrame({"customer_id": [f"C{i}" for i in range(100)], "cost": 0.5,
    ...                        "is_control": [i % 10 == 0 for i in range(100)]})
    >>> outcomes = pd.DataFrame({"customer_id": people["customer_id"], "margin": 0.0,
    ...                          "returned": [i % 5 == 1 for i in range(100)]})
    >>> effect = measure(people, outcomes, control_share=0.1)
    >>> effect.returns.treated.__round__(3), effect.returns.control, effect.cost
    (0.222, 0.0, 45.0)
    """
    rows = _joined(people, outcomes)
    control = rows["is_control"].to_numpy(dtype=np.bool_)
    returned = rows["returned"].to_numpy(dtype=np.int64)
    margin = rows["margin"].to_numpy(dtype=np.float64)
    contacted_n, control_n = int(np.sum(~control)), int(np.sum(control))
    if min(contacted_n, control_n) < 2:
        raise TooLittleDataError(
            f"{contacted_n:,} contacted and {control_n:,} control customers cannot be compared",
            hint="a list needs a control: set `control_share`, and see `reveil size`",
        )
    returns = compare_rates(
        int(np.sum(returned[~control])),
        contacted_n,
        int(np.sum(returned[control])),
        control_n,
        confidence=confidence,
    )
    earned = _compare_means(margin[~control], margin[control], confidence)
    cost = float(np.sum(rows["cost"].to_numpy(dtype=np.float64)[~control]))
    extra = _times(returns, contacted_n)
    return CampaignEffect(
        contacted=contacted_n,
        control=control_n,
        returns=returns,
        margin=earned,
        extra_returns=extra,
        extra_margin=_times(earned, contacted_n),
        cost=cost,
        cost_per_extra_return=cost / extra[0] if returns.low > 0 else None,
        sample_ratio_p=sample_ratio_p(contacted_n, control_n, control_share),
    )


def _joined(people: pd.DataFrame, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Bring each customer of the list together with the one outcome."""
    for frame, name, needed in (
        (people, "the list", ("customer_id", "is_control", "cost")),
        (outcomes, "the outcomes", ("customer_id", "returned", "margin")),
    ):
        missing = [column for column in needed if column not in frame.columns]
        if missing:
            raise DataError(
                f"{name} has no column {', '.join(f'`{c}`' for c in missing)}",
                hint=f"needed: {', '.join(needed)}",
            )
        twice = int(frame["customer_id"].duplicated().sum())
        if twice:
            raise DataError(
                f"{twice:,} rows of {name} repeat a customer",
                hint="one row per customer: sum what each did in the outcome window",
            )
    rows = people.sort_values("customer_id", ignore_index=True).merge(
        outcomes[["customer_id", "returned", "margin"]], on="customer_id", how="left"
    )
    absent = int(rows["returned"].isna().sum())
    if absent:
        raise DataError(
            f"{absent:,} of {len(rows):,} customers of the list have no outcome",
            hint="give a row with `returned` 0 and `margin` 0 to those who did nothing",
        )
    odd = int((~rows["returned"].isin([0, 1])).sum() + (~np.isfinite(rows["margin"])).sum())
    if odd:
        raise DataError(
            f"{odd:,} outcomes of {len(rows):,} are not usable",
            hint="`returned` is 0 or 1, `margin` a finite amount of money",
        )
    return rows


def _compare_means(
    treated: NDArray[np.float64], control: NDArray[np.float64], confidence: float
) -> Difference:
    """Difference of means with unequal variances (Welch, Biometrika 34, 1947), large samples."""
    estimate = float(np.mean(treated) - np.mean(control))
    error = sqrt(
        float(np.var(treated, ddof=1)) / treated.size
        + float(np.var(control, ddof=1)) / control.size
    )
    spread = float(ndtri(0.5 + confidence / 2)) * error
    return Difference(
        treated=float(np.mean(treated)),
        control=float(np.mean(control)),
        estimate=estimate,
        low=estimate - spread,
        high=estimate + spread,
    )


def _times(difference: Difference, n: int) -> tuple[float, float, float]:
    return difference.estimate * n, difference.low * n, difference.high * n
