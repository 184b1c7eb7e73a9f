"""Which rows an aggregate counts, what each row gives it, and how that is put together.

In:  the log's events or lines, an Aggregate.
Out: Ibis columns: null where a row does not count, so that sums, counts and extremes skip it.

Windows are left to the plans. Conditions are written as values that are null elsewhere: DuckDB
evaluates a filtered aggregate three to five times more slowly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import log
from typing import Literal

import ibis
import ibis.expr.types as ir

from reveil.engine.aggregate import EPOCH_SHIFT, RANKS, VALUES, WEIGHT_UNIT, Aggregate, Statistic

PERIOD = 28
"""Days of a period of the grid on which training cutoffs and most windows lie."""

Fold = Literal["count", "sum", "max", "min", "several"]

FOLDS: Mapping[Statistic, Fold] = {
    "count": "count",
    "lines": "count",
    "sum": "sum",
    "decayed": "sum",
    "max": "max",
    "last": "max",
    "last_kind": "max",
    "last_value": "max",
    "first": "min",
    "several": "several",
}
"""How the rows of an aggregate become one number; statistics that are not here need more than that."""

_OF_STARTS = ("count", "last", "first", "last_kind", "decayed")


def stream(a: Aggregate) -> Aggregate:
    """Strip an aggregate of its window: aggregates of one stream read the same rows."""
    return replace(a, start_days=None, end_days=0)


def counts(table: ir.Table, a: Aggregate) -> ir.BooleanValue:
    """Say which rows count, whatever their date."""
    # No instant is null: no row, and still a column.
    condition = table.kind.isin(a.kinds) if a.kinds else table.at_s.isnull()
    if a.statistic in _OF_STARTS and a.column is None and "is_start" in table.columns:
        # The later rows of an order bring money, not another order.
        condition &= table.is_start
    if a.naming is not None:
        condition &= table[a.naming].notnull()
    if a.channels is not None:
        condition &= table.channel.isin(a.channels)
    return condition


def given(table: ir.Table, a: Aggregate, weight: ir.IntegerValue | None = None) -> ir.Value:
    """Say what each row gives an aggregate; null where it does not count.

    Parameters
    ----------
    weight
        Of each row, for a decayed sum.
    """
    match a.statistic:
        case "count" | "lines":
            value = ibis.literal(1, type="int8")
        case "last" | "first":
            value = table.at_s
        case "last_kind":
            value = _ranked(table, a)
        case "last_value":
            value = _valued(table, a)
        case "decayed":
            assert weight is not None
            value = weight if a.column is None else _weighted(table[a.column], weight)
        case _:
            value = table[a.column]
    condition = counts(table, a)
    if a.statistic in ("lines", "last_value"):
        condition &= table[a.column].notnull()
    return condition.ifelse(value, ibis.null(value.type()))


def folded(values: ir.Column, fold: Fold) -> ir.Value:
    """Put together what rows gave, as a whole number; null, or 0 for a count, without any."""
    match fold:
        case "count":
            value = values.count()
        case "sum":
            value = values.sum()
        case "max":
            value = values.max()
        case "min":
            value = values.min()
        case "several":
            value = (values.max() != values.min()).cast("int64") + 1
    # Weighted amounts may be too large for 64 bits, and are exact in a decimal.
    return value if value.type().is_decimal() else value.cast("int64")


def decay(steps: ir.IntegerValue, days: int, half_life: int) -> ir.IntegerValue:
    """Halve every `half_life` days, as a fixed-point number; a step is some days.

    The weight of a day is that of its period times that of the day in the period, both
    rounded: so whole periods can be added up before they are weighted, to the same bits.
    """
    rate = -log(2.0) * days / half_life
    return ((rate * steps.cast("float64")).exp() * WEIGHT_UNIT).round().cast("int64")


def _weighted(amount: ir.IntegerColumn, weight: ir.IntegerValue) -> ir.DecimalValue:
    return weight.cast("decimal(19, 0)") * amount.cast("decimal(19, 0)")


def _ranked(table: ir.Table, a: Aggregate) -> ir.IntegerValue:
    """Put the rank of an event's kind beside its second: the largest is the last event."""
    ranks = [(table.kind == kind, RANKS - 1 - n) for n, kind in enumerate(a.kinds)]
    rank = ibis.cases(*ranks, else_=0) if ranks else ibis.literal(0)
    return (table.at_s + EPOCH_SHIFT) * RANKS + rank.cast("int64")


def _valued(table: ir.Table, a: Aggregate) -> ir.IntegerValue:
    """Put an event's number, in thousandths, beside its second: the largest is the last event's."""
    thousandths = (table[a.column].cast("float64") * 1_000.0).round()
    kept = thousandths.clip(lower=-(VALUES / 2), upper=VALUES / 2 - 1).cast("int64") + VALUES // 2
    return (table.at_s + EPOCH_SHIFT) * VALUES + kept
