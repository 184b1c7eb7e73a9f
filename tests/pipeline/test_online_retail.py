"""Real input: Online Retail II from `check` to a list, by the functions that the commands call."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from reveil.config import Study, load_study
from reveil.pipeline.checking import check_study
from reveil.pipeline.listing import make_reactivation_list
from reveil.pipeline.promoting import promote_challengers
from reveil.pipeline.recording import record_run
from reveil.pipeline.scoring import score_customers
from reveil.pipeline.stores import store_of
from reveil.pipeline.training import Training, look, train

STUDY = Path(__file__).parents[2] / "models" / "online_retail" / "study.yaml"
CUTOFF = date(2011, 9, 1)


@pytest.fixture(scope="module")
def study(online_retail: Path, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Read the study of the repository, with a store for these tests."""
    loaded = load_study(STUDY)
    assert loaded.sources[0].path.file.resolve() == online_retail.resolve()
    uri = f"sqlite:///{tmp_path_factory.mktemp('retail')}/mlflow.db"
    return loaded.model_copy(
        update={
            "registry": loaded.registry.model_copy(update={"uri": uri}),
            "learning": loaded.learning.model_copy(update={"threads": 1}),
        }
    )


@pytest.fixture(scope="module")
def trained(study: Study) -> Training:
    """Look at the log and learn every target."""
    return train(study, observed=look(study))


@pytest.mark.long
def test_check_finds_the_dirt(study: Study) -> None:
    """The rows without customer, and how many could be learned from, as in the model card."""
    ready = check_study(study)
    assert {f.check: f.rows for f in ready.findings}["missing customer"] == 235_287
    volumes = {(v.target, v.cutoff): v for v in ready.volumes}
    attrition = volumes["attrition", date(2011, 6, 1)]
    assert (attrition.customers, attrition.outcomes) == (2_658, 1_330)
    assert all(v.customers >= 500 and v.outcomes >= 100 for v in volumes.values())


@pytest.mark.long
def test_models_beat_the_recency_rule(trained: Training) -> None:
    """Out of time, at both test cutoffs for attrition and at the last for reactivation."""
    for target, backtest in (
        ("attrition", trained["attrition"].backtests[0]),
        ("attrition", trained["attrition"].last),
        ("reactivation", trained["reactivation"].last),
    ):
        difference = backtest.comparison.differences["recency"]
        assert backtest.comparison.metric == "auc"
        assert difference.low > 0, (target, backtest.cutoff, str(difference))
    assert [b.cutoff for b in trained["reactivation"].backtests] == [date(2011, 6, 1), CUTOFF]


@pytest.mark.long
def test_from_models_to_a_list(study: Study, trained: Training, tmp_path: Path) -> None:
    """Promote, score and target end in a list for the first of September, nobody lost."""
    store = store_of(study)
    record_run(trained, tmp_path / "training", store=store)
    verdicts = promote_challengers(study, observed=trained.observed, store=store)
    assert all(v.decision.promote for v in verdicts), verdicts
    done = score_customers(
        study, CUTOFF, tmp_path / "scores", log=trained.observed.log, store=store
    )
    made = make_reactivation_list(study, tmp_path / "scores", tmp_path / "list").made
    parts = [part["customer_id"] for part in (made.selected, made.control, made.excluded)]
    assert pd.concat(parts).is_unique
    assert sum(len(part) for part in parts) == done.customers == made.size
    assert len(made.selected) > 100
    assert len(made.control) > 10
    assert set(made.selected["state"]) == {"inactive"}
    assert study.targeting is not None
    assert study.targeting.budget is not None
    assert made.selected["cost"].sum() <= study.targeting.budget
    assert (made.selected["reasons"].map(len) == 3).mean() > 0.99
