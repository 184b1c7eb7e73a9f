"""The state of every customer at a cutoff.

In:  EventLog, ActivitySettings, a cutoff.
Out: one row per customer known before the cutoff: state and the figures it stands on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import StrEnum

import ibis
import ibis.expr.types as ir
from ibis.common.deferred import Deferred

from reveil.activity.answers import unanswered_contacts, unanswered_offers
from reveil.activity.rhythm import base_gap_days
from reveil.activity.settings import ActivitySettings
from reveil.engine.asof import AsOf
from reveil.engine.plan import aggregate
from reveil.errors import StudyError, nearest
from reveil.events.log import EventLog
from reveil.events.roles import ORDERS


class State(StrEnum):
    """Where a customer stands at a cutoff."""

    PROSPECT = "prospect"
    """Known, and not a customer yet: nothing of `joins_by` ever happened."""
    ACTIVE = "active"
    """Did something that counts as activity, recently enough."""
    INACTIVE = "inactive"
    """A customer who did nothing that counts for too long; one who still pays is dormant."""
    FORMER = "former"
    """Closed the relation, left too many contacts unanswered, or has been inactive for too long."""


SHORTEST_LIMIT_DAYS = 84.0
"""No personal limit is shorter, nor shorter than `within` where that is shorter still. Of
customers whose twice the mean gap is under 84 days, 70 to 95 % of those who exceed it order within
the 90 days after (Online Retail II; 60 to 83 % in the simulated base); above, fewer than half."""

COLUMNS = (
    "customer_id", "cutoff", "state", "activity_recency_days", "order_recency_days", "orders",
    "within_days", "dormant", "overdue_ratio",
)  # fmt: skip
"""Columns of `states`."""


def activity_kinds(log: EventLog, settings: ActivitySettings) -> tuple[str, ...]:
    """Kinds of the log that count as activity, sorted.

    Raises
    ------
    StudyError
        When a name is neither a kind nor a role, or no such event is in the log.
    """
    known = {*log.roles, *(role.value for role in log.roles.values())}
    for key in ("any_of", "joins_by", "closed_by", "paid_by"):
        for name in getattr(settings, key):
            if name not in known:
                raise StudyError(
                    f"`activity.{key}` names {name!r}, which is neither a kind nor a role",
                    hint=nearest(name, known),
                )
    asof = as_of(log)
    for key, else_ in (("any_of", "inactive"), ("joins_by", "a prospect")):
        names = getattr(settings, key)
        if not asof.kinds(*names):
            raise StudyError(
                f"the log holds no event of `activity.{key}` ({', '.join(names)}), "
                f"so everybody would be {else_}",
                hint=f"the log holds: {', '.join(log.kinds)}",
            )
    return asof.kinds(*settings.any_of)


def states(log: EventLog, settings: ActivitySettings, cutoff: date) -> ir.Table:
    """Name the state of every customer known at a cutoff.

    Returns
    -------
    ibis.Table
        `customer_id, cutoff, state, activity_recency_days, order_recency_days, orders,
        within_days, dormant, overdue_ratio`. Recencies are null for what never happened;
        `within_days` is the customer's own limit between active and inactive; `dormant` is
        an inactive customer who still pays; `overdue_ratio` is the days since the last order
        over the customer's mean days between orders (at least one), null with fewer than two.

    Raises
    ------
    StudyError
        When the definition of activity names nothing the log holds.

    Notes
    -----
    An answered contact is activity in all but name, so that only an inactive customer becomes
    former by unanswered contacts. Who still pays is never former by silence, whatever its
    length; a closing event is another matter. A customer past `former_after` is former
    even inside a personal limit: the study's own word wins.
    """
    asof = as_of(log)
    facts = state_facts(asof, log, settings)
    counted = aggregate(log, None, cutoff, asof.aggregates.values())
    table = with_contract(counted.select("customer_id", "cutoff_s", **facts), log, cutoff)
    return stated(table, log, settings, cutoff).select(*COLUMNS)


def as_of(log: EventLog) -> AsOf:
    """Ask of the kinds and columns that a log holds."""
    return AsOf({kind: log.roles[kind] for kind in log.kinds}, filled=log.columns)


def state_facts(
    asof: AsOf, log: EventLog, settings: ActivitySettings
) -> Mapping[str, Deferred | ir.Value]:
    """Ask what a state stands on, for one pass over the log together with other questions.

    Raises
    ------
    StudyError
        When the definition of activity names nothing the log holds.
    """
    orders = asof.count(*ORDERS)
    late = asof.recency(*ORDERS)
    # The gaps between orders add up to the time from the first to the last.
    gap = (asof.tenure(*ORDERS) - late) / (orders - 1.0).nullif(0.0)
    gap = (orders > 0.0).ifelse(gap, None)
    unanswered: Deferred | ir.Value = ibis.literal(0.0)
    if settings.unanswered is not None:
        of = {"offers": unanswered_offers, "all": unanswered_contacts}[settings.unanswered.of]
        unanswered = of(asof)
    return {
        "activity_recency_days": asof.recency(*activity_kinds(log, settings)),
        "order_recency_days": late,
        "orders": orders.cast("int64"),
        "overdue_ratio": late / gap.clip(lower=1.0),
        "gap_days": gap,
        "closed_recency_days": asof.recency(*settings.closed_by),
        "paid_recency_days": asof.recency(*settings.paid_by),
        "joined": asof.count(*settings.joins_by) > 0.0,
        "unanswered_in_a_row": unanswered,
    }


def with_contract(table: ir.Table, log: EventLog, cutoff: date) -> ir.Table:
    """Add `contract_end_s`, as the customers table had it at the cutoff; null where it has none."""
    customers = log.before(cutoff).customers
    if customers is None or "contract_end_s" not in customers.columns:
        return table.mutate(contract_end_s=ibis.null("int64"))
    ends = customers.select("customer_id", "contract_end_s")
    return table.left_join(ends, "customer_id").drop("customer_id_right")


def stated(facts: ir.Table, log: EventLog, settings: ActivitySettings, cutoff: date) -> ir.Table:
    """Turn the facts of `state_facts` and `with_contract` into states; other columns stay.

    Returns
    -------
    ibis.Table
        `facts` with `cutoff, state, within_days, dormant`.
    """
    quiet = facts.activity_recency_days.fill_null(float("inf"))
    limit = _limit(facts, log, settings, cutoff)
    paying = (facts.contract_end_s >= facts.cutoff_s).fill_null(False)
    paying |= (facts.paid_recency_days <= float(settings.paid_within.days)).fill_null(False)
    closed = facts.closed_recency_days.notnull() & (facts.closed_recency_days <= quiet)
    silent = ibis.literal(False)
    if settings.former_after is not None:
        silent |= quiet > float(settings.former_after.days)
    if settings.unanswered is not None:
        tired = facts.unanswered_in_a_row >= float(settings.unanswered.contacts)
        silent |= (quiet > limit) & tired
    state = ibis.cases(
        (~facts.joined, State.PROSPECT.value),
        (closed | (silent & ~paying), State.FORMER.value),
        (quiet <= limit, State.ACTIVE.value),
        else_=State.INACTIVE.value,
    )
    return facts.mutate(
        cutoff=ibis.date(str(cutoff)),
        state=state,
        within_days=limit,
        dormant=(state == State.INACTIVE.value) & paying,
    )


def _limit(
    facts: ir.Table, log: EventLog, settings: ActivitySettings, cutoff: date
) -> ir.FloatingValue:
    """Days without activity after which each customer is inactive."""
    within = float(settings.within.days)
    personal = settings.personal
    if personal is None:
        return ibis.literal(within)
    usual = base_gap_days(log, cutoff)
    shortest = min(SHORTEST_LIMIT_DAYS, within)
    otherwise = ibis.literal(within if usual is None else max(usual, shortest))
    own = (facts.gap_days * personal.overdue_ratio).clip(lower=shortest)
    return (facts.orders >= personal.min_orders).ifelse(own, otherwise)


def ordered_in_time(people: ir.Table) -> ir.BooleanValue:
    """Say of each row of `states` whether its customer's orders alone keep it active.

    Examples
    --------
    >>> people = ibis.memtable({"order_recency_days": [30.0, 300.0], "within_days": [244.0] * 2})
    >>> people.select(x=ordered_in_time(people)).to_pyarrow()["x"].to_pylist()
    [True, False]
    """
    return (people.order_recency_days <= people.within_days).fill_null(False)


def population(log: EventLog, settings: ActivitySettings, cutoff: date, *of: State) -> ir.Table:
    """Find the customers in some states at a cutoff: `customer_id, cutoff, state`."""
    everyone = states(log, settings, cutoff)
    wanted = everyone.filter(everyone.state.isin([state.value for state in of]))
    return wanted.select("customer_id", "cutoff", "state")
