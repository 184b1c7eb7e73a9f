"""Recency, frequency, money: quintile cells whose edges are kept, so that dates compare.

In:  the standing table (`order_recency_days, orders_364d, money_364d`).
Out: RfmEdges, plain values fitted once; the table with three cells of 1 to 5 and `rfm`.

Cells are those of Hughes, "Strategic Database Marketing" (1994), each figure cut by itself.
Frequency and money are those of a year, so that edges fitted at one date mean the same at another.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis.common.deferred import Deferred

from reveil.engine.asof import AsOf
from reveil.errors import DataError
from reveil.events.roles import MONEY, ORDERS

YEAR_DAYS = 364
"""Whole weeks, so that every weekday counts alike."""

FIGURES = {
    "recency_days": "order_recency_days",
    "orders": "orders_364d",
    "money": "money_364d",
}
"""Each figure, and the column of the standing table that holds it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RfmEdges:
    """Where the quintiles of a base end, from the least to the most; four edges each.

    Parameters
    ----------
    recency_days, orders, money
        The figures of the customers at 20, 40, 60 and 80 % of those who ever ordered. Edges
        that coincide leave the cells between them empty.

    Examples
    --------
    >>> edges = RfmEdges(recency_days=(9.0, 30.0, 90.0, 200.0), orders=(0.0, 1.0, 1.0, 3.0),
    ...                  money=(0.0, 20.0, 55.0, 140.0))
    >>> RfmEdges.from_dict(edges.to_dict()) == edges
    True
    """

    recency_days: tuple[float, ...]
    orders: tuple[float, ...]
    money: tuple[float, ...]

    def to_dict(self) -> dict[str, list[float]]:
        """Plain values for a JSON file."""
        return {figure: list(getattr(self, figure)) for figure in FIGURES}

    @classmethod
    def from_dict(cls, values: Mapping[str, Sequence[float]]) -> RfmEdges:
        """Read what `to_dict` wrote.

        Raises
        ------
        DataError
            When a figure is missing or has not four rising edges.
        """
        read = {figure: tuple(float(e) for e in values.get(figure, ())) for figure in FIGURES}
        for figure, edges in read.items():
            if (
                len(edges) != 4
                or not all(map(math.isfinite, edges))
                or list(edges) != sorted(edges)
            ):
                raise DataError(
                    f"the RFM edges of `{figure}` are {list(edges)}; four rising numbers are required",
                    hint="fit them again with fit_rfm",
                )
        return cls(**read)


def rfm_columns(asof: AsOf) -> dict[str, Deferred | ir.Value]:
    """Ask for `orders_364d` and `money_364d` (net of returns), in one pass with other questions."""
    return {
        "orders_364d": asof.count(*ORDERS, days=YEAR_DAYS).cast("int64"),
        "money_364d": asof.sum(*MONEY, column="amount", days=YEAR_DAYS),
    }


def fit_rfm(table: ir.Table | pd.DataFrame) -> RfmEdges:
    """Find the quintile edges of the customers who ever ordered.

    An edge is the figure of one customer, the smallest that at least that share do not exceed,
    so that it depends on nothing but the figures.

    Raises
    ------
    DataError
        When nobody ever ordered.
    """
    chosen = table[list(FIGURES.values())]
    frame = chosen if isinstance(chosen, pd.DataFrame) else chosen.to_pyarrow().to_pandas()
    frame = frame[frame["order_recency_days"].notna()]
    n = len(frame)
    if n == 0:
        raise DataError(
            "nobody has ever ordered; RFM cells need at least one customer who did",
            hint="choose a later cutoff, or check which rows are orders in the `kind` of a source",
        )
    places = [-(-n * share // 100) - 1 for share in (20, 40, 60, 80)]
    edges = {
        figure: tuple(np.sort(frame[column].to_numpy(dtype=np.float64))[places].tolist())
        for figure, column in FIGURES.items()
    }
    return RfmEdges(**edges)


def rfm_cells(table: ir.Table, edges: RfmEdges) -> ir.Table:
    """Put each customer into the cells of some edges.

    A customer who has exactly an edge's figure is in the cell that it ends. 5 is best: most
    recent, most orders, most money.

    Returns
    -------
    ibis.Table
        `table` with `rfm_recency, rfm_orders, rfm_money` (int8, 1 to 5) and `rfm` (as
        "545"); null for who never ordered.

    Examples
    --------
    >>> import ibis
    >>> edges = RfmEdges(recency_days=(9.0, 30.0, 90.0, 200.0), orders=(1.0, 1.0, 1.0, 3.0),
    ...                  money=(0.0, 20.0, 55.0, 140.0))
    >>> t = ibis.memtable({"order_recency_days": [9.0, 500.0], "orders_364d": [4, 0],
    ...                    "money_364d": [55.0, 0.0]})
    >>> rfm_cells(t, edges).to_pyarrow()["rfm"].to_pylist()
    ['553', '111']
    """
    ordered = table.order_recency_days.notnull()

    def above(column: str, limits: tuple[float, ...]) -> ir.IntegerValue:
        figure = table[column].cast("float64")
        steps = [(figure > limit).ifelse(1, 0) for limit in limits]
        return steps[0] + steps[1] + steps[2] + steps[3]

    cells = {
        "rfm_recency": 5 - above("order_recency_days", edges.recency_days),
        "rfm_orders": 1 + above("orders_364d", edges.orders),
        "rfm_money": 1 + above("money_364d", edges.money),
    }
    columns = {name: ordered.ifelse(cell, None).cast("int8") for name, cell in cells.items()}
    spelled = [column.cast("string") for column in columns.values()]
    return table.mutate(**columns, rfm=spelled[0] + spelled[1] + spelled[2])
