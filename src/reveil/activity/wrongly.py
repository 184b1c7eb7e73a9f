"""Whom a purchase-only rule would wrongly call inactive, and the margin that was theirs.

In:  EventLog, ActivitySettings, a cutoff.
Out: one row per active customer without an order inside the limit.
"""

from __future__ import annotations

from datetime import date, timedelta

import ibis.expr.types as ir

from reveil.activity.settings import ActivitySettings
from reveil.activity.states import State, ordered_in_time, states
from reveil.engine.asof import AsOf
from reveil.engine.plan import aggregate
from reveil.events.log import EventLog
from reveil.events.roles import MONEY


def wrongly_inactive(
    log: EventLog,
    settings: ActivitySettings,
    cutoff: date,
    *,
    margin_rate: float,
    observation: timedelta,
) -> ir.Table:
    """Find the active customers whom the same limit on orders alone would call inactive.

    Parameters
    ----------
    margin_rate
        Share of the money that is margin.
    observation
        How far back money is added up: `[t - observation, t)`.

    Returns
    -------
    ibis.Table
        `customer_id, order_recency_days, within_days, margin`; the margin, orders less
        returns, may be below 0. A member who never ordered is here too, with a null recency:
        a purchase-only rule does not even know them.
    """
    people = states(log, settings, cutoff)
    quiet = people.filter(people.state == State.ACTIVE.value, ~ordered_in_time(people))
    quiet = quiet.select("customer_id", "order_recency_days", "within_days")
    asof = AsOf({kind: log.roles[kind] for kind in log.kinds})
    margin = asof.sum(*MONEY, column="amount") * margin_rate
    table = aggregate(log, quiet, cutoff, asof.aggregates.values(), observation=observation)
    return table.select(*quiet.columns, margin=margin)
