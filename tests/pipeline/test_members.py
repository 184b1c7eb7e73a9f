"""Customers who never ordered go the whole way where something else than an order makes one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from shop import AT, CUTOFF, merged, settings, written

from reveil.config import TARGETS, load_study
from reveil.learning.baselines import fit_baselines
from reveil.pipeline.checking import check_study
from reveil.pipeline.listing import make_reactivation_list
from reveil.pipeline.recording import record_run
from reveil.pipeline.scoring import score_customers
from reveil.pipeline.stores import store_of
from reveil.pipeline.training import look, train
from reveil.registry.gate import Decision
from reveil.registry.promote import promote
from reveil.registry.runs import model_name
from reveil.simulation.settings import SimulationSettings
from reveil.simulation.simulate import simulate, write

SIMULATED = SimulationSettings(customers=5_000, seed=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Business:
    """A preset, the kind that makes members without an order, and how often they do it."""

    preset: str
    kind: str
    days_between: float
    every: bool
    returns_on: tuple[str, ...]


LOYALTY = Business(preset="relational", kind="training", days_between=300.0, every=False,
                   returns_on=("purchase", "training"))  # fmt: skip
GYM = Business(preset="subscription", kind="billing", days_between=30.0, every=True,
               returns_on=("purchase", "service_use"))  # fmt: skip


def with_members(folder: Path, business: Business) -> None:
    """Give those who never ordered, and some who did, a relation of another kind."""
    path = folder / "events.parquet"
    events = pq.read_table(path).to_pandas()
    people = pq.read_table(folder / "customers.parquet").to_pandas()
    random = np.random.default_rng(7)
    ordered = set(events.loc[events["kind"] == "purchase", "customer_id"])
    rows = []
    for position, (who, since) in enumerate(
        zip(people["customer_id"], pd.to_datetime(people["created_on"]), strict=True)
    ):
        if who in ordered and position % 4:
            continue
        gaps = (
            np.full(int(random.integers(2, 40)), business.days_between)
            if business.every
            else random.exponential(business.days_between, 12) + 1.0
        )
        at = max(since, pd.Timestamp(SIMULATED.start)) + pd.to_timedelta(gaps.cumsum(), "D")
        rows += [(who, moment, business.kind) for moment in at]
        if business.every:  # the service is used for a while, then only paid, then used again
            used = at[random.random(len(at)) < random.choice([0.05, 0.25, 0.9])]
            rows += [(who, moment + timedelta(hours=5), "service_use") for moment in used]
    made = pd.DataFrame(rows, columns=["customer_id", "at", "kind"])
    made = made[made["at"] < pd.Timestamp(SIMULATED.end)]
    made["at"] = made["at"].astype(events["at"].dtype)
    pd.concat([events, made], ignore_index=True).to_parquet(path, index=False)


@pytest.mark.long
@pytest.mark.parametrize("business", [LOYALTY, GYM], ids=lambda one: one.preset)
def test_members_who_never_ordered_are_checked_learned_scored_and_listed(
    tmp_path: Path, business: Business
) -> None:
    """They have features, baselines, a score of their state, and one place in the list."""
    write(simulate(SIMULATED), tmp_path / "data")
    with_members(tmp_path / "data", business)
    raw = merged(
        {**settings(), "activity": {"preset": business.preset}},
        {"labels": {"returns_on": list(business.returns_on)}, "cutoffs": {"at_most": 4}},
    )
    study = load_study(written(tmp_path, raw))
    ready = check_study(study)
    assert all(volume.outcomes >= 40 for volume in ready.volumes), ready.volumes

    observed = look(study)
    never = observed.frame["purchase_recency_days"].isna()
    assert never.groupby(observed.frame["state"]).sum().min() >= 100  # or this test shows nothing
    training = train(study, observed=observed, at=AT)
    for one in training.targets:
        data = one.last.data
        rows = data.judged()
        unknown = rows["purchase_recency_days"].isna().to_numpy()
        for baseline in fit_baselines(data):
            scores = baseline.score(rows)
            assert np.isfinite(scores).all(), baseline.name
            if baseline.name in ("recency", "BG/NBD"):
                # Least likely to order: the most lost of the active, the last of the inactive.
                worst = scores.max() if data.complement else scores.min()
                assert (scores[unknown] == worst).all(), baseline.name

    store = store_of(study)
    record_run(training, tmp_path / "training", store=store)
    for target in TARGETS:
        model = model_name(study.registry.model_prefix, study.name, target)
        passed = Decision(promote=True, checks=())
        promote(store, model, 1, expected=None, decision=passed, actor="tests", at=AT)
    done = score_customers(study, CUTOFF, tmp_path / "scores", log=observed.log, store=store)
    scores = pq.read_table(done.manifest.path("scores")).to_pandas()
    members = scores[scores["last_order_at"].isna()]
    for state, score in (("active", "attrition"), ("inactive", "reactivation")):
        mine = members.loc[members["state"] == state, score]
        assert len(mine) >= 20
        assert mine.between(0, 1).all()
    listing = make_reactivation_list(study, tmp_path / "scores", tmp_path / "list")
    placed = [
        pq.read_table(listing.manifest.path(f"{name}.parquet"))["customer_id"].to_pylist()
        for name in ("reactivation", "control", "excluded")
    ]
    assert sorted(who for part in placed for who in part) == sorted(scores["customer_id"])
