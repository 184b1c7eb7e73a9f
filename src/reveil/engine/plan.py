"""Aggregates of customers at a cutoff, by whichever plan.

In:  EventLog, a population (customer_id) or everybody, a cutoff, aggregates.
Out: one row per customer of the population with one whole number per aggregate.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce

import ibis
import ibis.expr.types as ir

from reveil.engine.aggregate import Aggregate
from reveil.engine.direct import Sight, parts_of
from reveil.engine.gaps import with_before
from reveil.events.log import DAY, EventLog, seconds


def aggregate(
    log: EventLog,
    population: ir.Table | None,
    cutoff: date,
    aggregates: Iterable[Aggregate],
    *,
    observation: timedelta | None = None,
) -> ir.Table:
    """Compute aggregates for every customer of a population at one cutoff.

    Parameters
    ----------
    population
        Has `customer_id`; other columns are kept. None for every customer known at the
        cutoff, by an event or by the customers table: found in the same pass over the events.
    aggregates
        What to compute; each becomes a column named by its key, null where the
        customer has no such event.
    observation
        How far back events are seen; None for the whole log.

    Returns
    -------
    ibis.Table
        The population with `cutoff_s` and the aggregates, whole numbers.

    Raises
    ------
    ValueError
        When everybody is asked for and only an observation window is seen: those whom only
        older events know would be missing.
    """
    if population is None and observation is not None:
        raise ValueError("everybody is known by the whole log; leave `observation` out")
    wanted = sorted(set(aggregates), key=lambda a: a.key)
    parts = parts_of(log, Sight.of(cutoff, observation), wanted, everybody=population is None)
    if population is None:
        population = _with_customers(log, parts.pop(0), cutoff)
    keyed = population.mutate(cutoff_s=ibis.literal(seconds(cutoff), type="int64"))
    return reduce(_attach, parts, keyed)


def _attach(left: ir.Table, part: ir.Table) -> ir.Table:
    return left.left_join(part, "customer_id").drop("customer_id_right")


def _with_customers(log: EventLog, people: ir.Table, cutoff: date) -> ir.Table:
    """Add those whom only the customers table knows."""
    customers = log.before(cutoff).customers
    if customers is None:
        return people
    both = people.outer_join(customers.select("customer_id").distinct(), "customer_id")
    known = ibis.coalesce(both.customer_id, both.customer_id_right)
    rest = [name for name in people.columns if name != "customer_id"]
    return both.select(customer_id=known, **{name: both[name] for name in rest})


def gap_days(log: EventLog, kinds: Iterable[str], cutoff: date) -> ir.Table:
    """Count the gaps between consecutive events of every customer by their length.

    Returns
    -------
    ibis.Table
        `days` (whole days, a begun one counted whole) and `gaps`, both int64.
    """
    starts = with_before(Sight.of(cutoff, None).visible(log.events), (tuple(kinds),))
    gaps = starts.filter(starts.before_0.notnull())
    days = (gaps.at_s - gaps.before_0 + DAY - 1) // DAY
    counted = gaps.select(days=days.cast("int64")).group_by("days")
    return counted.aggregate(gaps=ibis._.count().cast("int64"))
