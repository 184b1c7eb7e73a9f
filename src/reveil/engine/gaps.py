"""Gaps between consecutive events of a customer, and the spells that long gaps end.

In:  events, the sets of kinds among which gaps are told.
Out: beside each event the one before; gaps added up, event by event or by period.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import ibis
import ibis.expr.types as ir

from reveil.engine.aggregate import Aggregate, Statistic
from reveil.engine.rows import Match, counted_by
from reveil.events.log import DAY

GAPS: tuple[Statistic, ...] = (
    "gap_count", "gap_sum", "gap_squares", "gap_max", "gap_from",
    "spell_start", "spell_count", "spell_from",
)  # fmt: skip


def kinds_of(aggregates: Iterable[Aggregate]) -> tuple[tuple[str, ...], ...]:
    """List the different sets of kinds, in a stable order."""
    return tuple(sorted({a.kinds for a in aggregates}))


def with_before(events: ir.Table, sets: Sequence[tuple[str, ...]], *keep: str) -> ir.Table:
    """Put beside each event the instant of the one before it among some kinds.

    Returns
    -------
    ibis.Table
        `customer_id, at_s`, the columns to keep, and for each set of kinds `at_<n>`, null for an event of other
        kinds, and `before_<n>`, null where no event of the set comes before. All sets are
        found in one sorted pass.
    """
    wanted = [Match(kinds=kinds, starts=True) for kinds in sets]
    starts = counted_by(events, wanted)
    if "is_start" in starts.columns:
        starts = starts.filter(starts.is_start)
    earlier = ibis.rows_window(preceding=(None, 1), group_by="customer_id", order_by="at_s")
    at = {
        f"at_{n}": one.on(starts).ifelse(starts.at_s, ibis.null("int64"))
        for n, one in enumerate(wanted)
    }
    # In the order of time the largest instant so far is the last one.
    before = {
        f"before_{n}": value.notnull().ifelse(value.max().over(earlier), ibis.null("int64"))
        for n, value in enumerate(at.values())
    }
    return starts.select("customer_id", "at_s", *keep, **at, **before)


def gaps_folded(
    rows: ir.Table, aggregates: Sequence[Aggregate], start_s: ir.IntegerValue | None
) -> ir.Table:
    """Put the gaps of each customer together.

    Parameters
    ----------
    rows
        As from `with_before`; or as from `gaps_added`, whose columns are added to it.
    start_s
        No event before this instant is seen, in seconds since 1970, beside each row; None
        when all are.
    """
    sets = kinds_of(aggregates)
    told: dict[str, ir.Value] = {}
    for n in range(len(sets)):
        at, before = rows[f"at_{n}"], rows[f"before_{n}"]
        if start_s is not None:
            before = (before >= start_s).ifelse(before, ibis.null("int64"))
        told |= {f"at_{n}": at, f"before_{n}": before, f"gap_{n}": at - before}
    added = [name for name in rows.columns if name.startswith("in_")]
    seen = rows.select("customer_id", *added, **told)

    def of(a: Aggregate) -> ir.Value:
        n = sets.index(a.kinds)
        gap, before, at = (seen[f"{name}_{n}"] for name in ("gap", "before", "at"))
        long = gap > (a.longer_days or 0) * DAY
        one = {
            "gap_count": gap.notnull().ifelse(1, 0),
            "gap_sum": gap,
            # Gaps share out the observation window, so their squares stay far below 2**63.
            "gap_squares": gap * gap,
            "gap_max": gap,
            "gap_from": before,
            "spell_start": (long | gap.isnull()).ifelse(at, None),
            "spell_count": long.ifelse(1, 0),
            "spell_from": long.ifelse(before, None),
        }[a.statistic]
        values = one.cast("int64")
        if (inner := _name(a, n)) in added:
            values = _both(values, seen[inner], a.statistic)
        return (values.sum() if a.statistic in _SUMS else values.max()).cast("int64")

    return seen.group_by("customer_id").aggregate(**{a.key: of(a) for a in aggregates})


_SUMS = ("gap_count", "gap_sum", "gap_squares", "spell_count")


def _both(one: ir.IntegerValue, inner: ir.IntegerValue, statistic: str) -> ir.IntegerValue:
    """Put what one event gives and what a period gives together; null only where both are."""
    if statistic not in _SUMS:
        return ibis.greatest(ibis.coalesce(one, inner), ibis.coalesce(inner, one))
    return one.isnull().ifelse(inner, one + inner.fill_null(0))


def _name(a: Aggregate, n: int) -> str:
    """Name what the gaps inside periods add to an aggregate."""
    return f"in_{a.statistic}_{n}_{a.longer_days or ''}"


def gaps_added(
    starts: ir.Table, aggregates: Sequence[Aggregate], begins_s: ir.IntegerValue
) -> ir.Table:
    """Add up gaps by period; the one that reaches back into an earlier period stays alone.

    Parameters
    ----------
    starts
        As from `with_before`, and `period`.
    begins_s
        When the period of each event begins.

    Returns
    -------
    ibis.Table
        `customer_id, period`; `at_<n>, before_<n>` of the first event of the period; and what
        the gaps within the period add to each aggregate.
    """
    sets = kinds_of(aggregates)
    told: dict[str, ir.Value] = {}
    for n in range(len(sets)):
        at, before = starts[f"at_{n}"], starts[f"before_{n}"]
        within = before >= begins_s
        alone = at.notnull() & ~within.fill_null(False)
        told |= {
            f"at_{n}": alone.ifelse(at, None),
            f"before_{n}": alone.ifelse(before, None),
            f"gap_{n}": within.ifelse(at - before, None),
            f"after_{n}": within.ifelse(at, None),
            f"from_{n}": within.ifelse(before, None),
        }
    rows = starts.select("customer_id", "period", **told)

    def of(a: Aggregate) -> ir.Value:
        n = sets.index(a.kinds)
        gap, after, before = (rows[f"{name}_{n}"] for name in ("gap", "after", "from"))
        long = gap > (a.longer_days or 0) * DAY
        return {
            "gap_count": gap.count,
            "gap_sum": gap.sum,
            "gap_squares": (gap * gap).sum,
            "gap_max": gap.max,
            "gap_from": before.max,
            "spell_start": long.ifelse(after, None).max,
            "spell_count": long.ifelse(1, None).count,
            "spell_from": long.ifelse(before, None).max,
        }[a.statistic]().cast("int64")

    first = {
        name: rows[name].max() for n in range(len(sets)) for name in (f"at_{n}", f"before_{n}")
    }
    inner = {_name(a, sets.index(a.kinds)): of(a) for a in aggregates}
    return rows.group_by("customer_id", "period").aggregate(**first, **inner)
