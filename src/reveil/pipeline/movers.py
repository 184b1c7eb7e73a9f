"""What distinguished those who moved from those who stayed, before anyone moved.

In:  a Base with an earlier date.
Out: Movers: the contrast of every feature, computed at the earlier date and never the later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from reveil.activity.states import State
from reveil.evaluation.contrast import FEWEST, Contrast, contrast
from reveil.events.roles import ORDERS
from reveil.features.declare import Feature, Unit
from reveil.pipeline.observing import features_of
from reveil.pipeline.standing import Base

MOVES = ((State.ACTIVE, State.INACTIVE), (State.INACTIVE, State.ACTIVE))
"""Which moves are looked into."""

MOST_CUSTOMERS = 100_000
"""Customers compared in one move; more are drawn at random from, which bounds the memory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Movers:
    """Those who left a state for another, beside those who stayed in it.

    Parameters
    ----------
    since
        The date the features are of.
    moved, stayed
        Customers, all of them; `compared` says how many of both were.
    contrasts
        By feature, the largest difference first. A text of the customers table is not among
        them: its place among its levels is no quantity.
    clearest
        Those that chance does not explain, the largest of each signal: features of one signal
        say the same thing, and ten windows of it would hide the rest. Left out too are
        features null for most of either group, which speak of a few, those whose typical
        values read the same, and those that repeat another figure for figure.
    """

    before: State
    after: State
    since: date
    moved: int
    stayed: int
    compared: int
    contrasts: tuple[Contrast, ...]
    clearest: tuple[Contrast, ...]


def movers(base: Base) -> tuple[Movers, ...]:
    """Contrast the features of those who moved with those of those who stayed.

    Returns
    -------
    tuple of Movers
        One per move of `MOVES`; a move of fewer than `FEWEST` customers, or beside whom fewer
        stayed, is left out. Empty without an earlier date, and where the log holds no order:
        features begin with orders.
    """
    if len(base.dates) < 2 or not described(base):
        return ()
    first, last = base.by_date[0], base.by_date[-1]
    pairs = first.select("customer_id", was="state").join(
        last.select("customer_id", now="state"), "customer_id"
    )
    found = (_movers(base, pairs, before, after) for before, after in MOVES)
    return tuple(one for one in found if one is not None)


def _movers(base: Base, pairs: ir.Table, before: State, after: State) -> Movers | None:
    people = pairs.filter(pairs.was == before.value, pairs.now.isin([before.value, after.value]))
    people = people.select("customer_id", moved=people.now == after.value)
    counted = people.aggregate(n=people.count(), moved=people.moved.sum()).to_pyarrow()
    n, moved = int(counted["n"][0].as_py()), int(counted["moved"][0].as_py() or 0)
    if min(moved, n - moved) < FEWEST:
        return None
    if n > MOST_CUSTOMERS:
        people = _drawn(people, base.study.learning.seed)
    features = features_of(base.study, base.log)
    table = features.matrix(base.log, people, base.dates[0]).order_by("customer_id").to_pyarrow()
    names = [feature.name for feature in features.features if feature.unit is not Unit.LEVEL]
    matrix = np.column_stack([table[name].to_numpy() for name in names])
    contrasts = contrast(matrix, table["moved"].to_numpy(), names)
    return Movers(
        before=before,
        after=after,
        since=base.dates[0],
        moved=moved,
        stayed=n - moved,
        compared=table.num_rows,
        contrasts=contrasts,
        clearest=_clearest(contrasts, {f.name: f.signal for f in features.features}),
    )


def _clearest(contrasts: tuple[Contrast, ...], signals: Mapping[str, str]) -> tuple[Contrast, ...]:
    largest: dict[str, Contrast] = {}
    for one in contrasts:
        clear = one.difference.exists and not one.difference.low <= 0 <= one.difference.high
        common = max(one.moved_null, one.stayed_null) < 0.5
        if clear and common and round(one.typical[0], 2) != round(one.typical[1], 2):
            largest.setdefault(signals[one.name], one)
    # In a short log a year's count is the month's: two names of one column.
    different = {(one.difference, one.typical): one for one in reversed(largest.values())}
    return tuple(reversed(different.values()))


def _drawn(people: ir.Table, seed: int) -> ir.Table:
    """Draw the same customers again and again, whatever the order of rows."""
    everyone = people.order_by("customer_id").to_pyarrow()
    rng = np.random.default_rng(seed)
    places = np.sort(rng.choice(everyone.num_rows, MOST_CUSTOMERS, replace=False))
    return ibis.memtable(everyone.take(places))


def described(base: Base) -> Mapping[str, Feature]:
    """Every feature of a study by its name; none where the log holds no order."""
    if not set(ORDERS) & set(base.log.kinds):
        return {}
    return {feature.name: feature for feature in features_of(base.study, base.log).features}


def movers_frame(found: tuple[Movers, ...]) -> pd.DataFrame:
    """Lay the contrasts out, one feature and move a row.

    Examples
    --------
    >>> movers_frame(()).columns.tolist()[:5]
    ['from', 'to', 'since', 'feature', 'difference']
    """
    columns = [
        "from", "to", "since", "feature", "difference", "low", "high", "moved_median",
        "stayed_median", "moved_mean", "stayed_mean", "moved_null", "stayed_null", "moved", "stayed",
    ]  # fmt: skip
    rows = [
        [
            one.before.value, one.after.value, one.since.isoformat(), c.name,
            c.difference.estimate, c.difference.low, c.difference.high, c.moved_median,
            c.stayed_median, c.moved_mean, c.stayed_mean, c.moved_null, c.stayed_null,
            one.moved, one.stayed,
        ]
        for one in found
        for c in one.contrasts
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)
