"""Aggregates of customers at one cutoff or many, by whichever plan is cheaper.

In:  EventLog, a population (customer_id) or everybody, cutoffs, aggregates.
Out: one row per customer of the population with one whole number per aggregate; and the plan,
     a value that says why it was chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import reduce
from typing import Literal

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.deferred import Deferred

from reveil.engine import periods
from reveil.engine.aggregate import Aggregate
from reveil.engine.chunks import CHUNK, TOLD_ID, Chunk, answered, stored
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


PERIODS_FROM_CUTOFFS = 3
"""With fewer cutoffs the events are read fewer times than it costs to add them up."""

PERIODS_FROM_ROWS = 3.0
"""Events per customer and period from which adding up pays: `experiments/2026-11_features-speed`."""

SAMPLED = 16
"""The plan is chosen on one customer in so many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """How the aggregates of some cutoffs are computed. Values do not depend on it.

    Parameters
    ----------
    name
        `direct` reads the events of each cutoff; `periods` adds them up by customer and
        28 days once, and puts every cutoff together from these.
    why
        One sentence.
    cutoffs
        How many.
    rows_per_period
        Events per customer and period, on a sample of customers; None where it did not matter.
    direct
        Aggregates that no periods can give, and that are read from the events in either case.
    """

    name: Literal["direct", "periods"]
    why: str
    cutoffs: int
    rows_per_period: float | None = None
    direct: tuple[str, ...] = ()


def chosen(
    log: EventLog,
    cutoffs: Iterable[date],
    aggregates: Iterable[Aggregate],
    *,
    observation: timedelta,
) -> Plan:
    """Choose the plan for some cutoffs, from what the log says of itself.

    Parameters
    ----------
    observation
        How far back events are seen.
    """
    days, wanted = sorted(set(cutoffs)), set(aggregates)
    rest = tuple(sorted(a.key for a in wanted if not periods.fits(a)))
    grid = periods.Grid.of(days, observation)
    if len(days) < PERIODS_FROM_CUTOFFS:
        why = f"{len(days)} of the {PERIODS_FROM_CUTOFFS} cutoffs from which adding up can pay"
        return Plan(name="direct", why=why, cutoffs=len(days))
    if grid is None:
        why = "the cutoffs, or the observation, do not lie on one grid of 28 days"
        return Plan(name="direct", why=why, cutoffs=len(days))
    if "available_at" in log.columns:
        why = "events become known after they happen, so a period is not over when it ends"
        return Plan(name="direct", why=why, cutoffs=len(days))
    rows = _narrow(log, days, wanted, observation).events
    some = rows.filter(rows.customer_id.hash() % SAMPLED == 0)
    pairs = some.select("customer_id", period=grid.period(some.at_s)).distinct().count()
    found = some.aggregate(rows=some.count(), pairs=pairs.as_scalar()).to_pyarrow().to_pylist()[0]
    dense = found["rows"] / max(found["pairs"], 1)
    pays = dense >= PERIODS_FROM_ROWS
    return Plan(
        name="periods" if pays else "direct",
        why=(
            f"{dense:.1f} events per customer and 28 days: adding them up pays "
            f"from {PERIODS_FROM_ROWS:.0f} on"
        ),
        cutoffs=len(days),
        rows_per_period=dense,
        direct=rest if pays else (),
    )


def computed(
    log: EventLog,
    people: Mapping[date, ir.Table],
    aggregates: Iterable[Aggregate],
    values: Mapping[str, Deferred],
    *,
    observation: timedelta,
    plan: Plan | None = None,
    customers: int = CHUNK,
) -> Iterator[tuple[date, pa.Table]]:
    """Compute values of every customer of some cutoffs, a chunk of customers at a time.

    Parameters
    ----------
    people
        Customers of each cutoff: `customer_id`, and columns to keep.
    values
        What to make of the aggregates, by column.
    plan
        The cheaper one when not said.
    customers
        In a chunk. Nothing computed depends on it.

    Yields
    ------
    tuple
        A cutoff, and rows in the order of customer ids: the columns of its population, then
        the values. Chunks come in that order too, each with its cutoffs in the order given.
    """
    wanted = sorted(set(aggregates), key=lambda a: a.key)
    if plan is None:
        plan = chosen(log, people, wanted, observation=observation)
    grid = periods.Grid.of(people, observation)
    added = [a for a in wanted if plan.name == "periods" and periods.fits(a)]
    read = [a for a in wanted if a not in added]

    def shared(chunk: Chunk) -> dict[str, ir.Table]:
        return {} if grid is None or not added else periods.tables(chunk.log, grid, added)

    def asked(chunk: Chunk, found: Mapping[str, ir.Table], cutoff: date) -> ir.Table:
        parts = parts_of(chunk.log, Sight.of(cutoff, observation), read)
        if grid is not None and added:
            parts += periods.parts_at(cutoff, grid, found, added)
        population = chunk.people[cutoff]
        keyed = population.mutate(cutoff_s=ibis.literal(seconds(cutoff), type="int64"))
        kept = [name for name in population.columns if name not in ("customer_id", TOLD_ID)]
        return reduce(_attach, parts, keyed).select(TOLD_ID, *kept, **values)

    with closing(stored(_narrow(log, people, wanted, observation), people)) as store:
        for cutoff, table in answered(store, shared, asked, customers=customers):
            names = ["customer_id" if name == TOLD_ID else name for name in table.column_names]
            yield cutoff, table.rename_columns(names)


def _narrow(
    log: EventLog, cutoffs: Iterable[date], aggregates: Iterable[Aggregate], observation: timedelta
) -> EventLog:
    """Leave out the rows and columns that nothing asks for."""
    days, wanted = sorted(cutoffs), list(aggregates)
    kinds = sorted({kind for a in wanted for kind in (*a.kinds, *a.after)})
    named = {name for a in wanted for name in (a.column, a.naming) if name is not None}
    if any(a.channels is not None for a in wanted):
        named.add("channel")
    sight = Sight(end_s=seconds(days[-1]), start_s=seconds(days[0] - observation))

    def narrowed(table: ir.Table, *columns: str) -> ir.Table:
        seen = sight.visible(table)
        seen = seen.filter(seen.kind.isin(kinds) if kinds else False)
        return seen.select(*columns, *[name for name in table.columns if name in named])

    return replace(
        log,
        events=narrowed(log.events, "customer_id", "kind", "at_s", "known_s", "is_start"),
        lines=narrowed(log.lines, "customer_id", "kind", "at_s", "known_s"),
    )
