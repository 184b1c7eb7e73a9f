"""The marketer's groups: one exclusive place, and what one place cannot say."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import ibis
import pandas as pd
import pytest
from small import Typed, small_log

from reveil.activity.engagement import BANDS
from reveil.activity.groups import (
    AT_RISK_ORDERS,
    AT_RISK_RATIO,
    LOYAL_ORDERS,
    RECENT_DAYS,
    Buyer,
    Group,
    Risk,
    grouped,
)
from reveil.activity.settings import ActivitySettings
from reveil.activity.standing import standing_table
from reveil.activity.states import State
from reveil.activity.words import IN_FRENCH
from reveil.engine.duckdb import DuckDB

CUTOFF = date(2011, 6, 1)
NOBODY = float("nan")


def facts(**columns: list[object]) -> ibis.Table:
    """Lay out rows of the state table, everything not said being ordinary."""
    n = len(next(iter(columns.values())))
    usual = {"state": "active", "orders": 2, "activity_recency_days": 10.0,
             "order_recency_days": 10.0, "within_days": 180.0, "dormant": False,
             "overdue_ratio": 1.0}  # fmt: skip
    full = {name: columns.get(name, [value] * n) for name, value in usual.items()}
    return ibis.memtable(pd.DataFrame({"n": range(n), **full}))


def told(table: ibis.Table, column: str) -> list[object]:
    return grouped(table).order_by("n").to_pyarrow()[column].to_pylist()


def test_groups_a_marketer_expects() -> None:
    """State crossed with how much of a buyer; an engaged non-buyer is active without an order."""
    rows = [
        ("prospect", 0, NOBODY, False, Group.PROSPECT), ("former", 3, 900.0, False, Group.FORMER),
        ("active", 1, 10.0, False, Group.ACTIVE_ONE), ("active", 2, 10.0, False, Group.ACTIVE_MULTI),
        ("active", LOYAL_ORDERS - 1, 10.0, False, Group.ACTIVE_MULTI),
        ("active", LOYAL_ORDERS, 10.0, False, Group.ACTIVE_LOYAL),
        ("active", 5, 181.0, False, Group.ENGAGED), ("active", 5, 180.0, False, Group.ACTIVE_MULTI),
        ("active", 0, None, False, Group.ENGAGED),
        ("inactive", 0, None, False, Group.LAPSED_NONE),
        ("inactive", 1, 300.0, False, Group.LAPSED_ONE),
        ("inactive", 2, 300.0, False, Group.LAPSED_MULTI),
        ("inactive", LOYAL_ORDERS, 300.0, False, Group.LAPSED_LOYAL),
        ("inactive", LOYAL_ORDERS, 300.0, True, Group.DORMANT),
        ("inactive", 0, None, True, Group.DORMANT),
    ]  # fmt: skip
    state, orders, recency, dormant, group = (list(column) for column in zip(*rows, strict=True))
    table = facts(state=state, orders=orders, order_recency_days=recency, dormant=dormant)
    assert told(table, "group") == [g.value for g in group]


def test_how_much_of_a_buyer_whatever_the_state() -> None:
    orders = [0, 1, 2, LOYAL_ORDERS - 1, LOYAL_ORDERS]
    meant = [Buyer.NONE, Buyer.ONE, Buyer.SEVERAL, Buyer.SEVERAL, Buyer.LOYAL]
    for state in ("prospect", "active", "inactive", "former"):
        table = facts(orders=orders, state=[state] * 5)
        assert told(table, "buyer") == [b.value for b in meant]


def test_risk_is_of_active_customers_only() -> None:
    """Late by their own rhythm before silent for half the limit; every edge exclusive."""
    n, over = AT_RISK_ORDERS, AT_RISK_RATIO + 0.01
    rows = [
        ("active", n, 10.0, 91.0, over, Risk.AT_RISK.value),
        ("active", n, 91.0, 91.0, over, Risk.AT_RISK.value),
        ("active", n, 10.0, 90.0, over, Risk.STEADY.value),
        ("active", n, 10.0, 91.0, AT_RISK_RATIO, Risk.STEADY.value),
        ("active", n - 1, 10.0, 91.0, over, Risk.STEADY.value),
        ("active", n, 91.0, 91.0, None, Risk.LAPSING.value),
        ("active", n, 90.0, 90.0, 1.0, Risk.STEADY.value),
        ("active", 0, 91.0, None, None, Risk.LAPSING.value),
        ("inactive", n, 200.0, 200.0, over, None), ("former", n, 200.0, 200.0, over, None),
        ("prospect", 0, 10.0, None, None, None),
    ]  # fmt: skip
    state, orders, quiet, late, ratio, risk = (list(c) for c in zip(*rows, strict=True))
    table = facts(state=state, orders=orders, activity_recency_days=quiet,
                  order_recency_days=late, overdue_ratio=ratio)  # fmt: skip
    assert told(table, "risk") == risk


@pytest.mark.parametrize(
    ("column", "labels"),
    [("state", State), ("group", Group), ("buyer", Buyer), ("risk", Risk),
     ("engagement_band", BANDS), ("order_channels", ("one", "several"))],
)  # fmt: skip
def test_every_label_has_a_french_word_of_its_own(column: str, labels: Iterable[str]) -> None:
    assert set(IN_FRENCH[column]) == {str(label) for label in labels}
    assert len(set(IN_FRENCH[column].values())) == len(IN_FRENCH[column])


@pytest.fixture
def row_of(db: DuckDB, tmp_path: Path) -> Callable[..., dict[str, object]]:
    def one(*rows: Typed) -> dict[str, object]:
        log = small_log(db, tmp_path, list(rows))
        row: dict[str, object] = (
            standing_table(log, ActivitySettings(), CUTOFF).to_pyarrow().to_pylist()[0]
        )
        return row

    return one


@pytest.mark.parametrize(
    ("first", "recent"), [("2011-03-09 00:00:01", True), ("2011-03-09", False)]
)
def test_recent_is_by_the_first_order(
    first: str, recent: bool, row_of: Callable[..., dict[str, object]]
) -> None:
    """84 days to the second; a visit before it does not make an old customer."""
    assert RECENT_DAYS == 84
    row = row_of(
        ("a", "visit", "2010-06-01"), ("a", "purchase", first), ("a", "purchase", "2011-05-01")
    )
    assert row["recent"] is recent
