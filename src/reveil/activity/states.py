"""The state of every customer at a cutoff.

In:  EventLog, ActivitySettings, a cutoff.
Out: one row per customer known before the cutoff: state and the recencies it stands on.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import ibis
import ibis.expr.types as ir

from reveil.activity.settings import ActivitySettings
from reveil.engine.asof import AsOf
from reveil.engine.plan import aggregate
from reveil.errors import StudyError, nearest
from reveil.events.log import EventLog
from reveil.events.roles import ORDERS


class State(StrEnum):
    """Where a customer stands at a cutoff."""

    PROSPECT = "prospect"
    """Known, and has never ordered."""
    ACTIVE = "active"
    """Did something that counts as activity, recently enough."""
    INACTIVE = "inactive"
    """Has ordered once, and did nothing that counts for too long."""
    FORMER = "former"
    """Closed the relation, or has been inactive for longer than the study waits."""


def activity_kinds(log: EventLog, settings: ActivitySettings) -> tuple[str, ...]:
    """Kinds of the log that count as activity, sorted.

    Raises
    ------
    StudyError
        When a name is neither a kind nor a role, or no such event is in the log.
    """
    known = {*log.roles, *(role.value for role in log.roles.values())}
    for key, names in (("any_of", settings.any_of), ("closed_by", settings.closed_by)):
        for name in names:
            if name not in known:
                raise StudyError(
                    f"`activity.{key}` names {name!r}, which is neither a kind nor a role",
                    hint=nearest(name, known),
                )
    kinds = _asof(log).kinds(*settings.any_of)
    if not kinds:
        raise StudyError(
            f"the log holds no event of `activity.any_of` ({', '.join(settings.any_of)}), "
            "so everybody would be inactive",
            hint=f"the log holds: {', '.join(log.kinds)}",
        )
    return kinds


def customers_known(log: EventLog, cutoff: date) -> ir.Table:
    """Every customer with an event or an entry in the customers table before the cutoff."""
    known = log.before(cutoff)
    ids = known.events.select("customer_id")
    if known.customers is not None:
        ids = ids.union(known.customers.select("customer_id"))
    return ids.distinct()


def states(log: EventLog, settings: ActivitySettings, cutoff: date) -> ir.Table:
    """Name the state of every customer known at a cutoff.

    Returns
    -------
    ibis.Table
        `customer_id, cutoff, state, activity_recency_days, order_recency_days, orders,
        within_days`; recencies are null for what never happened, and `within_days` is
        the study's limit between active and inactive.

    Raises
    ------
    StudyError
        When the definition of activity names nothing the log holds.
    """
    kinds = activity_kinds(log, settings)
    asof = _asof(log)
    columns = {
        "activity_recency_days": asof.recency(*kinds),
        "order_recency_days": asof.recency(*ORDERS),
        "orders": asof.count(*ORDERS).cast("int64"),
        "closed_recency_days": asof.recency(*settings.closed_by),
    }
    facts = aggregate(log, customers_known(log, cutoff), cutoff, asof.aggregates.values())
    facts = facts.select("customer_id", **columns)
    quiet = facts.activity_recency_days.fill_null(float("inf"))
    closed = facts.closed_recency_days.notnull() & (facts.closed_recency_days <= quiet)
    gone = closed
    if settings.former_after is not None:
        gone |= quiet > float(settings.former_after.days)
    state = ibis.cases(
        (facts.orders == 0, State.PROSPECT.value),
        (gone, State.FORMER.value),
        (quiet <= float(settings.within.days), State.ACTIVE.value),
        else_=State.INACTIVE.value,
    )
    return facts.select(
        "customer_id",
        cutoff=ibis.date(str(cutoff)),
        state=state,
        activity_recency_days=facts.activity_recency_days,
        order_recency_days=facts.order_recency_days,
        orders=facts.orders,
        within_days=ibis.literal(float(settings.within.days)),
    )


def population(log: EventLog, settings: ActivitySettings, cutoff: date, *of: State) -> ir.Table:
    """Find the customers in some states at a cutoff: `customer_id, cutoff, state`."""
    everyone = states(log, settings, cutoff)
    wanted = everyone.filter(everyone.state.isin([state.value for state in of]))
    return wanted.select("customer_id", "cutoff", "state")


def _asof(log: EventLog) -> AsOf:
    return AsOf({kind: log.roles[kind] for kind in log.kinds})
