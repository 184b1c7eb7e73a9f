"""One real MLflow store on SQLite for all registry tests, and small candidates to put in it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from reveil.evaluation.interval import Interval
from reveil.features.declare import Feature, Text, Unit
from reveil.learning.btyd import Btyd
from reveil.learning.candidate import BtydMember, Candidate, Sigmoid
from reveil.registry.artifact import Definitions
from reveil.registry.reference import reference_of
from reveil.registry.runs import RunRef, TargetRecord, TrainingRecord, log_training
from reveil.registry.store import Store, open_store
from reveil.windows import Windows

FEATURES = ("purchase_count", "purchase_recency_days", "purchase_tenure_days", "spend_364d")
AT = datetime(2011, 9, 1, 6, tzinfo=UTC)


@pytest.fixture(scope="session")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    tenure = rng.integers(30, 400, 600).astype(np.float32)
    frame = pd.DataFrame(
        {
            "customer_id": [f"CUSTOMER-{i:05d}" for i in range(600)],
            "purchase_count": rng.integers(1, 9, 600).astype(np.float32),
            "purchase_recency_days": (tenure * rng.random(600)).round().astype(np.float32),
            "purchase_tenure_days": tenure,
            "spend_364d": rng.lognormal(3, 1, 600).astype(np.float32),
        }
    )
    frame.loc[::7, "spend_364d"] = np.nan
    frame["y"] = (rng.random(600) < np.exp(-frame["purchase_recency_days"] / 150)).astype(float)
    return frame


@pytest.fixture(scope="session")
def candidate(rows: pd.DataFrame) -> Candidate:
    texts = []
    for seed in (1, 2):
        data = lgb.Dataset(rows[list(FEATURES)].to_numpy(), rows["y"].to_numpy())
        params = {"objective": "binary", "num_leaves": 4, "seed": seed, "bagging_fraction": 0.8,
                  "bagging_freq": 1, "num_threads": 1, "verbose": -1, "deterministic": True,
                  "force_row_wise": True}  # fmt: skip
        texts.append(lgb.train(params, data, 10).model_to_string())
    return Candidate(
        target="reactivation",
        population="inactive",
        kind="boosted",
        features=FEATURES,
        windows=Windows(observation=timedelta(364), gap=timedelta(7), horizon=timedelta(90)),
        learned_until=date(2011, 6, 1),
        boosters=tuple(texts),
        btyd=BtydMember(
            model=Btyd(model="mbg", r=0.8, alpha=60.1, a=0.6, b=2.5), weight=0.7, center=-1.0
        ),
        shift=0.1 + 0.2,
        calibrator=Sigmoid(slope=1.07, intercept=-0.02),
        params={"rounds": 10, "rate": 0.03, "name": "recipe", "small": True},
        seed=3,
    )


@pytest.fixture(scope="session")
def definitions(rows: pd.DataFrame) -> Definitions:
    return Definitions(
        signals={"kinds": {"purchase": "commercial"}, "columns": [], "observation_days": 364},
        features=tuple(
            Feature(
                name=name,
                family="purchases",
                signal=name.split("_")[0],
                unit=Unit.MONEY if "spend" in name else Unit.COUNT,
                meaning=Text(en=name, fr=f"{name}, en français"),
                null_means="no order",
                window_days=364,
                reason=Text(en="{value:.0f}", fr="{value:.0f}") if "spend" in name else None,
            )
            for name in FEATURES
        ),
        fingerprint="f" * 64,
        activity={"event": "order", "within_days": 180},
        label={"event": "order", "horizon_days": 90},
        reference=reference_of(rows, FEATURES),
    )


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return open_store(f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db")


@pytest.fixture(scope="session")
def record(candidate: Candidate, definitions: Definitions) -> Callable[..., TrainingRecord]:
    def make(study: str, **changes: object) -> TrainingRecord:
        target = TargetRecord(
            candidate=dataclasses.replace(candidate, **changes),
            definitions=definitions,
            metrics={"auc": Interval(estimate=0.7, low=0.65, high=0.75)},
            by_cutoff={date(2011, 6, 1): {"auc": Interval(estimate=0.7, low=0.6, high=0.8)}},
            baselines={"recency": {"auc": Interval(estimate=0.6, low=0.5, high=float("nan"))}},
            rows={"train": 600},
            trials=pd.DataFrame({"trial": [0, 1], "log_loss": [0.5, 0.49]}),
            plots={"gains": "<svg xmlns='http://www.w3.org/2000/svg'/>"},
            model_card="# Card",
        )
        return TrainingRecord(
            study=study,
            resolved={"name": study, "windows": {"horizon": timedelta(90)}},
            data_fingerprint="d" * 64,
            rows={"events": 12345},
            features_lock="spend_364d money 364\n",
            at=AT,
            targets=(target,),
            report_html="<html><p>déjà</p></html>",
            git_commit="abc123",
            seed=3,
        )

    return make


@pytest.fixture(scope="session")
def trained(store: Store, record: Callable[..., TrainingRecord]) -> Callable[..., RunRef]:
    """Log one training into the common store, under a study of its own unless one is named."""
    numbers = count()

    def train(study: str | None = None, **changes: object) -> RunRef:
        name = study or f"study{next(numbers)}"
        return log_training(store, record(name, **changes), prefix="t")["reactivation"]

    return train


@pytest.fixture
def artifact_folder(tmp_path: Path) -> Path:
    return tmp_path / "artifact"
