"""From the registry to a decision: a version is examined as it was loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from reveil.registry.champions import load_version
from reveil.registry.exam import examine
from reveil.registry.gate import decide
from reveil.registry.plain import fingerprint
from reveil.registry.runs import RunRef
from reveil.registry.settings import GateSettings, RegistrySettings
from reveil.registry.store import Store


def test_a_loaded_version_is_examined_and_judged(
    store: Store, trained: Callable[..., RunRef], rows: pd.DataFrame
) -> None:
    run = trained()
    version = load_version(store, run.model, run.version)
    test = rows.assign(cutoff=pd.Timestamp("2011-06-01"))
    exam = examine(version, test, test["y"].to_numpy(), full_year=False)
    assert exam.reload_difference == 0
    assert exam.label == fingerprint({"horizon_days": 90, "event": "order"})
    assert list(exam.scores) == list(version.artifact.candidate.predict(rows))
    assert np.corrcoef(exam.recency, exam.y)[0, 1] > 0.3, "recent customers come back more"
    rules = {c.rule: c.passed for c in decide(None, exam, GateSettings()).checks}
    assert rules["reload reproduces scores"]
    assert rules["judged out of time"]
    lacking = examine(
        version, test.drop(columns=["spend_364d"]), test["y"].to_numpy(), full_year=False
    )
    decision = decide(None, lacking, GateSettings())
    assert {c.rule for c in decision.refusals} == {"schema", "scores are valid"}


def test_the_uri_in_force(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)
    study = tmp_path / "study"
    assert RegistrySettings().resolved_uri(study) == f"sqlite:///{study}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///env.db")
    assert RegistrySettings().resolved_uri(study) == f"sqlite:///{tmp_path}/env.db"
    assert RegistrySettings(uri="http://x:1").resolved_uri(study) == "http://x:1"
