"""Every column of the standing table against what a person would read off the events, one by one."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reveil.activity import rhythm
from reveil.activity.settings import ActivitySettings
from reveil.activity.standing import standing_table
from reveil.activity.states import SHORTEST_LIMIT_DAYS
from reveil.engine.aggregate import WEIGHT_UNIT
from reveil.events.log import EventLog
from reveil.events.roles import ROLES

CUTOFF = date(2011, 6, 1)
T = int((datetime(2011, 6, 1) - datetime(1970, 1, 1)).total_seconds())
DAY = 86_400
KINDS = (
    "purchase", "purchase", "purchase", "return", "email_sent", "email_sent", "call",
    "email_click", "email_open", "login", "billing", "complaint", "unsubscribe", "cancel_request",
    "bounce",
)  # fmt: skip
Row = tuple[str, str, int, dict[str, Any]]
Past = list[tuple[str, int, dict[str, Any]]]

STUDIES = {
    "as always": ActivitySettings(),
    "former": ActivitySettings(
        any_of=("purchase",), within="60 days", former_after="120 days", closed_by=("complaint",)
    ),
    "personal": ActivitySettings(
        within="60 days", personal={"overdue_ratio": 1.5, "min_orders": 3}, former_after="300 days"
    ),
    "subscription": ActivitySettings(
        preset="subscription", within="30 days", unanswered={"contacts": 2},
        former_after="100 days",
    ),
    "relational": ActivitySettings(
        preset="relational", within="40 days", unanswered={"contacts": 3, "of": "all"}, personal={}
    ),
}  # fmt: skip


def events_of(draw: np.random.Generator, who: str) -> list[Row]:
    """Draw a history: on the day grid and off it, ties, some at the cutoff and after, some late."""
    rows: list[Row] = []
    for _ in range(int(draw.integers(0, 14))):
        # Some customers live in the last weeks, some long ago.
        days = int(draw.integers(-20, int(draw.choice([60, 200, 500]))))
        at = T - days * DAY - int(draw.choice([0, 0, 1, 40_000]))
        kind = str(draw.choice(KINDS))
        said: dict[str, Any] = {"channel": draw.choice(["web", "store", None])}
        if kind in ("purchase", "return"):
            said["amount"] = int(draw.integers(-50, 200)) / 4
        if kind.startswith("email"):
            said["campaign"] = str(draw.choice(["c1", "c2", "c3"]))
        if kind in ("email_sent", "call"):
            said["offer"] = draw.choice(["ten", None])
        if draw.random() < 0.1:
            known = at + int(draw.integers(0, 60)) * DAY
            said["known"] = str(datetime(1970, 1, 1) + timedelta(seconds=known))
        rows.append((who, kind, at, said))
    return rows


def drawn(seed: int, customers: int = 60) -> list[Row]:
    draw = np.random.default_rng(seed)
    return [row for n in range(customers) for row in events_of(draw, f"c{n:02d}")]


def known_before_cutoff(row: Row) -> bool:
    known = row[3].get("known")
    late = (
        int((datetime.fromisoformat(known) - datetime(1970, 1, 1)).total_seconds()) if known else 0
    )
    return max(row[2], late) < T


def names(kind: str, signals: tuple[str, ...]) -> bool:
    return kind in signals or ROLES[kind].value in signals


def days_since(past: Past, *signals: str) -> float | None:
    ats = [at for kind, at, _ in past if names(kind, signals)]
    return (T - max(ats)) / DAY if ats else None


def after_last_answer(past: Past, contacts: tuple[str, ...], answers: tuple[str, ...]) -> list[Any]:
    last = max((at for kind, at, _ in past if names(kind, answers)), default=-math.inf)
    return [said for kind, at, said in past if names(kind, contacts) and at > last]


def usual_gap(pasts: dict[str, Past]) -> int | None:
    """Find the P90 as a sorted list has it."""
    gaps: list[int] = []
    for past in pasts.values():
        orders = sorted(at for kind, at, _ in past if kind == "purchase")
        gaps += [-(-(b - a) // DAY) for a, b in pairwise(orders)]
    if len(gaps) < rhythm.FEWEST_GAPS:
        return None
    return sorted(gaps)[math.ceil(len(gaps) * 0.9) - 1]


def told(past: Past, study: ActivitySettings, base_gap: int | None) -> dict[str, Any]:
    """Say everything about one customer, slowly."""
    row: dict[str, Any] = {}
    orders = sorted(at for kind, at, _ in past if kind == "purchase")
    row["orders"] = len(orders)
    row["activity_recency_days"] = days_since(past, *study.any_of)
    row["order_recency_days"] = days_since(past, "purchase")
    gap = (orders[-1] - orders[0]) / (len(orders) - 1) / DAY if len(orders) > 1 else None
    row["overdue_ratio"] = None if gap is None else row["order_recency_days"] / max(gap, 1.0)
    limit = float(study.within.days)
    shortest = min(SHORTEST_LIMIT_DAYS, limit)
    if study.personal is not None:
        if len(orders) >= study.personal.min_orders:
            assert gap is not None
            limit = max(gap * study.personal.overdue_ratio, shortest)
        elif base_gap is not None:
            limit = max(float(base_gap), shortest)
    row["within_days"] = limit
    quiet = math.inf if row["activity_recency_days"] is None else row["activity_recency_days"]
    paid = days_since(past, *study.paid_by)
    pays = paid is not None and paid <= study.paid_within.days
    closed = days_since(past, *study.closed_by)
    offers = after_last_answer(past, ("marketer",), ("engagement", "commercial"))
    row["unanswered"] = sum(said.get("offer") is not None for said in offers)
    tired = False
    if study.unanswered is not None:
        n = len(offers) if study.unanswered.of == "all" else row["unanswered"]
        tired = quiet > limit and n >= study.unanswered.contacts
    silent = study.former_after is not None and quiet > study.former_after.days
    if not any(names(kind, study.joins_by) for kind, _, _ in past):
        row["state"] = "prospect"
    elif (closed is not None and closed <= quiet) or ((silent or tired) and not pays):
        row["state"] = "former"
    else:
        row["state"] = "active" if quiet <= limit else "inactive"
    row["dormant"] = row["state"] == "inactive" and pays
    row |= clocks_told(past) | mail_told(past) | engagement_told(past) | year_told(past)
    channels = {said.get("channel") for kind, _, said in past if kind == "purchase"} - {None}
    row["order_channels"] = [None, "one", "several"][min(len(channels), 2)]
    row["recent"] = bool(orders) and (T - orders[0]) / DAY < 84
    return row


def clocks_told(past: Past) -> dict[str, Any]:
    clocks = {
        "commercial": ("purchase", "quote", "return"),
        "contact": ("purchase", "quote", "return", "email_click", "login", "complaint",
                    "unsubscribe", "cancel_request"),
        "email": ("email_click", "email_open"),
    }  # fmt: skip
    row: dict[str, Any] = {}
    for clock, kinds in clocks.items():
        wound = [(at, -kinds.index(kind)) for kind, at, _ in past if kind in kinds]
        at, rank = max(wound) if wound else (None, None)
        row[f"{clock}_kind"] = None if rank is None else kinds[-rank]
        row[f"{clock}_days"] = None if at is None else (T - at) / DAY
        row[f"{clock}_at"] = None if at is None else pd.Timestamp(at, unit="s")
    return row


def mail_told(past: Past) -> dict[str, Any]:
    def of(kind: str) -> list[int]:
        return sorted(at for k, at, _ in past if k == kind)

    def campaigns(kind: str) -> int:
        return len({said["campaign"] for k, _, said in past if k == kind})

    sent, clicks, n = of("email_sent"), of("email_click"), campaigns("email_sent")
    delay = (clicks[0] - sent[0]) / DAY if sent and clicks and clicks[0] >= sent[0] else None
    return {
        "email_activation_days": delay,
        "email_open_share_indicative": min(campaigns("email_open") / n, 1.0) if n else None,
        "email_click_share": min(campaigns("email_click") / n, 1.0) if n else None,
        "email_click_span_days": (clicks[-1] - clicks[0]) / DAY if clicks else None,
        "email_unanswered": len(
            after_last_answer(past, ("email_sent",), ("email_click", "commercial"))
        ),
    }


def engagement_told(past: Past) -> dict[str, Any]:
    weights = {"commercial": 4.0, "engagement": 1.0}

    def score(roles: tuple[str, ...], channel: str | None = None) -> float:
        worth = 0.0
        for kind, at, said in past:
            if ROLES[kind].value in roles and (channel is None or said.get("channel") == channel):
                age = T // DAY - 1 - at // DAY
                days, periods = 0.5 ** (age % 28 / 84), 0.5 ** (age // 28 * 28 / 84)
                rounded = [math.floor(w * WEIGHT_UNIT + 0.5) / WEIGHT_UNIT for w in (days, periods)]
                worth += weights[ROLES[kind].value] * rounded[0] * rounded[1]
        return 100 * worth / (worth + 4.0)

    overall = score(tuple(weights))
    row: dict[str, Any] = {"engagement": overall}
    row["engagement_band"] = next(
        name
        for name, start in (("high", 50), ("medium", 20), ("low", 1), ("none", 0))
        if overall >= start
    )
    row |= {f"engagement_by_{role}": score((role,)) for role in weights}
    return row | {f"engagement_on_{c}": score(tuple(weights), c) for c in ("store", "web")}


def year_told(past: Past) -> dict[str, Any]:
    year = [(kind, said) for kind, at, said in past if at >= T - 364 * DAY]
    return {
        "orders_364d": sum(kind == "purchase" for kind, _ in year),
        "money_364d": sum(said["amount"] for kind, said in year if kind in ("purchase", "return")),
    }


def table(log: EventLog, study: ActivitySettings) -> pd.DataFrame:
    frame: pd.DataFrame = standing_table(log, study, CUTOFF).to_pyarrow().to_pandas()
    return frame.set_index("customer_id").sort_index()


@pytest.mark.parametrize("name", STUDIES)
def test_every_column_is_what_a_person_would_say(
    name: str, lay: Callable[..., EventLog], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sixty histories a study; each column is also asked for, so that none is left out."""
    monkeypatch.setattr(rhythm, "FEWEST_GAPS", 20)
    rows = drawn(list(STUDIES).index(name))
    study = STUDIES[name]
    frame = table(lay(*rows), study)
    pasts: dict[str, Past] = {}
    for who, kind, at, said in filter(known_before_cutoff, rows):
        pasts.setdefault(who, []).append((kind, at, said))
    assert list(frame.index) == sorted(pasts)
    meant = pd.DataFrame(
        {who: told(past, study, usual_gap(pasts)) for who, past in pasts.items()}
    ).T
    groups = {"cutoff", "group", "buyer", "risk"}
    assert set(frame.columns) - groups == set(meant.columns)
    for column in meant:
        ours, theirs = frame[column], meant[column].reindex(frame.index)
        assert list(ours.isna()) == list(theirs.isna()), column
        for mine, other in zip(ours[ours.notna()], theirs[theirs.notna()], strict=True):
            if isinstance(other, float):
                assert mine == pytest.approx(other, rel=1e-9, abs=1e-12), column
            else:
                assert mine == other, column


def test_the_histories_reach_every_state(lay: Callable[..., EventLog]) -> None:
    """An oracle over actives alone would agree about nothing."""
    seen: set[tuple[str, bool]] = set()
    for seed, study in enumerate(STUDIES.values()):
        frame = table(lay(*drawn(seed)), study)
        seen |= set(zip(frame["state"], frame["dormant"], strict=True))
    assert {state for state, _ in seen} == {"prospect", "active", "inactive", "former"}
    assert ("inactive", True) in seen


logs = st.builds(drawn, st.integers(10, 10_000), st.integers(2, 12))
few = settings(
    max_examples=3, deadline=None, derandomize=True, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
WITHOUT_BASE = STUDIES["subscription"]


def tells(rows: list[Row]) -> bool:
    """Whether a log of these holds enough for any study: an order."""
    return any(kind == "purchase" for _, kind, _, _ in rows)


@few
@given(rows=logs)
def test_what_comes_later_moves_nothing(lay: Callable[..., EventLog], rows: list[Row]) -> None:
    """Delete every event not known at the cutoff: the same table, column by column."""
    past = [row for row in rows if known_before_cutoff(row)]
    if not tells(past):
        return
    pd.testing.assert_frame_equal(
        table(lay(*past), STUDIES["relational"]), table(lay(*rows), STUDIES["relational"])
    )


@few
@given(rows=logs, seed=st.integers(0, 99))
def test_the_order_of_rows_does_not_matter(
    lay: Callable[..., EventLog], rows: list[Row], seed: int
) -> None:
    """Nor who stands beside whom: the same bits."""
    mixed = [rows[i] for i in np.random.default_rng(seed).permutation(len(rows))]
    if not tells(rows):
        return
    pd.testing.assert_frame_equal(
        table(lay(*rows), STUDIES["personal"]), table(lay(*mixed), STUDIES["personal"])
    )


@few
@given(rows=logs)
def test_others_do_not_matter(lay: Callable[..., EventLog], rows: list[Row]) -> None:
    """One customer alone has the same figures, the base's P90 apart; only channels may be fewer."""
    own = next((own for own in by_customer(rows) if tells(own)), None)
    if own is not None:
        whole, alone = (table(lay(*log), WITHOUT_BASE) for log in (rows, own))
        pd.testing.assert_frame_equal(whole.loc[alone.index, alone.columns], alone)


def by_customer(rows: list[Row]) -> list[list[Row]]:
    """Group rows of a log by customer."""
    return [[row for row in rows if row[0] == who] for who in sorted({row[0] for row in rows})]
