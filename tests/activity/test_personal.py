"""A limit of one's own: by one's rhythm with enough orders, else by the base's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from reveil.activity import rhythm
from reveil.activity.rhythm import FEWEST_GAPS, base_gap_days
from reveil.activity.settings import ActivitySettings
from reveil.activity.states import SHORTEST_LIMIT_DAYS, states
from reveil.events.log import EventLog

CUTOFF = date(2011, 6, 1)
Lay = Callable[..., EventLog]


def ago(days: float) -> str:
    return str(datetime(2011, 6, 1) - timedelta(days=days))


def orders(who: str, *days: float) -> list[tuple[str, str, str]]:
    return [(who, "purchase", ago(day)) for day in days]


def test_three_orders_make_a_rhythm(lay: Lay) -> None:
    """Twice the mean gap; two orders do not, and a gap of days is no promise for a year."""
    log = lay(
        *orders("slow", 400, 300, 200), *orders("late", 401, 301, 201), *orders("two", 300, 200),
        *orders("fast", 86, 84, 85), *orders("faster", 85, 84.5, 83),
    )  # fmt: skip
    rows = states(log, ActivitySettings(within="150 days", personal={}), CUTOFF).to_pyarrow()
    found = {r["customer_id"]: (r["state"], r["within_days"]) for r in rows.to_pylist()}
    assert found == {
        "slow": ("active", 200.0), "late": ("inactive", 200.0), "two": ("inactive", 150.0),
        "fast": ("active", SHORTEST_LIMIT_DAYS), "faster": ("active", SHORTEST_LIMIT_DAYS),
    }  # fmt: skip


def test_a_short_limit_of_the_study_is_not_made_longer_by_the_floor(lay: Lay) -> None:
    """Eight weeks are long to a grocer: a weekly customer's limit is no longer than that."""
    log = lay(*orders("weekly", 70, 63, 57), *orders("monthly", 117, 87, 57))
    rows = states(log, ActivitySettings(within="56 days", personal={}), CUTOFF).to_pyarrow()
    found = {r["customer_id"]: (r["state"], r["within_days"]) for r in rows.to_pylist()}
    assert found == {"weekly": ("inactive", 56.0), "monthly": ("active", 60.0)}


def test_former_after_wins_over_a_personal_limit(lay: Lay) -> None:
    settings = ActivitySettings(within="90 days", former_after="250 days", personal={})
    log = lay(*orders("a", 900, 600, 300))
    assert states(log, settings, CUTOFF).to_pyarrow()["state"].to_pylist() == ["former"]


def test_the_base_s_gap_is_its_ninth_tenth(lay: Lay) -> None:
    """Nine gaps in ten do not exceed it: counted by begun days, from orders known before the cutoff."""
    rows = [r for n in range(FEWEST_GAPS) for r in orders(f"c{n:03d}", 400, 400 - (n + 1) - 0.5)]
    assert base_gap_days(lay(*rows), CUTOFF) == 91.0  # gaps of 1.5, 2.5 ... 100.5 days
    assert base_gap_days(lay(*rows[2:]), CUTOFF) is None
    unseen = ("c000", "purchase", ago(300), {"known": str(CUTOFF)})
    assert base_gap_days(lay(*rows[2:], unseen), CUTOFF) is None
    later = orders("c000", -1, -2, -500)
    assert base_gap_days(lay(*rows, *later), CUTOFF) == 91.0


def test_one_order_is_measured_by_the_base(lay: Lay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rhythm, "FEWEST_GAPS", 2)
    log = lay(*orders("a", 500, 400, 290), *orders("in", 110), *orders("out", 110.1))
    rows = states(log, ActivitySettings(personal={}), CUTOFF).to_pyarrow().to_pylist()
    found = {r["customer_id"]: (r["state"], r["within_days"]) for r in rows}
    assert found["in"] == ("active", 110.0)
    assert found["out"] == ("inactive", 110.0)
