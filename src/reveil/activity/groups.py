"""The groups a marketer expects: state, crossed with how much of a buyer the customer was.

In:  the state table.
Out: the same with `group`, which puts everybody in one place, and beside it what one place
cannot say: `buyer` (mono- or multi-buyer), `risk` (active, but for how long?), `recent` and
`order_channels` (mono- or multi-channel).
"""

from __future__ import annotations

from enum import StrEnum

import ibis
import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from reveil.activity.states import State, ordered_in_time
from reveil.engine.asof import AsOf
from reveil.events.roles import ORDERS

LOYAL_ORDERS = 10

AT_RISK_RATIO = 2.0
"""An active customer is at risk when the time since the last order is so many usual gaps."""

AT_RISK_ORDERS = 3
"""Fewer orders make no habit to be late by."""

LAPSING_SHARE = 0.5
"""An active customer is lapsing when this share of the limit has passed without activity. Nobody
is at risk by their rhythm before so much has passed without an order: of frequent customers who
are late by days, nine in ten come back by themselves (Online Retail II, Complete Journey)."""

RECENT_DAYS = 84.0
"""A recent customer ordered for the first time less than so many days ago."""


class Group(StrEnum):
    """A customer's place in the base, in a marketer's words."""

    PROSPECT = "prospect"
    FORMER = "former"
    ACTIVE_ONE = "active, one order"
    ACTIVE_MULTI = "active, several orders"
    ACTIVE_LOYAL = "active, loyal"
    DORMANT = "dormant subscriber"
    LAPSED_NONE = "lapsed, never ordered"
    LAPSED_ONE = "lapsed, one order"
    LAPSED_MULTI = "lapsed, several orders"
    LAPSED_LOYAL = "lapsed, loyal"
    ENGAGED = "engaged non-buyer"


class Buyer(StrEnum):
    """How often a customer has ordered, ever."""

    NONE = "none"
    ONE = "one order"
    SEVERAL = "several orders"
    LOYAL = "loyal"


class Risk(StrEnum):
    """How close an active customer is to being inactive."""

    STEADY = "steady"
    LAPSING = "lapsing"
    AT_RISK = "at risk"


FRENCH = {
    Group.PROSPECT: "prospect",
    Group.FORMER: "ancien client",
    Group.ACTIVE_ONE: "actif, une commande",
    Group.ACTIVE_MULTI: "actif, plusieurs commandes",
    Group.ACTIVE_LOYAL: "actif, fidèle",
    Group.DORMANT: "abonné dormant",
    Group.LAPSED_NONE: "endormi, sans commande",
    Group.LAPSED_ONE: "endormi, une commande",
    Group.LAPSED_MULTI: "endormi, plusieurs commandes",
    Group.LAPSED_LOYAL: "endormi, fidèle",
    Group.ENGAGED: "engagé sans achat récent",
}


def grouped(states: ir.Table) -> ir.Table:
    """Add `group`, `buyer` and `risk` to the table that `states` returns.

    Returns
    -------
    ibis.Table
        The states, then

        `group`
            one of `Group`. An engaged non-buyer is active without an order as recent as the
            activity: reads, clicks or visits, and would be called inactive by a purchase-only
            rule. A dormant subscriber is inactive and still pays: nobody should wake them
            unasked;
        `buyer`
            one of `Buyer`, whatever the state;
        `risk`
            one of `Risk`, null unless active: at risk has not ordered for half the limit
            and is late by the customer's own rhythm of orders; lapsing has been silent for half
            the limit. At risk is a break with a habit, hence much to lose; it is not a smaller
            chance to return than that of a lapsing customer without a habit.

    Examples
    --------
    >>> import ibis
    >>> t = ibis.memtable({"state": ["active"], "orders": [4], "activity_recency_days": [30.0],
    ...                    "order_recency_days": [300.0], "within_days": [244.0],
    ...                    "dormant": [False], "overdue_ratio": [2.5]})
    >>> grouped(t).select("group", "buyer", "risk").to_pyarrow().to_pylist()
    [{'group': 'engaged non-buyer', 'buyer': 'several orders', 'risk': 'at risk'}]
    """
    orders, state = states.orders, states.state
    active = state == State.ACTIVE.value
    buys = ordered_in_time(states)
    group = ibis.cases(
        (state == State.PROSPECT.value, Group.PROSPECT.value),
        (state == State.FORMER.value, Group.FORMER.value),
        (active & ~buys, Group.ENGAGED.value),
        (active & (orders >= LOYAL_ORDERS), Group.ACTIVE_LOYAL.value),
        (active & (orders > 1), Group.ACTIVE_MULTI.value),
        (active, Group.ACTIVE_ONE.value),
        (states.dormant, Group.DORMANT.value),
        (orders >= LOYAL_ORDERS, Group.LAPSED_LOYAL.value),
        (orders > 1, Group.LAPSED_MULTI.value),
        (orders == 1, Group.LAPSED_ONE.value),
        else_=Group.LAPSED_NONE.value,
    )
    buyer = ibis.cases(
        (orders >= LOYAL_ORDERS, Buyer.LOYAL.value),
        (orders > 1, Buyer.SEVERAL.value),
        (orders == 1, Buyer.ONE.value),
        else_=Buyer.NONE.value,
    )
    half = states.within_days * LAPSING_SHARE
    late = (states.overdue_ratio > AT_RISK_RATIO) & (orders >= AT_RISK_ORDERS)
    late &= states.order_recency_days > half
    quiet = states.activity_recency_days > half
    risk = ibis.cases(
        (~active, ibis.null("string")),
        (late.fill_null(False), Risk.AT_RISK.value),
        (quiet, Risk.LAPSING.value),
        else_=Risk.STEADY.value,
    )
    return states.mutate(group=group, buyer=buyer, risk=risk)


def buyer_columns(asof: AsOf) -> dict[str, Deferred | ir.Value]:
    """Ask for `order_channels` and `recent`, in one pass over the log with other questions.

    Returns
    -------
    dict
        `order_channels`, "one" or "several" channels of orders, null where no order names one;
        `recent`, whether the first order is less than `RECENT_DAYS` old.
    """
    channels: Deferred | ir.Value = ibis.null("string")
    if asof.columns("channel"):
        number = asof.several(*ORDERS, column="channel")
        channels = ibis.cases((number == 1.0, "one"), (number == 2.0, "several"))
    return {
        "order_channels": channels,
        "recent": (asof.tenure(*ORDERS) < RECENT_DAYS).fill_null(False),
    }
