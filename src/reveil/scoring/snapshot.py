"""The snapshot: every customer known at a cutoff, with what targeting must know about each.

In:  EventLog, ActivitySettings, a cutoff, the channels in use.
Out: one row per customer: state, group, consents, contact points, recent contacts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from reveil.activity.groups import grouped
from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.engine.asof import AsOf
from reveil.engine.plan import aggregate
from reveil.events.log import EventLog

ANSWERS = ("engagement", "commercial")


def snapshot(
    log: EventLog,
    activity: ActivitySettings,
    cutoff: date,
    *,
    channels: Sequence[str],
    pressure_days: int,
) -> ir.Table:
    """Describe every customer known at a cutoff.

    Parameters
    ----------
    channels
        Channels whose consent and contact point matter.
    pressure_days
        Days before the cutoff in which contacts weigh on the customer.

    Returns
    -------
    ibis.Table
        `customer_id, cutoff, state, group, consent_<channel>, usable_<channel>,
        contacts_recent, unanswered, order_recency_days`. A channel whose consent the
        customers table does not hold has no consent column; one whose contact point it
        does not hold is taken as usable.
    """
    known = grouped(states(log, activity, cutoff))
    asof = AsOf({kind: log.roles[kind] for kind in log.kinds}, filled=log.columns)
    facts = {
        "contacts_recent": asof.count("marketer", days=pressure_days).cast("int32"),
        "unanswered": asof.since("marketer", after=ANSWERS, naming="offer").cast("int32"),
    }
    counted = aggregate(log, known, cutoff, asof.aggregates.values())
    table = counted.select("customer_id", "cutoff", "state", "group", "order_recency_days", **facts)
    customers = log.before(cutoff).customers
    columns: dict[str, ir.Value] = {}
    if customers is not None:
        table = table.left_join(customers, "customer_id").drop("customer_id_right", "since_s")
    for channel in channels:
        consent, usable = f"consent_{channel}", f"usable_{channel}"
        if consent in table.columns:
            columns[consent] = table[consent].fill_null(False)
        columns[usable] = (
            table[usable].fill_null(False) if usable in table.columns else ibis.literal(True)
        )
    return table.select(
        "customer_id", "cutoff", "state", "group", **columns,
        contacts_recent=table.contacts_recent, unanswered=table.unanswered,
        order_recency_days=table.order_recency_days,
    )  # fmt: skip
