"""RFM cells: fitted once, the same for equal figures, and no crash where everybody is alike."""

from __future__ import annotations

import json

import ibis
import numpy as np
import pandas as pd
import pytest

from reveil.activity.rfm import RfmEdges, fit_rfm, rfm_cells
from reveil.errors import DataError


def base(recency: object, orders: object, money: object) -> pd.DataFrame:
    return pd.DataFrame(
        {"order_recency_days": recency, "orders_364d": orders, "money_364d": money}
    ).astype("float64")


def cells(frame: pd.DataFrame, edges: RfmEdges) -> pd.DataFrame:
    table = rfm_cells(ibis.memtable(frame.assign(n=range(len(frame)))), edges)
    found: pd.DataFrame = table.order_by("n").to_pyarrow().to_pandas()
    return found


def test_quintiles_of_different_figures_are_fifths() -> None:
    """A fifth of the base in each cell, the most recent and the richest in the fifth."""
    n = 100
    frame = base(np.arange(n) + 0.5, np.arange(n), np.arange(n) * 3.0)
    found = cells(frame, fit_rfm(frame))
    for column in ("rfm_recency", "rfm_orders", "rfm_money"):
        assert found[column].value_counts().to_dict() == dict.fromkeys(range(1, 6), 20)
    assert found["rfm"].iloc[0] == "511"
    assert found["rfm"].iloc[-1] == "155"


def test_half_the_base_with_one_order() -> None:
    """Equal figures share a cell; the cells between equal edges stay empty."""
    orders = [1] * 60 + [2] * 20 + list(range(3, 23))
    frame = base(np.arange(100), orders, [0.0] * 100)
    edges = fit_rfm(frame)
    assert edges.orders == (1.0, 1.0, 1.0, 2.0)
    found = cells(frame, edges)
    assert found.groupby("orders_364d")["rfm_orders"].nunique().max() == 1
    assert found["rfm_orders"].value_counts().to_dict() == {1: 60, 4: 20, 5: 20}
    assert set(found["rfm_money"]) == {1}


def test_cells_rise_with_the_figure() -> None:
    rng = np.random.default_rng(1)
    frame = base(rng.exponential(90, 500), rng.poisson(1.2, 500), rng.normal(30, 60, 500).round(1))
    found = cells(frame, fit_rfm(frame))
    for figure, cell, sign in (
        ("order_recency_days", "rfm_recency", -1), ("orders_364d", "rfm_orders", 1),
        ("money_364d", "rfm_money", 1),
    ):  # fmt: skip
        steps = found.sort_values(figure)[cell].diff().dropna() * sign
        assert (steps >= 0).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7])
def test_few_customers_have_cells_too(n: int) -> None:
    frame = base(range(n), [1] * n, [5.0] * n)
    found = cells(frame, fit_rfm(frame))
    assert found["rfm_recency"].iloc[0] == 5 if n > 1 else found["rfm_recency"].between(1, 5).all()


def test_edges_stay_where_they_were_fitted() -> None:
    """Frozen: a later base is cut by them; row order and a trip through JSON change nothing."""
    rng = np.random.default_rng(2)
    frame = base(rng.exponential(90, 300), rng.poisson(2, 300), rng.normal(30, 60, 300))
    edges = fit_rfm(frame)
    assert fit_rfm(frame.sample(frac=1, random_state=3)) == edges
    assert fit_rfm(ibis.memtable(frame)) == edges
    assert RfmEdges.from_dict(json.loads(json.dumps(edges.to_dict()))) == edges
    later = frame.assign(order_recency_days=frame["order_recency_days"] + 1_000)
    assert set(cells(later, edges)["rfm_recency"]) == {1}


def test_who_never_ordered_has_no_cell() -> None:
    """And does not move the edges."""
    frame = base([1, 2, 3, 4, 5, None, None], [1] * 5 + [0] * 2, [1.0] * 7)
    assert fit_rfm(frame) == fit_rfm(frame.iloc[:5])
    assert list(cells(frame, fit_rfm(frame))["rfm"].isna()) == [False] * 5 + [True] * 2


def test_nobody_to_fit_on() -> None:
    with pytest.raises(DataError, match="nobody has ever ordered"):
        fit_rfm(base([None, None], [0, 0], [0, 0]))


@pytest.mark.parametrize(
    "values",
    [{}, {"orders": [1, 2, 3]}, {"orders": [4, 3, 2, 1]}, {"orders": [1, 2, 3, float("nan")]}],
)
def test_edges_that_are_not_edges(values: dict[str, list[float]]) -> None:
    good = {"recency_days": [1, 2, 3, 4], "money": [1, 2, 3, 4]}
    with pytest.raises(DataError, match="four rising numbers"):
        RfmEdges.from_dict({**good, **values})
