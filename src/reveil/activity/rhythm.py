"""The usual time between two orders of a whole base, exactly.

In:  EventLog, a cutoff.
Out: the P90 of the days between consecutive orders.
"""

from __future__ import annotations

from datetime import date

from reveil.engine.plan import gap_days
from reveil.events.log import EventLog
from reveil.events.roles import ORDERS

FEWEST_GAPS = 100
"""Fewer gaps say nothing about a base: a P90 of them stands on ten."""


def base_gap_days(log: EventLog, cutoff: date) -> float | None:
    """Find the P90 of the days between consecutive orders of all customers, known at a cutoff.

    Gaps are counted by whole days, begun days included, and walked from the shortest: the
    value is the fewest days that nine gaps in ten do not exceed. An exact integer, whatever the
    engine, the order of rows or the threads. It depends on other customers, openly so.

    Returns
    -------
    float or None
        Days; None with fewer than `FEWEST_GAPS` gaps.
    """
    counted = gap_days(log, ORDERS, cutoff).to_pyarrow().to_pylist()
    days = {row["days"]: row["gaps"] for row in counted}
    total = sum(days.values())
    if total < FEWEST_GAPS:
        return None
    seen = 0
    for day in sorted(days):
        seen += days[day]
        if 10 * seen >= 9 * total:
            return float(day)
    raise AssertionError(total)
