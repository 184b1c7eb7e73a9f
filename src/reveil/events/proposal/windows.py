"""Coverage and lengths of time that fit a log.

In:  the days and customers of the rows of a table of events.
Out: the first and last complete day, how often customers order, windows that leave cutoffs to
learn from.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from reveil.windows import Coverage, Windows, training_cutoffs

STEP = 28
"""Days; lengths are whole steps of it, so that weekdays balance."""

QUIET = 0.2
"""A first or last day with less than this share of a usual day's rows is not complete."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What the days of a log say about its coverage: a proposal, which only the user can confirm."""

    start: date
    end: date
    first: date
    last: date

    @property
    def days(self) -> int:
        """Length of the coverage."""
        return (self.end - self.start).days


@dataclass(frozen=True, kw_only=True, slots=True)
class Lengths:
    """Windows in days, and how many training cutoffs they leave."""

    observation: int
    gap: int
    horizon: int
    min_history: int
    within: int
    cutoffs: int


def span_of(days: pa.Array) -> Span | None:
    """Find the first complete day and the day after the last.

    Days outside 1970 to 2100 are mistakes; so are those that stand alone, far from the others.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from datetime import date
    >>> span = span_of(pa.array([date(2024, 3, d) for d in (1, 2, 2, 3, 3, 4)]))
    >>> str(span.start), str(span.end)
    ('2024-03-01', '2024-03-05')
    """
    numbers = days.drop_null().cast(pa.int32())
    numbers = numbers.filter(pc.and_(pc.greater_equal(numbers, 0), pc.less(numbers, 47_847)))
    if not len(numbers):
        return None
    counted = pc.value_counts(numbers).to_pylist()
    rows = dict(sorted((c["values"], c["counts"]) for c in counted))
    present = list(rows)
    usual = sorted(rows.values())[len(rows) // 2]
    edge = QUIET * usual
    # What lies beyond a year of silence does not belong to the log.
    while len(present) > 2 and present[1] - present[0] > 365 and rows[present[0]] <= usual:
        present = present[1:]
    while len(present) > 2 and present[-1] - present[-2] > 365 and rows[present[-1]] <= usual:
        present = present[:-1]
    first, last = present[0], present[-1]
    full = [day for day in present if rows[day] >= edge]
    start, end = (full[0], full[-1] + 1) if full else (first, last + 1)
    return Span(start=_day(start), end=_day(end), first=_day(first), last=_day(last))


def _day(number: int) -> date:
    return date(1970, 1, 1) + timedelta(days=number)


def gaps_between(customers: pa.Array, days: pa.Array) -> tuple[int, int] | None:
    """Return the median and the ninth decile of days between two days of one customer.

    Returns
    -------
    tuple of int or None
        None where nearly no customer comes twice.
    """
    table = pa.table({"who": customers, "day": days.cast(pa.int32())}).drop_null()
    table = table.group_by(["who", "day"]).aggregate([])
    table = table.sort_by([("who", "ascending"), ("day", "ascending")]).combine_chunks()
    if table.num_rows < 20:
        return None
    n = table.num_rows - 1
    who, day = (table[c].combine_chunks() for c in ("who", "day"))
    same = pc.equal(who.slice(1), who.slice(0, n))
    steps = pc.subtract(day.slice(1), day.slice(0, n)).filter(same)
    if len(steps) < 20:
        return None
    middle, late = pc.quantile(steps, [0.5, 0.9]).to_pylist()
    return round(middle), round(late)


def lengths_for(span: Span) -> Lengths:
    """Choose windows that leave a log of this length cutoffs to learn from.

    A test cutoff needs an outcome after it, training cutoffs theirs before it, and every
    cutoff a past long enough to tell who is inactive.

    Examples
    --------
    >>> from datetime import date
    >>> year = Span(start=date(2017, 1, 1), end=date(2018, 1, 1), first=date(2017, 1, 1),
    ...             last=date(2017, 12, 31))
    >>> fit = lengths_for(year)
    >>> fit.horizon, fit.within, fit.min_history, fit.cutoffs
    (56, 84, 112, 4)
    """
    days = span.days
    horizon = 90 if days >= 540 else max(STEP, STEP * round(days / 6 / STEP))
    history = min(364, max(STEP, STEP * int(days * 0.35 / STEP)))
    within = 244 if history >= 336 else max(STEP, STEP * int(history * 0.75 / STEP))
    observation = (
        728 if days >= 700 else 364 if days >= 300 else max(STEP, STEP * int(days * 0.6 / STEP))
    )
    windows = Windows(
        observation=timedelta(observation), gap=timedelta(7), horizon=timedelta(horizon)
    )
    cutoffs = training_cutoffs(
        span.end - timedelta(horizon + 7),
        windows,
        Coverage(start=span.start, end=span.end),
        min_history=timedelta(history),
    )
    return Lengths(
        observation=observation, gap=7, horizon=horizon, min_history=history, within=within,
        cutoffs=len(cutoffs),
    )  # fmt: skip
