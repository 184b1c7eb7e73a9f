"""Who moved where between two dates: by state, RFM cell, engagement band or any label.

In:  two tables with `customer_id` and a label, or several of consecutive dates.
Out: Transitions: counts, shares, entries and exits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pandas as pd

from reveil.errors import DataError


@dataclass(frozen=True, kw_only=True, slots=True)
class Transitions:
    """A matrix of moves between labels.

    Parameters
    ----------
    column
        What is followed.
    periods
        How many pairs of dates are added up.
    labels
        Of rows (before) and of columns (after) alike.
    counts
        Customers there both times: `counts[i][j]` went from label i to label j.
    entries
        By label after: customers who were not there before.
    exits
        By label before: customers who are not there after.
    """

    column: str
    periods: int
    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    entries: tuple[int, ...]
    exits: tuple[int, ...]

    @property
    def shares(self) -> tuple[tuple[float, ...], ...]:
        """Share of each row's customers that went to each label; rows sum to 1.

        Exits are not in the rows' totals. A row without customers is of NaN.
        """
        return tuple(
            tuple(n / total if total else float("nan") for n in row)
            for row, total in ((row, sum(row)) for row in self.counts)
        )

    @property
    def before(self) -> tuple[int, ...]:
        """Customers by label before, those who left included; added up over periods."""
        return tuple(sum(row) + left for row, left in zip(self.counts, self.exits, strict=True))

    @property
    def after(self) -> tuple[int, ...]:
        """Customers by label after, those who came included; added up over periods."""
        stayed = [sum(column) for column in zip(*self.counts, strict=True)]
        return tuple(n + new for n, new in zip(stayed, self.entries, strict=True))

    def frame(self) -> pd.DataFrame:
        """Lay the moves out, one a row.

        Returns
        -------
        pandas.DataFrame
            `from, to, customers, share`, rows in the order of the labels, then entries (`from`
            is null) and exits (`to` is null), whose share is null too.
        """
        rows: list[tuple[str | None, str | None, int, float | None]] = []
        for label, counts, shares in zip(self.labels, self.counts, self.shares, strict=True):
            cells = zip(self.labels, counts, shares, strict=True)
            rows += [(label, to, count, share) for to, count, share in cells]
        rows += [(None, to, n, None) for to, n in zip(self.labels, self.entries, strict=True)]
        rows += [(label, None, n, None) for label, n in zip(self.labels, self.exits, strict=True)]
        frame = pd.DataFrame(rows, columns=["from", "to", "customers", "share"])
        return frame.astype({"customers": "int64", "share": "float64"})


def transitions(
    before: ir.Table | pd.DataFrame,
    after: ir.Table | pd.DataFrame,
    column: str,
    *,
    labels: Sequence[str] = (),
) -> Transitions:
    """Follow customers from one table to a later one.

    Parameters
    ----------
    before, after
        Have `customer_id`, each customer once, and `column`. Who has no label there (null) is
        not there: a customer that gets one has entered, one that loses it has left.
    labels
        Come first, in this order, whether or not anybody has them; others follow, sorted.

    Raises
    ------
    DataError
        When a table lacks a column, or holds a customer twice.

    Examples
    --------
    >>> import pandas as pd
    >>> a = pd.DataFrame({"customer_id": ["a", "b", "c"], "state": ["active", "active", "inactive"]})
    >>> b = pd.DataFrame({"customer_id": ["a", "b", "d"], "state": ["active", "inactive", "active"]})
    >>> moves = transitions(a, b, "state")
    >>> moves.labels, moves.counts, moves.entries, moves.exits
    (('active', 'inactive'), ((1, 1), (0, 0)), (1, 0), (0, 1))
    >>> moves.shares[0]
    (0.5, 0.5)
    """
    return transitions_over([before, after], column, labels=labels)


def transitions_over(
    tables: Sequence[ir.Table | pd.DataFrame], column: str, *, labels: Sequence[str] = ()
) -> Transitions:
    """Follow customers over consecutive dates, and add up the moves of all periods.

    The shares are those of the moves added up, so that a date with many customers weighs more.

    Parameters
    ----------
    tables
        Two or more, in the order of their dates; each as `transitions` takes them.

    Raises
    ------
    DataError
        When there are fewer than two tables, one lacks a column, or holds a customer twice.
    """
    if len(tables) < 2:
        raise DataError(
            f"{len(tables)} date to follow customers over; at least two are required",
            hint="give an earlier date",
        )
    labelled = [_labelled(table, column) for table in tables]
    if len(labelled) > 2:
        # All dates but the first and the last are asked twice.
        labelled = [table.cache() for table in labelled]
    moves: dict[tuple[str | None, str | None], int] = {}
    for earlier, later in pairwise(labelled):
        for was, is_now, n in _moves(earlier, later, column):
            moves[was, is_now] = moves.get((was, is_now), 0) + n
    found = sorted({label for pair in moves for label in pair if label is not None} - {*labels})
    every = tuple(dict.fromkeys([*labels, *found]))
    return Transitions(
        column=column,
        periods=len(tables) - 1,
        labels=every,
        counts=tuple(tuple(moves.get((a, b), 0) for b in every) for a in every),
        entries=tuple(moves.get((None, b), 0) for b in every),
        exits=tuple(moves.get((a, None), 0) for a in every),
    )


def _labelled(table: ir.Table | pd.DataFrame, column: str) -> ir.Table:
    for name in ("customer_id", column):
        if name not in table.columns:
            raise DataError(
                f"there is no column {name!r} to follow; there are: {', '.join(table.columns)}",
                hint="name one of them",
            )
    if isinstance(table, pd.DataFrame):
        table = ibis.memtable(table[["customer_id", column]])
    return table.select(customer_id=table.customer_id, label=table[column].cast("string"))


def _moves(
    earlier: ir.Table, later: ir.Table, column: str
) -> list[tuple[str | None, str | None, int]]:
    one = earlier.select("customer_id", was="label")
    # A null label and a missing row are both null on that side of the join.
    joined = one.outer_join(later.select("customer_id", now="label"), "customer_id")
    known = ibis.coalesce(joined.customer_id, joined.customer_id_right)
    moved = joined.select("was", "now", customer_id=known)
    counted = moved.group_by("was", "now").aggregate(
        rows=moved.count(), customers=moved.customer_id.nunique()
    )
    cells: list[tuple[str | None, str | None, int]] = []
    for row in counted.to_pyarrow().to_pylist():
        if row["rows"] != row["customers"]:
            raise DataError(
                f"{row['rows']:,} rows for {row['customers']:,} customers who have a `{column}`; "
                "one row per customer and date is required",
                hint="give each date a table of its own",
            )
        cells.append((row["was"], row["now"], int(row["rows"])))
    return cells
