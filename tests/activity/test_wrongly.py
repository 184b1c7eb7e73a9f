"""Active customers whom a rule on orders alone would call inactive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.activity.wrongly import wrongly_inactive
from reveil.events.log import EventLog

CUTOFF = date(2011, 6, 1)


def test_readers_with_their_past_margin(lay: Callable[..., EventLog]) -> None:
    """Active, without an order inside the limit; money of the window, returns deducted."""
    log = lay(
        ("reader", "purchase", "2010-01-05", {"amount": 1_000.0}),
        ("reader", "purchase", "2010-06-02", {"amount": 100.0}),
        ("reader", "return", "2010-06-20", {"amount": -30.0}),
        ("reader", "visit", "2011-05-01"),
        ("reader", "purchase", "2011-06-01", {"amount": 5_000.0}),
        ("buyer", "purchase", "2011-05-01", {"amount": 100.0}), ("buyer", "visit", "2011-05-01"),
        ("asleep", "purchase", "2010-06-02", {"amount": 100.0}),
        ("prospect", "visit", "2011-05-01"),
    )  # fmt: skip
    table = wrongly_inactive(
        log,
        ActivitySettings(within="90 days"),
        CUTOFF,
        margin_rate=0.4,
        observation=timedelta(days=364),
    )
    (row,) = table.to_pyarrow().to_pylist()
    assert row == {
        "customer_id": "reader", "order_recency_days": 364.0, "within_days": 90.0,
        "margin": pytest.approx(28.0),
    }  # fmt: skip


def test_a_member_who_never_ordered_is_one_of_them(lay: Callable[..., EventLog]) -> None:
    """A purchase-only rule does not even know a member who only trains."""
    log = lay(("member", "training", "2011-05-01"), ("buyer", "purchase", "2011-05-01"))
    table = wrongly_inactive(
        log, ActivitySettings(preset="relational"), CUTOFF,
        margin_rate=0.4, observation=timedelta(days=364),
    )  # fmt: skip
    assert table.to_pyarrow().to_pylist() == [
        {"customer_id": "member", "order_recency_days": None, "within_days": 365.0, "margin": 0.0}
    ]


def test_they_are_what_the_purchase_only_states_add(lay: Callable[..., EventLog]) -> None:
    """Exactly those active under the study and not under the same study of purchases."""
    log = lay(
        *[(f"c{n}", "purchase", f"2011-0{1 + n % 5}-03") for n in range(30)],
        *[(f"c{n}", "email_click", f"2011-0{1 + n % 4}-20") for n in range(0, 30, 3)],
        *[(f"c{n}", "purchase", "2010-05-03") for n in range(0, 30, 2)],
    )  # fmt: skip

    def active(*any_of: str) -> set[str]:
        rows = states(log, ActivitySettings(any_of=any_of, within="60 days"), CUTOFF).to_pyarrow()
        return {r["customer_id"] for r in rows.to_pylist() if r["state"] == "active"}

    found = wrongly_inactive(
        log,
        ActivitySettings(within="60 days"),
        CUTOFF,
        margin_rate=1.0,
        observation=timedelta(days=364),
    )
    meant = active("purchase", "engagement") - active("purchase")
    assert meant
    assert set(found.to_pyarrow()["customer_id"].to_pylist()) == meant
