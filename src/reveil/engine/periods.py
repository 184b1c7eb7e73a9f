"""The per-period plan: the log is read once, and every cutoff is put together from 28-day periods.

In:  the log of some customers, cutoffs on one grid of 28 days, aggregates.
Out: tables of one row per customer and period; from them, the aggregates of any of the cutoffs.

Only integers are added up, and no rounding comes before the end: so a period added as a whole
gives the bits that its events give one by one (`direct`). The windows of a cutoff begin and end
where periods do, or lie inside the last one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

from reveil.engine.aggregate import Aggregate
from reveil.engine.direct import LINE_COLUMNS
from reveil.engine.gaps import GAPS, gaps_added, gaps_folded, kinds_of, with_before
from reveil.engine.rows import (
    FOLDS,
    PERIOD,
    answers,
    counted_by,
    counts,
    decay,
    folded,
    given,
    match,
    stream,
    windowed,
)
from reveil.events.log import DAY, seconds

PERIOD_S = PERIOD * DAY

PLAIN, LINES, DISTINCT, GAP, OPEN = "plain", "named", "distinct", "gaps", "open"
"""The tables of the plan."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """Periods of 28 days, numbered from the first instant that any of some cutoffs sees."""

    origin_s: int
    seen: int

    @classmethod
    def of(cls, cutoffs: Iterable[date], observation: timedelta) -> Grid | None:
        """Lay the grid of some cutoffs; None where they share none."""
        ordered = sorted(cutoffs)
        apart = {(cutoff - ordered[0]).days % PERIOD for cutoff in ordered}
        if apart != {0} or observation % timedelta(days=PERIOD):
            return None
        return cls(
            origin_s=seconds(ordered[0] - observation),
            seen=observation // timedelta(days=PERIOD),
        )

    def period(self, at_s: ir.IntegerColumn) -> ir.IntegerValue:
        """Find the period of an instant."""
        return ((at_s - self.origin_s) // PERIOD_S).cast("int32")

    def at(self, cutoff: date) -> int:
        """Find the period that a cutoff begins."""
        return (seconds(cutoff) - self.origin_s) // PERIOD_S

    def shown(self, table: ir.Table, cutoff: date) -> ir.Table:
        """Keep the periods seen at a cutoff, each with its age: 1 for the last one."""
        end = self.at(cutoff)
        table = table.filter(table.period >= end - self.seen, table.period < end)
        return table.mutate(age=end - table.period)


def fits(a: Aggregate) -> bool:
    """Say whether an aggregate can be put together from periods."""
    whole = (a.start_days or 0) % PERIOD == 0 and a.end_days % PERIOD == 0
    if a.statistic in FOLDS:
        return a.statistic != "several" and (whole or _in_last(a))
    return a.statistic in (*GAPS, "since") or (a.statistic == "distinct" and whole)


def _in_last(a: Aggregate) -> bool:
    """Say whether a window lies inside the last period."""
    return a.start_days is not None and a.start_days < PERIOD and a.end_days == 0


def tables(
    events: ir.Table, lines: ir.Table, grid: Grid, aggregates: Sequence[Aggregate]
) -> dict[str, ir.Table]:
    """Add up events by customer and period.

    Parameters
    ----------
    events, lines
        Of a log; none is known later than on the day it happened.

    Returns
    -------
    dict
        Tables with `customer_id` and `period`, by name.
    """
    events, lines = (
        table.filter(table.at_s >= grid.origin_s).mutate(period=grid.period(ibis._.at_s))
        for table in (events, lines)
    )
    plain = [a for a in aggregates if a.statistic in FOLDS and a.statistic != "lines"]
    named = [a for a in aggregates if a.statistic == "lines"]
    distinct = [a for a in aggregates if a.statistic == "distinct"]
    gaps = [a for a in aggregates if a.statistic in GAPS]
    since = [a for a in aggregates if a.statistic == "since"]
    found = {}
    if plain:
        found[PLAIN] = _added(counted_by(events, map(match, plain)), grid, plain)
    if named:
        found[LINES] = _added(counted_by(lines, map(match, named)), grid, named)
    if distinct:
        parts = [
            _repeated(lines if one.column in LINE_COLUMNS else events, one, n)
            for n, one in enumerate(_streams(distinct))
        ]
        found[DISTINCT] = ibis.union(*parts) if len(parts) > 1 else parts[0]
    if gaps:
        starts = with_before(events, kinds_of(gaps)).mutate(period=grid.period(ibis._.at_s))
        begins_s = starts.period.cast("int64") * PERIOD_S + grid.origin_s
        found[GAP] = gaps_added(starts, gaps, begins_s)
    if since:
        found[OPEN] = _open(events, since)
    return found


def parts_of(
    seen: Mapping[str, ir.Table], grid: Grid, aggregates: Sequence[Aggregate]
) -> list[ir.Table]:
    """Put the aggregates of one cutoff together from the tables of periods.

    Parameters
    ----------
    seen
        What `Grid.shown` keeps of each of the `tables`.

    Returns
    -------
    list of ibis.Table
        `customer_id` and columns named by key.
    """
    plain = [a for a in aggregates if a.statistic in FOLDS and a.statistic != "lines"]
    parts = []
    if PLAIN in seen:
        parts.append(_folded(seen[PLAIN], plain))
    if LINES in seen:
        parts.append(_folded(seen[LINES], _of(aggregates, "lines")))
    if DISTINCT in seen:
        parts.append(_counted(seen[DISTINCT], grid, _of(aggregates, "distinct")))
    if GAP in seen:
        gaps = seen[GAP]
        begins = (gaps.period + gaps.age - grid.seen).cast("int64")
        start_s = begins * PERIOD_S + grid.origin_s
        parts.append(gaps_folded(gaps, _of(aggregates, *GAPS), start_s))
    if OPEN in seen:
        parts.append(_left_open(seen[OPEN], _of(aggregates, "since")))
    return parts


def _of(aggregates: Sequence[Aggregate], *statistics: str) -> list[Aggregate]:
    return [a for a in aggregates if a.statistic in statistics]


def _streams(aggregates: Sequence[Aggregate]) -> list[Aggregate]:
    return list(dict.fromkeys(stream(a) for a in aggregates))


def _atoms(aggregates: Sequence[Aggregate]) -> dict[tuple[Aggregate, int | None], str]:
    """Name what is added up by period: each stream, whole or over the last days of the period."""
    wanted = dict.fromkeys((stream(a), a.start_days if _in_last(a) else None) for a in aggregates)
    return {one: f"atom_{n}" for n, one in enumerate(wanted)}


def _added(table: ir.Table, grid: Grid, aggregates: Sequence[Aggregate]) -> ir.Table:
    atoms = _atoms(aggregates)
    day = (table.at_s - grid.origin_s) // DAY % PERIOD
    streams = {one: f"given_{n}" for n, one in enumerate(_streams(aggregates))}
    rows = table.select(
        "customer_id",
        "period",
        day=day,
        **{
            name: given(
                table,
                one,
                None if one.half_life is None else decay(PERIOD - 1 - day, 1, one.half_life),
            )
            for one, name in streams.items()
        },
    )

    def of(one: Aggregate, last: int | None) -> ir.Value:
        values = rows[streams[one]]
        if last is not None:
            values = windowed(values, rows.day >= PERIOD - last)
        value = folded(values, FOLDS[one.statistic])
        # Half the width, and added up twice as fast.
        return value.cast("int32") if FOLDS[one.statistic] == "count" else value

    return rows.group_by("customer_id", "period").aggregate(
        **{name: of(*one) for one, name in atoms.items()}
    )


def _folded(table: ir.Table, aggregates: Sequence[Aggregate]) -> ir.Table:
    atoms = _atoms(aggregates)

    def of(a: Aggregate) -> ir.Value:
        last = a.start_days if _in_last(a) else None
        values = table[atoms[stream(a), last]]
        if a.half_life is not None:
            weight = decay(table.age - 1, PERIOD, a.half_life)
            if values.type().is_decimal():
                weight = weight.cast("decimal(8, 0)")
                values = values.cast("decimal(30, 0)")
            values = values * weight
        inside = None
        if last is not None:
            inside = table.age == 1
        elif a.start_days is not None:
            inside = table.age <= a.start_days // PERIOD
        if a.end_days:
            before = table.age > a.end_days // PERIOD
            inside = before if inside is None else inside & before
        fold = FOLDS[a.statistic]
        if fold == "count" and inside is not None:
            values = values * inside.cast("int32")
        else:
            values = windowed(values, inside)
        return folded(values, "sum" if fold == "count" else fold)

    return table.group_by("customer_id").aggregate(**{a.key: of(a) for a in aggregates})


def _repeated(table: ir.Table, one: Aggregate, n: int) -> ir.Table:
    """Count a customer's values of a period by the last period before that had them too.

    A value is counted once in a window: in its first period there.
    """
    named = table.filter(counts(table, one))
    once = named.select("customer_id", "period", value=named[str(one.column)]).distinct()
    earlier = ibis.window(group_by=["customer_id", "value"], order_by="period")
    pairs = once.mutate(before=once.period.lag().over(earlier))
    return (
        pairs.group_by("customer_id", "period", "before")
        .aggregate(values=pairs.count())
        .mutate(stream=ibis.literal(n, type="int16"))
    )


def _counted(table: ir.Table, grid: Grid, aggregates: Sequence[Aggregate]) -> ir.Table:
    streams = _streams(aggregates)

    def of(a: Aggregate) -> ir.IntegerScalar:
        # A window longer than what is seen is what is seen.
        longest = min(grid.seen, grid.seen if a.start_days is None else a.start_days // PERIOD)
        fresh = table.before.isnull() | (table.age + table.period - table.before > longest)
        inside = (table.stream == streams.index(stream(a))) & (table.age <= longest) & fresh
        return inside.ifelse(table["values"], 0).sum().cast("int64")

    return table.group_by("customer_id").aggregate(**{a.key: of(a) for a in aggregates})


def _open(events: ir.Table, aggregates: Sequence[Aggregate]) -> ir.Table:
    """Count the attempts of a period later than its last answer, and find the next answer."""
    afters = sorted({a.after for a in aggregates})
    events = counted_by(events, [*map(answers, afters), *map(match, aggregates)])
    answer = {
        f"answer_{n}": answers(after).on(events).ifelse(events.at_s, ibis.null("int64"))
        for n, after in enumerate(afters)
    }
    attempt = {f"open_{n}": counts(events, a).ifelse(1, None) for n, a in enumerate(aggregates)}
    rows = events.select("customer_id", "period", "at_s", **answer, **attempt)
    last = rows.group_by("customer_id", "period").aggregate(
        **{f"last_{name}": rows[name].max() for name in answer}
    )
    tries = rows.filter(ibis.or_(*[rows[name].notnull() for name in attempt]))
    met = tries.join(last, ["customer_id", "period"])

    def left(n: int, a: Aggregate) -> ir.IntegerScalar:
        answered = met[f"last_answer_{afters.index(a.after)}"]
        later = answered.isnull() | (met.at_s > answered)
        return later.ifelse(met[f"open_{n}"], None).count()

    counted = met.group_by("customer_id", "period").aggregate(
        **{f"open_{n}": left(n, a) for n, a in enumerate(aggregates)}
    )
    both = last.left_join(counted, ["customer_id", "period"])
    later = ibis.rows_window(following=(1, None), group_by="customer_id", order_by="period")
    return both.select(
        "customer_id",
        "period",
        **{f"open_{n}": both[f"open_{n}"] for n in range(len(aggregates))},
        **{
            f"next_{n}": both[f"last_answer_{n}"]
            .notnull()
            .ifelse(both.period, None)
            .min()
            .over(later)
            for n in range(len(afters))
        },
    )


def _left_open(table: ir.Table, aggregates: Sequence[Aggregate]) -> ir.Table:
    afters = sorted({a.after for a in aggregates})

    def of(n: int, a: Aggregate) -> ir.IntegerValue:
        following = table[f"next_{afters.index(a.after)}"]
        still = following.isnull() | (following >= table.period + table.age)
        return still.ifelse(table[f"open_{n}"], None).sum().cast("int64")

    return table.group_by("customer_id").aggregate(
        **{a.key: of(n, a) for n, a in enumerate(aggregates)}
    )
