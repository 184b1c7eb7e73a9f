"""Which rows an aggregate counts, what each row gives it, and how that is put together.

In:  the log's events or lines, an Aggregate.
Out: Ibis columns: null where a row does not count, so that sums, counts and extremes skip it.

Windows are left to the plans. Conditions are written as values that are null elsewhere: DuckDB
evaluates a filtered aggregate three to five times more slowly.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from hashlib import sha256
from math import log
from operator import add
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

_OF_STARTS = (*FOLDS, "since", "gap_count", "gap_sum", "gap_squares", "gap_max", "gap_from",
              "spell_start", "spell_count", "spell_from")  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Which rows count, whatever their date.

    Parameters
    ----------
    kinds
        Of these kinds.
    starts
        Only the first row of each order: the later ones bring money, not another order.
    channels, named
        Only those that came by one of some channels, or that name something in some columns.
    """

    kinds: tuple[str, ...]
    starts: bool = False
    channels: tuple[str, ...] | None = None
    named: tuple[str, ...] = ()

    @property
    def column(self) -> str:
        """Name of the column that says so once and for all, where a table has it."""
        return f"of_{sha256(repr(self).encode()).hexdigest()[:16]}"

    def on(self, table: ir.Table) -> ir.BooleanValue:
        """Say which rows of a table count; never null."""
        if self.column in table.columns:
            return table[self.column]
        if not self.kinds:
            # Nor need a table have the columns that nobody of no kind could fill.
            return ibis.literal(False)
        # Engines join a list of several as a table, at ten times the cost of comparing.
        condition = _or([table.kind == kind for kind in self.kinds])
        if self.starts and "is_start" in table.columns:
            condition &= table.is_start
        for name in self.named:
            condition &= table[name].notnull()
        if self.channels is not None:
            came = [(table.channel == one).fill_null(False) for one in self.channels]
            condition &= _or(came)
        return condition


def _or(conditions: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    return ibis.or_(*conditions) if conditions else ibis.literal(False)


def stream(a: Aggregate) -> Aggregate:
    """Strip an aggregate of its window: aggregates of one stream read the same rows."""
    return replace(a, start_days=None, end_days=0)


def match(a: Aggregate) -> Match:
    """Say which rows an aggregate counts."""
    named = [] if a.naming is None else [a.naming]
    if a.statistic in ("lines", "last_value", "distinct") and a.column is not None:
        named.append(a.column)
    return Match(
        kinds=a.kinds,
        starts=a.statistic in _OF_STARTS and a.column is None,
        channels=a.channels,
        named=tuple(named),
    )


def answers(after: tuple[str, ...]) -> Match:
    """Say which rows are answers: later rows of an order are no other answer."""
    return Match(kinds=after, starts=True)


def counts(table: ir.Table, a: Aggregate) -> ir.BooleanValue:
    """Say which rows an aggregate counts, whatever their date."""
    return match(a).on(table)


def counted_by(table: ir.Table, matches: Iterable[Match]) -> ir.Table:
    """Keep the rows that something counts, or some more where that is cheaper to tell."""
    wanted = list(dict.fromkeys(matches))
    if "kind" not in table.columns:
        return table.filter(_or([one.on(table) for one in wanted]))
    kinds = sorted({kind for one in wanted for kind in one.kinds})
    return table.filter(table.kind.isin(kinds) if kinds else False)


MARKS = 62
"""Matches that one whole number tells."""


def matches(aggregates: Iterable[Aggregate]) -> tuple[Match, ...]:
    """List every match that some aggregates ask for, in a stable order."""
    wanted = list(aggregates)
    found = dict.fromkeys(match(a) for a in wanted if a.kinds)
    found |= dict.fromkeys(answers(a.after) for a in wanted if a.statistic == "since")
    return tuple(found)


def marked(table: ir.Table, wanted: Sequence[Match], *keep: str) -> ir.Table:
    """Put marks, a bit for each match, in the place of the columns that tell it; drop unmarked rows.

    Parameters
    ----------
    keep
        Other columns to keep.
    """
    marks = {}
    for n in range(0, len(wanted), MARKS):
        bits = [
            one.on(table).cast("int64") * (1 << bit)
            for bit, one in enumerate(wanted[n : n + MARKS])
        ]
        marks[f"marks_{n // MARKS}"] = reduce(add, bits)
    rows = table.select(*keep, **marks)
    return rows.filter(_or([rows[name] != 0 for name in marks]))


def unmarked(table: ir.Table, wanted: Sequence[Match]) -> ir.Table:
    """Put a column for each match in the place of the marks."""
    told = {
        one.column: (table[f"marks_{n // MARKS}"] & (1 << n % MARKS)) != 0
        for n, one in enumerate(wanted)
    }
    rest = [name for name in table.columns if not name.startswith("marks_")]
    return table.select(*rest, **told)


def given(table: ir.Table, a: Aggregate, weight: ir.IntegerValue | None = None) -> ir.Value:
    """Say what each row gives an aggregate: null where it does not count; for a count, whether.

    Parameters
    ----------
    weight
        Of each row, for a decayed sum.
    """
    match a.statistic:
        case "count" | "lines":
            return counts(table, a)
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
    return counts(table, a).ifelse(value, ibis.null(value.type()))


def windowed(values: ir.Value, window: ir.BooleanValue | None) -> ir.Value:
    """Leave out what rows outside a window gave."""
    if window is None:
        return values
    if values.type().is_boolean():
        return values & window
    return window.ifelse(values, ibis.null(values.type()))


def folded(values: ir.Column, fold: Fold) -> ir.Value:
    """Put together what rows gave, as a whole number; null, or 0 for a count, without any."""
    match fold:
        case "count":
            # Four times cheaper than counting what is not null.
            value = values.sum()
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
