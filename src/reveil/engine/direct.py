"""The direct plan: the events of one cutoff, read once for each kind of question.

In:  events and lines as seen at a cutoff, aggregates.
Out: one row per customer with one whole number per aggregate.

Everything an aggregate sees goes through `seen`, the one place where `at < cutoff`
and `available_at < cutoff` are written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import ibis
import ibis.expr.types as ir

from reveil.engine.aggregate import Aggregate, Statistic
from reveil.engine.gaps import GAPS, gaps_folded, kinds_of, with_before
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
from reveil.errors import DataError
from reveil.events.log import DAY, EventLog

LINE_COLUMNS = ("item", "category")


def reads_lines(a: Aggregate) -> bool:
    """Say whether an aggregate counts the lines of orders, not events."""
    return a.statistic in ("lines", "distinct") and a.column in LINE_COLUMNS


def seen(table: ir.Table, end_s: int, start_s: int | None) -> ir.Table:
    """Keep rows known before a cutoff, each with its age at the cutoff.

    `known_s` is the later of `at` and `available_at`; without it, rows are known on their day.

    Parameters
    ----------
    end_s, start_s
        The cutoff and the begin of the observation window, in seconds since 1970; no
        `start_s` for all there is.
    """
    known_s = table.known_s if "known_s" in table.columns else table.at_s
    table = table.filter(known_s < end_s)
    if start_s is not None:
        table = table.filter(table.at_s >= start_s)
    return table.mutate(age_s=end_s - table.at_s)


def within(age_s: ir.IntegerColumn, a: Aggregate) -> ir.BooleanValue | None:
    """Say which ages lie in an aggregate's own window; None for all that is seen."""
    condition = None
    if a.start_days is not None:
        condition = age_s <= a.start_days * DAY
    if a.end_days:
        later = age_s > a.end_days * DAY
        condition = later if condition is None else condition & later
    return condition


def parts_of(
    events: ir.Table,
    lines: ir.Table,
    aggregates: Sequence[Aggregate],
    *,
    observation: timedelta | None,
    everybody: bool = False,
) -> list[ir.Table]:
    """Compute aggregates: tables with `customer_id` and columns named by key.

    Parameters
    ----------
    events, lines
        As from `seen`.
    observation
        How far back they are seen.
    everybody
        Whether the first table has a row for whoever an event is known of.
    """
    parts: list[ir.Table] = []

    def of(*statistics: Statistic) -> list[Aggregate]:
        return [a for a in aggregates if a.statistic in statistics]

    if plain := [a for a in aggregates if a.statistic in FOLDS and a.statistic != "lines"]:
        parts.append(grouped(events if everybody else counted_by(events, map(match, plain)), plain))
    elif everybody:
        parts.append(events.select("customer_id").distinct())
    if named := of("lines"):
        parts.append(grouped(counted_by(lines, map(match, named)), named))
    distinct = of("distinct")
    for column in sorted({str(a.column) for a in distinct}):
        rows = lines if column in LINE_COLUMNS else events
        parts.append(_distinct(rows, column, [a for a in distinct if a.column == column]))
    if gaps := of(*GAPS):
        starts = with_before(events, kinds_of(gaps), "age_s")
        start_s = None
        if observation is not None:
            start_s = starts.at_s + starts.age_s - observation.days * DAY
        parts.append(gaps_folded(starts, gaps, start_s))
    if since := of("since"):
        parts.append(_since(events, since))
    return parts


def grouped(table: ir.Table, aggregates: Sequence[Aggregate]) -> ir.Table:
    """Fold what rows give, aggregate by aggregate, in one pass over them."""
    streams = list(dict.fromkeys(stream(a) for a in aggregates))
    names = {one: f"given_{n}" for n, one in enumerate(streams)}
    rows = table.select(
        "customer_id",
        "age_s",
        **{names[one]: given(table, one, _weight(table, one)) for one in streams},
    )

    def of(a: Aggregate) -> ir.Value:
        values = windowed(rows[names[stream(a)]], within(rows.age_s, a))
        return folded(values, FOLDS[a.statistic])

    return rows.group_by("customer_id").aggregate(**{a.key: of(a) for a in aggregates})


def _weight(table: ir.Table, a: Aggregate) -> ir.IntegerValue | None:
    """Weigh calendar days, so that all lines of an order and day weigh the same; yesterday is 1."""
    if a.half_life is None:
        return None
    days = (table.age_s - 1) // DAY
    return decay(days % PERIOD, 1, a.half_life) * decay(days // PERIOD, PERIOD, a.half_life)


def _distinct(table: ir.Table, column: str, aggregates: Sequence[Aggregate]) -> ir.Table:
    """Find how long ago each value of each customer was last seen, then count by window."""
    table = counted_by(table, map(match, aggregates)).filter(ibis._[column].notnull())
    streams = list(dict.fromkeys(stream(a) for a in aggregates))
    values = table.group_by("customer_id", column).aggregate(
        **{
            f"age_{n}": counts(table, one).ifelse(table.age_s, None).min()
            for n, one in enumerate(streams)
        }
    )

    def of(a: Aggregate) -> ir.IntegerScalar:
        age = values[f"age_{streams.index(stream(a))}"]
        window = within(age, a)
        counted = age if window is None else window.ifelse(age, None)
        return counted.count().cast("int64")

    return values.group_by("customer_id").aggregate(**{a.key: of(a) for a in aggregates})


def _since(events: ir.Table, aggregates: Sequence[Aggregate]) -> ir.Table:
    afters = sorted({a.after for a in aggregates})
    answered = counted_by(events, map(answers, afters))
    last = answered.group_by("customer_id").aggregate(
        **{
            f"answered_{n}": answers(after).on(answered).ifelse(answered.at_s, None).max()
            for n, after in enumerate(afters)
        }
    )
    attempts = counted_by(events, map(match, aggregates))
    named = sorted({str(a.naming) for a in aggregates})
    if all(a.naming is not None for a in aggregates) and set(named) <= {*events.columns}:
        # Few contacts name an offer: the others need not be joined.
        attempts = attempts.filter(ibis.or_(*[attempts[c].notnull() for c in named]))
    joined = attempts.left_join(last, "customer_id")

    def of(a: Aggregate) -> ir.IntegerScalar:
        answered = joined[f"answered_{afters.index(a.after)}"]
        later = answered.isnull() | (joined.at_s > answered)
        return (counts(joined, a) & later).sum().cast("int64")

    return joined.group_by("customer_id").aggregate(**{a.key: of(a) for a in aggregates})


def attributes_at(log: EventLog, aggregates: Sequence[Aggregate], end_s: int) -> ir.Table:
    """Read columns of the customers table as of the cutoff; texts as places among their levels."""
    customers = log.known_before(end_s).customers
    if customers is None:
        raise DataError(
            "features read the customers table, and the log has none",
            hint="name it under `customers` in the study, as when the features were written",
        )

    def of(a: Aggregate) -> ir.NumericValue:
        name = str(a.column).removeprefix("attribute_")
        if a.column not in customers.columns:
            raise DataError(
                f"the customers table has no column {name!r}",
                hint="name it in the study under `customers`, as when the features were written",
            )
        value = customers[a.column]
        texts = value.type().is_string()
        if texts != (a.levels is not None):
            was, reads = ("numbers", "text") if texts else ("text", "numbers")
            raise DataError(
                f"the attribute {name!r} was {was} when the features were written, "
                f"and now reads as {reads}",
                hint=f"look at the first values of `customers.attributes.{name}`, "
                "or train again if that is meant",
            )
        if a.levels is None:
            return value.cast("float64" if value.type().is_floating() else "int64")
        places = [(value == text, place) for place, text in enumerate(a.levels)]
        other = value.notnull().ifelse(len(a.levels), None)
        return (ibis.cases(*places, else_=other) if places else other).cast("int64")

    return customers.select("customer_id", **{a.key: of(a) for a in aggregates})
