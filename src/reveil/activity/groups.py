"""The groups a marketer expects: state, crossed with how much of a buyer the customer was.

In:  the state table.
Out: the same with `group`.
"""

from __future__ import annotations

from enum import StrEnum

import ibis
import ibis.expr.types as ir

from reveil.activity.states import State

LOYAL_ORDERS = 10


class Group(StrEnum):
    """A customer's place in the base, in a marketer's words."""

    PROSPECT = "prospect"
    FORMER = "former"
    ACTIVE_ONE = "active, one order"
    ACTIVE_MULTI = "active, several orders"
    ACTIVE_LOYAL = "active, loyal"
    LAPSED_ONE = "lapsed, one order"
    LAPSED_MULTI = "lapsed, several orders"
    LAPSED_LOYAL = "lapsed, loyal"
    ENGAGED = "engaged non-buyer"


FRENCH = {
    Group.PROSPECT: "prospect",
    Group.FORMER: "ancien client",
    Group.ACTIVE_ONE: "actif, une commande",
    Group.ACTIVE_MULTI: "actif, plusieurs commandes",
    Group.ACTIVE_LOYAL: "actif, fidèle",
    Group.LAPSED_ONE: "endormi, une commande",
    Group.LAPSED_MULTI: "endormi, plusieurs commandes",
    Group.LAPSED_LOYAL: "endormi, fidèle",
    Group.ENGAGED: "engagé sans achat récent",
}


def grouped(states: ir.Table) -> ir.Table:
    """Add `group` to the table that `states` returns.

    An engaged non-buyer is active without an order as recent as the activity: reads,
    clicks or visits, and would be called inactive by a purchase-only rule.

    Examples
    --------
    >>> import ibis
    >>> t = ibis.memtable({"state": ["inactive"], "orders": [1], "activity_recency_days": [300.0],
    ...                    "order_recency_days": [300.0], "within_days": [244.0]})
    >>> grouped(t).to_pyarrow()["group"].to_pylist()
    ['lapsed, one order']
    """
    orders, state = states.orders, states.state
    active = state == State.ACTIVE.value
    quiet_buyer = states.order_recency_days > states.within_days
    group = ibis.cases(
        (state == State.PROSPECT.value, Group.PROSPECT.value),
        (state == State.FORMER.value, Group.FORMER.value),
        (active & quiet_buyer, Group.ENGAGED.value),
        (active & (orders >= LOYAL_ORDERS), Group.ACTIVE_LOYAL.value),
        (active & (orders > 1), Group.ACTIVE_MULTI.value),
        (active, Group.ACTIVE_ONE.value),
        (orders >= LOYAL_ORDERS, Group.LAPSED_LOYAL.value),
        (orders > 1, Group.LAPSED_MULTI.value),
        else_=Group.LAPSED_ONE.value,
    )
    return states.mutate(group=group)
