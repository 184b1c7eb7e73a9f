"""The direct plan: one pass over the events of each cutoff.

In:  EventLog, a population (customer_id) and a cutoff, aggregates.
Out: one row per customer of the population with one integer per aggregate.

Everything an aggregate sees goes through `_visible`, the one place where `at < cutoff`
and `available_at < cutoff` are written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import reduce
from math import log

import ibis
import ibis.expr.types as ir

from reveil.engine.asof import WEIGHT_UNIT, Aggregate
from reveil.events.log import DAY, EventLog, seconds

LINE_COLUMNS = ("item", "category")


def aggregate(
    log: EventLog,
    population: ir.Table,
    cutoff: date,
    aggregates: Iterable[Aggregate],
    *,
    observation: timedelta | None = None,
) -> ir.Table:
    """Compute aggregates for every customer of a population at one cutoff.

    Parameters
    ----------
    population
        Has `customer_id`; other columns are kept.
    aggregates
        What to compute; each becomes a column named by its key, null where the
        customer has no such event.
    observation
        How far back events are seen; None for the whole log.

    Returns
    -------
    ibis.Table
        The population with `cutoff_s` and the aggregates, int64.
    """
    wanted = sorted(set(aggregates), key=lambda a: a.key)
    events = _visible(log.events, cutoff, observation)
    parts: list[ir.Table] = []

    def of(*statistics: str, lines: bool = False) -> list[Aggregate]:
        on_lines = [(a.statistic == "distinct") and a.column in LINE_COLUMNS for a in wanted]
        return [
            a
            for a, is_line in zip(wanted, on_lines, strict=True)
            if a.statistic in statistics and is_line == lines
        ]

    if plain := of("count", "sum", "last", "first", "distinct", "decayed"):
        parts.append(_grouped(events, plain, cutoff))
    if lines := of("distinct", lines=True):
        parts.append(_grouped(_visible(log.lines, cutoff, observation), lines, cutoff))
    gaps = of("gap_count", "gap_sum", "gap_squares", "gap_max")
    parts += [
        _gaps(events, [a for a in gaps if a.kinds == kinds])
        for kinds in sorted({a.kinds for a in gaps})
    ]
    since = of("since")
    parts += [
        _since(events, [a for a in since if a.after == after])
        for after in sorted({a.after for a in since})
    ]
    keyed = population.mutate(cutoff_s=ibis.literal(seconds(cutoff), type="int64"))
    return reduce(_attach, parts, keyed)


def _attach(left: ir.Table, part: ir.Table) -> ir.Table:
    return left.left_join(part, "customer_id").drop("customer_id_right")


def _visible(table: ir.Table, cutoff: date, observation: timedelta | None) -> ir.Table:
    """Rows known before the cutoff: `known_s` is the later of `at` and `available_at`."""
    table = table.filter(table.known_s < seconds(cutoff))
    if observation is not None:
        table = table.filter(table.at_s >= seconds(cutoff - observation))
    return table


def _in_window(table: ir.Table, a: Aggregate, cutoff: date) -> ir.BooleanValue:
    condition = table.kind.isin(a.kinds) if a.kinds else ibis.literal(False)
    if a.statistic in ("count", "last", "first", "decayed") and "is_start" in table.columns:
        # The later rows of an order bring money, not another order.
        condition &= table.is_start | ibis.literal(a.column is not None)
    if a.channel is not None:
        condition &= table.channel == a.channel
    if a.start_days is not None:
        condition &= table.at_s >= seconds(cutoff) - a.start_days * DAY
    if a.end_days:
        condition &= table.at_s < seconds(cutoff) - a.end_days * DAY
    return condition


def _grouped(table: ir.Table, aggregates: list[Aggregate], cutoff: date) -> ir.Table:
    every = sorted({kind for a in aggregates for kind in a.kinds})
    table = table.filter(table.kind.isin(every)) if every else table.filter(False)
    columns = {a.key: _expression(table, a, cutoff) for a in aggregates}
    return table.group_by("customer_id").aggregate(**columns)


def _expression(table: ir.Table, a: Aggregate, cutoff: date) -> ir.Value:
    where = _in_window(table, a, cutoff)
    match a.statistic:
        case "count":
            value = table.count(where=where)
        case "last":
            value = table.at_s.max(where=where)
        case "first":
            value = table.at_s.min(where=where)
        case "sum":
            value = table[a.column].sum(where=where)
        case "distinct":
            value = table[a.column].nunique(where=where)
        case "decayed":
            value = _decayed(table, a, cutoff).sum(where=where)
        case _:
            raise AssertionError(a.statistic)
    return value.cast("int64")


def _decayed(table: ir.Table, a: Aggregate, cutoff: date) -> ir.IntegerValue:
    assert a.half_life is not None
    # Calendar days, so that all lines of an order and day weigh the same; yesterday weighs 1.
    age = (seconds(cutoff) // DAY - 1 - table.at_s // DAY).cast("float64")
    weight = ((-log(2.0) / a.half_life * age).exp() * WEIGHT_UNIT).round().cast("int64")
    return weight if a.column is None else weight * table[a.column]


def _gaps(events: ir.Table, aggregates: list[Aggregate]) -> ir.Table:
    starts = events.filter(events.kind.isin(aggregates[0].kinds), events.is_start)
    previous = ibis.window(group_by="customer_id", order_by=["at_s"])
    starts = starts.select("customer_id", "at_s", before=starts.at_s.lag().over(previous))
    starts = starts.filter(starts.before.notnull())
    gap = (starts.at_s - starts.before).cast("int64")
    of = {
        "gap_count": gap.count(),
        "gap_sum": gap.sum(),
        # Gaps share out the observation window, so their squares stay far below 2**63.
        "gap_squares": (gap * gap).sum(),
        "gap_max": gap.max(),
    }
    return starts.group_by("customer_id").aggregate(
        **{a.key: of[a.statistic].cast("int64") for a in aggregates}
    )


def _since(events: ir.Table, aggregates: list[Aggregate]) -> ir.Table:
    after = aggregates[0].after
    # The later rows of an order are neither another attempt nor another answer.
    events = events.filter(events.is_start)
    answers = events.filter(events.kind.isin(after)) if after else events.filter(False)
    last = answers.group_by("customer_id").aggregate(answered_s=answers.at_s.max())
    kinds = sorted({kind for a in aggregates for kind in a.kinds})
    attempts = events.filter(events.kind.isin(kinds))
    joined = attempts.left_join(last, "customer_id")
    later = joined.answered_s.isnull() | (joined.at_s > joined.answered_s)

    def counted(a: Aggregate) -> ir.IntegerScalar:
        condition = later & joined.kind.isin(a.kinds)
        if a.column is not None:
            condition &= joined[a.column].notnull()
        return joined.count(where=condition).cast("int64")

    columns = {a.key: counted(a) for a in aggregates}
    return joined.group_by("customer_id").aggregate(**columns)
