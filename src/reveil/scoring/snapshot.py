"""The snapshot: every customer known at a cutoff, with what targeting must know about each.

In:  EventLog, ActivitySettings, a cutoff, the channels in use.
Out: one row per customer: state, group, consents, wishes, contact points, recent contacts.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import ibis.expr.types as ir

from reveil.activity.answers import unanswered_offers
from reveil.activity.groups import grouped
from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.engine.asof import AsOf
from reveil.engine.plan import aggregate
from reveil.events.log import EventLog


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
        `customer_id, cutoff, state, group, dormant`; per channel `consent_<channel>` or one
        `consent_<channel>_for_<purpose>` each, `wants_<channel>`, `usable_<channel>`;
        `objection, in_target, contacts_recent, unanswered, order_recency_days`. What the
        customers table does not hold has no column, but for a contact point, which is then
        taken as usable. Of a customer who is not in that table nothing is known: no consent,
        no contact point, no objection, no channel declined, still in the market.
    """
    known = grouped(states(log, activity, cutoff))
    asof = AsOf({kind: log.roles[kind] for kind in log.kinds}, filled=log.columns)
    facts = {
        "contacts_recent": asof.count("marketer", days=pressure_days).cast("int32"),
        "unanswered": unanswered_offers(asof).cast("int32"),
    }
    counted = aggregate(log, known, cutoff, asof.aggregates.values())
    asked = ("customer_id", "cutoff", "state", "group", "dormant", "order_recency_days")
    table = counted.select(*asked, **facts)
    customers = log.before(cutoff).customers
    said: tuple[str, ...] = ()
    if customers is not None:
        said = tuple(c for c in customers.columns if c not in table.columns)
        table = table.left_join(customers, "customer_id").drop("customer_id_right")
    columns: dict[str, ir.Value] = {}
    for channel in channels:
        consents = (f"consent_{channel}", f"consent_{channel}_for_")
        for name in said:
            if name == consents[0] or name.startswith(consents[1]):
                columns[name] = table[name].fill_null(False)
        if (wants := f"wants_{channel}") in said:
            columns[wants] = table[wants].fill_null(True)
        usable = f"usable_{channel}"
        columns[usable] = table[usable].fill_null(False) if usable in said else ibis.literal(True)
    for name, unknown in (("objection", False), ("in_target", True)):
        if name in said:
            columns[name] = table[name].fill_null(unknown)
    return table.select(
        "customer_id", "cutoff", "state", "group", "dormant", **columns,
        contacts_recent=table.contacts_recent, unanswered=table.unanswered,
        order_recency_days=table.order_recency_days,
    )  # fmt: skip
