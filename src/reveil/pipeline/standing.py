"""Where the base stands: customers by state and group at a cutoff.

In:  a Study, a cutoff.
Out: Standing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd

from reveil.activity.groups import grouped
from reveil.activity.states import states as states_at
from reveil.config import Study
from reveil.errors import DataError
from reveil.events.log import EventLog
from reveil.pipeline.observing import open_events, require_covered


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Customers by state and group, most frequent first."""

    cutoff: date
    states: dict[str, int]
    groups: dict[str, int]


def states(study: Study, log: EventLog, cutoff: date) -> pd.DataFrame:
    """Name state and group of every customer known at a cutoff.

    Returns
    -------
    pandas.DataFrame
        `customer_id, cutoff, state, activity_recency_days, order_recency_days, orders,
        within_days, group`, sorted by customer.

    Raises
    ------
    StudyError
        When the cutoff lies outside the coverage.
    """
    require_covered(study, cutoff)
    table = grouped(states_at(log, study.activity, cutoff)).order_by("customer_id")
    frame: pd.DataFrame = table.to_pyarrow().to_pandas()
    return frame


def standing(study: Study, cutoff: date) -> Standing:
    """Count the customers known at a cutoff.

    Raises
    ------
    StudyError
        When the cutoff lies outside the coverage.
    DataError
        When nobody is known before the cutoff.
    """
    require_covered(study, cutoff)
    people = grouped(states_at(open_events(study), study.activity, cutoff))
    counted = people.group_by("state", "group").aggregate(n=people.count()).to_pyarrow()
    rows = sorted(counted.to_pylist(), key=lambda row: (-row["n"], row["group"]))
    if not rows:
        raise DataError(
            f"no customer is known before {cutoff}",
            hint=f"the log covers {study.coverage.start} to {study.coverage.end}",
        )
    by_state: dict[str, int] = {}
    for row in rows:
        by_state[row["state"]] = by_state.get(row["state"], 0) + row["n"]
    return Standing(
        cutoff=cutoff,
        states=dict(sorted(by_state.items(), key=lambda item: -item[1])),
        groups={row["group"]: row["n"] for row in rows},
    )
