"""Aggregates of customers at one cutoff or many, by whichever plan is cheaper.

In:  EventLog, a population (customer_id) or everybody, cutoffs, aggregates.
Out: one row per customer of the population with one whole number per aggregate; and the plan,
     a value that says why it was chosen.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from typing import Literal

import ibis
import ibis.expr.types as ir
import pyarrow as pa
from ibis.common.deferred import Deferred

from reveil.engine import periods
from reveil.engine.aggregate import Aggregate
from reveil.engine.chunks import CHUNK, TOLD_ID, Question, Tables, answered
from reveil.engine.direct import attributes_at, parts_of, reads_lines, seen
from reveil.engine.gaps import with_before
from reveil.engine.rows import marked, matches, unmarked
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
    end_s = seconds(cutoff)
    start_s = None if observation is None else seconds(cutoff - observation)
    events, lines = (seen(table, end_s, start_s) for table in (log.events, log.lines))
    everybody = population is None
    parts = parts_of(events, lines, wanted, observation=observation, everybody=everybody)
    if population is None:
        population = _with_customers(log, parts.pop(0), cutoff)
    return reduce(_attach, parts, _described(log, population, cutoff, wanted))


def _described(
    log: EventLog, population: ir.Table, cutoff: date, aggregates: Iterable[Aggregate]
) -> ir.Table:
    """Put the cutoff, and what the customers table says at it, beside a population."""
    keyed = population.mutate(cutoff_s=ibis.literal(seconds(cutoff), type="int64"))
    attributes = [a for a in aggregates if a.statistic == "attribute"]
    return _attach(keyed, attributes_at(log, attributes, seconds(cutoff))) if attributes else keyed


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
    starts = with_before(seen(log.events, seconds(cutoff), None), (tuple(kinds),))
    gaps = starts.filter(starts.before_0.notnull())
    days = (gaps.at_s - gaps.before_0 + DAY - 1) // DAY
    counted = gaps.select(days=days.cast("int64")).group_by("days")
    return counted.aggregate(gaps=ibis._.count().cast("int64"))


PERIODS_FROM_CUTOFFS = 3
"""With fewer cutoffs the events are read fewer times than it costs to add them up."""

PERIODS_FROM_ROWS = 3.0
"""Events per customer and period from which adding up pays: `experiments/2026-11_features-speed`."""

LOG = ("events", "lines")
"""Tables of the log, beside those of periods."""

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
    if (why := _unfit(log, grid)) or grid is None:
        return Plan(name="direct", why=why, cutoffs=len(days))
    rows = _narrow(log, days, wanted, observation)["events"]
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


def _unfit(log: EventLog, grid: periods.Grid | None) -> str:
    """Say why periods cannot give what events give; empty when they can."""
    if grid is None:
        return "the cutoffs, or the observation, do not lie on one grid of 28 days"
    if "available_at" in log.columns:
        return "events become known after they happen, so a period is not over when it ends"
    return ""


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

    Raises
    ------
    ValueError
        When periods are asked for and cannot give what the events give.
    """
    wanted = sorted(set(aggregates), key=lambda a: a.key)
    if plan is None:
        plan = chosen(log, people, wanted, observation=observation)
    grid = periods.Grid.of(people, observation)
    if plan.name == "periods" and (why_not := _unfit(log, grid)):
        raise ValueError(f"no plan of periods: {why_not}")
    added = [a for a in wanted if plan.name == "periods" and periods.fits(a)]
    read = [a for a in wanted if a not in added and a.statistic != "attribute"]

    described = {cutoff: _described(log, one, cutoff, wanted) for cutoff, one in people.items()}
    kept = {name: None for one in people.values() for name in one.columns if name != "customer_id"}

    def shown(name: str, table: ir.Table, cutoff: date) -> ir.Table:
        if grid is not None and name not in LOG:
            return grid.shown(table, cutoff)
        return seen(table, seconds(cutoff), seconds(cutoff - observation))

    def asked(sight: Tables, population: ir.Table) -> ir.Table:
        parts = parts_of(sight["events"], sight["lines"], read, observation=observation)
        if grid is not None and added:
            parts += periods.parts_of(sight, grid, added)
        return reduce(_attach, parts, population).select(TOLD_ID, *kept, **values)

    question = Question(
        opened=lambda name, table: unmarked(table, matches(_of_table(name, wanted))),
        added=lambda whole: (
            periods.tables(whole["events"], whole["lines"], grid, added)
            if grid is not None and added
            else {}
        ),
        shown=shown,
        asked=asked,
    )
    narrow = _narrow(log, people, wanted, observation)
    for cutoff, table in answered(narrow, described, question, customers=customers):
        names = ["customer_id" if name == TOLD_ID else name for name in table.column_names]
        yield cutoff, table.rename_columns(names)


def _narrow(
    log: EventLog,
    cutoffs: Iterable[date],
    aggregates: Collection[Aggregate],
    observation: timedelta,
) -> dict[str, ir.Table]:
    """Keep the rows and columns that something asks for, and say once which rows count."""
    days = sorted(cutoffs)
    end_s, start_s = seconds(days[-1]), seconds(days[0] - observation)
    known = ["known_s"] if "available_at" in log.columns else []

    def narrowed(name: str) -> ir.Table:
        wanted = _of_table(name, aggregates)
        kinds = sorted({kind for a in wanted for kind in (*a.kinds, *a.after)})
        named = {a.column for a in wanted}
        named |= {"kind" for a in wanted if a.statistic == "last_kind"}
        table = seen(getattr(log, name), end_s, start_s)
        table = table.filter(table.kind.isin(kinds) if kinds else False)
        columns = [column for column in table.columns if column in named]
        return marked(table, matches(wanted), "customer_id", "at_s", *known, *columns)

    return {name: narrowed(name) for name in LOG}


def _of_table(name: str, aggregates: Iterable[Aggregate]) -> list[Aggregate]:
    return [a for a in aggregates if reads_lines(a) == (name == "lines")]
