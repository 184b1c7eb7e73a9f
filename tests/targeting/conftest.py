"""Snapshots, studies and allocation instances for the tests of targeting."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from reveil.targeting.prices import Limits, Menu, menu_from
from reveil.targeting.settings import TargetingSettings

REASON = {
    "code": "purchase_recency_days",
    "direction": "raises",
    "contribution": 0.4,
    "sentence": "dernière commande il y a 94 jours",
}


def snapshot(n: int, seed: int = 0) -> pd.DataFrame:
    """Scored customers as `reveil score` would write them."""
    draw = np.random.default_rng(seed)
    state = draw.choice(["active", "inactive", "prospect", "former"], n, p=[0.3, 0.6, 0.05, 0.05])
    inactive = state == "inactive"
    frame = pd.DataFrame(
        {
            "customer_id": [f"C{i:06d}" for i in draw.permutation(n)],
            "cutoff": pd.Timestamp("2011-09-01"),
            "state": state,
            "group": draw.choice(["lapsed multi-buyer", "one order"], n),
            "reactivation": np.where(inactive, draw.beta(1.2, 12, n), np.nan),
            "margin_if_returns": np.where(inactive, draw.gamma(2, 20, n), np.nan),
            "reasons": [[REASON]] * n,
            "consent_email": draw.random(n) < 0.8,
            "usable_email": draw.random(n) < 0.9,
            "consent_print": draw.random(n) < 0.6,
            "usable_print": draw.random(n) < 0.9,
            "contacts_recent": draw.integers(0, 4, n).astype("int32"),
            "unanswered": draw.integers(0, 6, n).astype("int32"),
            "last_order_at": pd.Timestamp("2011-01-01")
            - pd.to_timedelta(draw.integers(0, 300, n), unit="D"),
        }
    )
    return frame.sort_values("customer_id", ignore_index=True)


def study(**change: object) -> TargetingSettings:
    """Two channels, two offers, something scarce in each."""
    return TargetingSettings.model_validate(
        {
            "channels": {
                "email": {"cost": 0.02, "capacity": 120, "co2e_grams": 4},
                "print": {"cost": 0.8, "capacity": 100},
            },
            "offers": [
                {"name": "miss you", "channels": ["email", "print"]},
                {"name": "minus 5", "channels": ["email", "print"], "discount": 5},
            ],
            "budget": 60,
        }
        | change
    )


def instance(
    n: int, actions: int, channels: int, seed: int, *, tight: float = 0.3
) -> tuple[Menu, Limits]:
    """Random worths and costs, a third of the actions forbidden, every limit binding."""
    draw = np.random.default_rng(seed)
    channel_of = np.arange(actions) % channels
    cost = np.rint(
        draw.uniform(500, 40_000, channels)[channel_of]
        + draw.uniform(0, 30_000, (n, actions)) * draw.integers(0, 2, actions)
    ).astype(np.int64)
    gain = draw.gamma(1, 20, n)[:, None] * draw.uniform(0.5, 1.5, (n, actions)) * 10_000
    worth = np.rint(gain).astype(np.int64) - cost
    worth[draw.random((n, actions)) < 0.3] = 0
    return menu_from(worth, cost, channel_of), Limits(
        budget=int(cost.mean() * n * tight / 2),
        capacity=tuple(int(n * tight / channels * x) for x in draw.uniform(0.3, 1.5, channels)),
    )


@pytest.fixture(scope="session")
def snapshot_of() -> Callable[..., pd.DataFrame]:
    return snapshot


@pytest.fixture(scope="session")
def study_of() -> Callable[..., TargetingSettings]:
    return study


@pytest.fixture(scope="session")
def instance_of() -> Callable[..., tuple[Menu, Limits]]:
    return instance
