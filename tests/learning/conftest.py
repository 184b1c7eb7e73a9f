"""A small base whose customers follow an MBG/NBD process, seen at several cutoffs."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from reveil.features.declare import Feature, Text, Unit
from reveil.learning.training import TrainingSet
from reveil.windows import STEP, Split, Windows, purge

WINDOWS = Windows(observation=timedelta(728), horizon=timedelta(84))
FIRST, CUTOFFS = date(2010, 1, 1), 10


def orders_of(rng: np.random.Generator, start: float, end: float) -> np.ndarray:
    """Order times of one customer: Poisson until they leave, a chance after each order."""
    rate, leave = rng.gamma(1.2, 1 / 50.0), rng.beta(0.8, 3.0)
    times, t = [start], start
    while rng.uniform() > leave:
        t += rng.exponential(1 / rate)
        if t >= end:
            break
        times.append(t)
    return np.array(times)


def simulated_frame(customers: int = 900, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    days = [400 + STEP.days * k for k in range(CUTOFFS)]
    end = days[-1] + WINDOWS.horizon.days
    rows = []
    for c in range(customers):
        orders = orders_of(rng, rng.uniform(0, days[0] + 100), end)
        amounts = rng.gamma(3.0, 15.0 * rng.gamma(2.0, 0.5), len(orders))
        for day in days:
            past = orders < day
            if not past.any():
                continue
            then = orders[past]
            window = (orders >= day) & (orders < day + WINDOWS.horizon.days)
            recency = day - then[-1]
            rows.append(
                {
                    "customer_id": f"c{c:05d}",
                    "cutoff": pd.Timestamp(FIRST) + pd.Timedelta(days=day),
                    "state": "active" if recency <= 120 else "inactive",
                    "purchase_count": len(then),
                    "purchase_recency_days": recency,
                    "purchase_tenure_days": day - then[0],
                    "purchase_amount_mean": amounts[past].mean(),
                    "purchase_gap_mean": np.diff(then).mean() if len(then) > 1 else np.nan,
                    "noise": rng.normal(),
                    "contact_count": rng.poisson(2.0),
                    "y": float(window.any()),
                    "margin": float(amounts[window].sum()),
                }
            )
    frame = pd.DataFrame(rows).sort_values(["cutoff", "customer_id"], ignore_index=True)
    frame[[f.name for f in FEATURES]] = frame[[f.name for f in FEATURES]].astype("float32")
    return frame


def declared(name: str, family: str, signal: str, en: str | None = None) -> Feature:
    return Feature(
        name=name,
        family=family,
        signal=signal,
        unit=Unit.DAYS,
        meaning=Text(en=name, fr=name),
        null_means="fewer than two orders",
        reason=None if en is None else Text(en=en, fr=en.replace("order", "commande")),
    )


FEATURES = (
    declared("purchase_count", "frequency", "purchase", "{value:.0f} orders so far"),
    declared("purchase_recency_days", "recency", "purchase", "last order {value:.1f} days ago"),
    declared("purchase_tenure_days", "tenure", "purchase"),
    declared("purchase_amount_mean", "monetary", "purchase", "orders of {value:,.1f}"),
    declared("purchase_gap_mean", "rhythm", "purchase",
             "an order every {value:.0f} days, the last {purchase_recency_days:.0f} days ago"),
    declared("noise", "noise", "noise"),
    declared("contact_count", "pressure", "contact", "{value:.0f} contacts"),
)  # fmt: skip


def training_set(frame: pd.DataFrame, label: str) -> TrainingSet:
    cutoffs = sorted({t.date() for t in frame["cutoff"]})
    test = cutoffs[-1]
    split = Split(
        train=purge(cutoffs, WINDOWS, before=test), valid=(), test=(test,), windows=WINDOWS
    )
    if label == "margin_if_returns":
        frame = frame[frame["margin"] > 0].assign(y=lambda f: f["margin"]).reset_index(drop=True)
    return TrainingSet(
        frame=frame,
        split=split,
        features=FEATURES,
        label=label,
        population="active" if label == "attrition" else "inactive",
        complement=label == "attrition",
    )


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    return simulated_frame()


@pytest.fixture(scope="session")
def attrition(frame) -> TrainingSet:
    return training_set(frame, "attrition")


@pytest.fixture(scope="session")
def reactivation(frame) -> TrainingSet:
    return training_set(frame, "reactivation")


@pytest.fixture(scope="session")
def margin(frame) -> TrainingSet:
    return training_set(frame, "margin_if_returns")
