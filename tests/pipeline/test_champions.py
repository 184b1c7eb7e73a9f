"""Challengers and champions: who is judged on what, what moves, what is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from shop import AT, CUTOFF, Shop, merged, settings, written

from reveil.activity.states import State, population
from reveil.config import Study, load_study
from reveil.errors import RegistryError
from reveil.pipeline.promoting import promote_challengers, registered, roll_back
from reveil.pipeline.recording import record_run
from reveil.pipeline.scoring import score_customers
from reveil.pipeline.training import Observed, Training, look, train
from reveil.registry.champions import CHAMPION, version_of
from reveil.registry.gate import Decision
from reveil.registry.promote import promote
from reveil.registry.runs import model_name


def under(shop: Shop, prefix: str) -> Study:
    """Give the same study with models of its own in the same store."""
    registry = shop.study.registry.model_copy(update={"model_prefix": prefix})
    return shop.study.model_copy(update={"registry": registry})


def recorded(training: Training, study: Study, shop: Shop, folder: Path) -> None:
    """Register a training's candidates as challengers of a study."""
    record_run(replace(training, study=study), folder, store=shop.store)


def crowned(study: Study, shop: Shop, target: str, version: int = 1) -> None:
    """Make a version champion without asking the gate."""
    model = model_name(study.registry.model_prefix, study.name, target)
    decision = Decision(promote=True, checks=())
    promote(shop.store, model, version, expected=None, decision=decision, actor="tests", at=AT)


@pytest.fixture(scope="module")
def simple(shop: Shop) -> Training:
    """Train the baseline as the model of attrition: a champion that can be beaten."""
    return train(shop.study, targets=["attrition"], observed=shop.observed, small=True, at=AT)


def test_dry_run_moves_nothing(shop: Shop, tmp_path: Path) -> None:
    """The gate answers, its decision is kept, and nobody is champion."""
    study = under(shop, "dry")
    recorded(shop.training, study, shop, tmp_path)
    verdicts = promote_challengers(study, observed=shop.observed, store=shop.store, dry_run=True)
    assert [v.decision.promote for v in verdicts] == [True, True, True]
    assert [v.move for v in verdicts] == [None, None, None]
    for one in registered(study):
        assert version_of(shop.store, one.model, CHAMPION) is None
        assert one.moves == ()
        assert [v.aliases for v in one.versions] == [("challenger",)]
        assert one.versions[0].decision is not None


def test_registered_tells_what_was_promoted(shop: Shop) -> None:
    """Every target, its version and aliases, the gate's checks, and who moved it when."""
    found = registered(shop.study)
    assert [one.target for one in found] == ["attrition", "reactivation", "margin_if_returns"]
    for one in found:
        (version,) = one.versions
        assert version.aliases == ("challenger", "champion")
        assert version.digest == shop.scoring.champions[one.target].artifact.digest
        assert version.decision is not None
        assert version.decision.checks
        (move,) = one.moves
        assert (move.before, move.after, move.actor, move.at) == (None, 1, "tests", AT.isoformat())


def test_registered_before_any_training(shop: Shop) -> None:
    """A study that never trained has nothing."""
    assert registered(under(shop, "never")) == ()


def test_the_same_model_again_is_not_better(shop: Shop, tmp_path: Path) -> None:
    """A second training of the same data is refused, and the champion stays."""
    study = under(shop, "again")
    for _ in range(2):
        recorded(shop.training, study, shop, tmp_path)
        verdicts = promote_challengers(study, observed=shop.observed, store=shop.store)
    for verdict in verdicts:
        assert (verdict.version, verdict.champion) == (2, 1)
        assert verdict.move is None
        rules = [check.rule for check in verdict.decision.refusals]
        assert rules == ["better than the champion in at least one"]
        assert version_of(shop.store, verdict.model, CHAMPION) == 1


def test_asking_again_after_a_promotion_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    """A champion stays champion, is not promoted twice, and keeps the decision that made it one."""
    study = under(shop, "twice")
    recorded(replace_target(shop.training, "attrition"), study, shop, tmp_path)
    promote_challengers(study, targets=["attrition"], observed=shop.observed, store=shop.store)
    before = registered(study)
    (verdict,) = promote_challengers(
        study, targets=["attrition"], observed=shop.observed, store=shop.store
    )
    assert verdict.move is None
    assert verdict.champion == verdict.version == 1
    assert registered(study) == before


def replace_target(training: Training, target: str) -> Training:
    """Keep one target of a training."""
    return replace(training, targets=tuple(t for t in training.targets if t.target == target))


def test_a_better_challenger_replaces_the_champion_and_can_be_rolled_back(
    shop: Shop, simple: Training, tmp_path: Path
) -> None:
    """The alias moves with the gate's reasons, scores follow it, and rollback gives it back."""
    study = under(shop, "duel")
    recorded(simple, study, shop, tmp_path)
    crowned(study, shop, "attrition")
    recorded(replace_target(shop.training, "attrition"), study, shop, tmp_path)
    (verdict,) = promote_challengers(
        study, targets=["attrition"], observed=shop.observed, store=shop.store, actor="ana"
    )
    rules = {c.rule: c for c in verdict.decision.checks}
    assert "auc" in str(rules["better than the champion in at least one"].observed)
    assert verdict.move is not None
    assert (verdict.move.before, verdict.move.after, verdict.move.actor) == (1, 2, "ana")
    (asked,) = promote_challengers(
        study, targets=["attrition"], observed=shop.observed, store=shop.store
    )
    assert asked.move is None
    assert registered(study)[0].versions[1].decision == verdict.decision  # with the duel
    log = shop.observed.log

    def scored(folder: Path) -> int:
        done = score_customers(study, CUTOFF, folder, log=log, store=shop.store)
        return done.champions["attrition"].version

    assert scored(tmp_path / "two") == 2
    move = roll_back(study, "attrition", actor="ana")
    assert (move.action, move.before, move.after) == ("rollback", 2, 1)
    assert scored(tmp_path / "one") == 1
    (one,) = registered(study)
    assert [m.action for m in one.moves] == ["promote", "promote", "rollback"]
    assert one.versions[0].aliases == ("champion",)
    with pytest.raises(RegistryError, match="none to go back to"):
        roll_back(study, "attrition", actor="ana")


def test_an_error_in_one_target_moves_no_other(shop: Shop, tmp_path: Path) -> None:
    """When the last challenger cannot be loaded, the first does not become champion."""
    study = under(shop, "whole")
    recorded(shop.training, study, shop, tmp_path)
    last = registered(study)[-1]
    shop.store.client.delete_model_version_tag(last.model, "1", "reveil.digest")
    with pytest.raises(RegistryError, match=r"reveil\.digest"):
        promote_challengers(study, observed=shop.observed, store=shop.store)
    for one in registered(study):
        assert version_of(shop.store, one.model, CHAMPION) is None


@pytest.fixture(scope="module")
def half(shop: Shop) -> tuple[Study, Observed, Training]:
    """Train attrition on one year of past instead of two."""
    raw = merged(
        settings(), {"windows": {"observation": "364 days"}, "registry": {"model_prefix": "half"}}
    )
    path = written(shop.folder, raw, "half.yaml")
    study = load_study(path)
    path.unlink()
    observed = look(study, log=shop.observed.log)
    return study, observed, train(study, targets=["attrition"], observed=observed, at=AT)


@pytest.mark.long
def test_champions_of_other_windows_are_scored_on_their_own_features(
    shop: Shop, half: tuple[Study, Observed, Training], tmp_path: Path
) -> None:
    """One champion looked back a year, another two: same names, other values, right scores."""
    study, observed, training = half
    recorded(training, study, shop, tmp_path)
    others = tuple(t for t in shop.training.targets if t.target != "attrition")
    recorded(replace(shop.training, targets=others), study, shop, tmp_path)
    for target in ("attrition", "reactivation", "margin_if_returns"):
        crowned(study, shop, target)
    log = shop.observed.log
    done = score_customers(study, CUTOFF, tmp_path / "scores", log=log, store=shop.store)
    scores = pq.read_table(done.manifest.path("scores")).to_pandas()
    for target, trained, features in (
        ("attrition", training, observed.features),
        ("reactivation", shop.training, shop.observed.features),
    ):
        state = State.ACTIVE if target == "attrition" else State.INACTIVE
        people = population(log, study.activity, CUTOFF, state)
        frame = features.matrix(log, people, CUTOFF).order_by("customer_id").to_pandas()
        frame["cutoff"] = pd.Timestamp(CUTOFF)
        mine = scores.loc[scores["state"] == state.value, target]
        np.testing.assert_array_equal(mine, trained[target].candidate.predict(frame))  # type: ignore[index]
    same = set(observed.features.names) & set(shop.observed.features.names)
    assert {"purchase_count", "purchase_amount_sum"} <= same  # or this test shows nothing


@pytest.mark.long
def test_a_champion_of_other_windows_is_judged_on_its_own_features(
    shop: Shop, half: tuple[Study, Observed, Training], tmp_path: Path
) -> None:
    """The gate compares what the champion really scores, as its own training measured it."""
    study, _, training = half
    duel = under(shop, "windows")
    recorded(training, duel, shop, tmp_path)
    crowned(duel, shop, "attrition")
    recorded(replace_target(shop.training, "attrition"), duel, shop, tmp_path)
    (verdict,) = promote_challengers(
        duel, targets=["attrition"], observed=shop.observed, store=shop.store, dry_run=True
    )
    checks = {c.rule: c for c in verdict.decision.checks}
    seen = checks["no worse than the champion (auc)"].observed

    def auc(made: Training) -> float:
        return made["attrition"].last.comparison.model["auc"].estimate

    assert not isinstance(seen, str)
    assert seen.estimate == pytest.approx(auc(shop.training) - auc(training), abs=1e-12)
    assert study.windows.observation != duel.windows.observation


def test_a_challenger_of_another_definition_is_refused(shop: Shop, tmp_path: Path) -> None:
    """What `score` would refuse is not promoted: the definition is named, nothing moves."""
    study = under(shop, "meaning")
    recorded(shop.training, study, shop, tmp_path)
    months = study.activity.model_copy(update={"former_after": study.activity.within * 3})
    changed = study.model_copy(update={"activity": months})
    with pytest.raises(RegistryError, match=r"activity: `former_after` was None") as caught:
        promote_challengers(changed, observed=shop.observed, store=shop.store)
    assert "train and promote again" in str(caught.value)
    assert all(one.moves == () for one in registered(study))


def test_a_champion_outlives_another_engagement_score(shop: Shop, tmp_path: Path) -> None:
    """What moves no customer from one state to another asks for no training: nor does a preset."""
    path = written(
        shop.folder,
        merged(settings(), {"activity": {
            "preset": "retail",
            "engagement": {"weights": {"commercial": 9.0, "email_click": 2.0}, "half_score": 7.0},
        }}),
        "weights.yaml",
    )  # fmt: skip
    study = load_study(path)
    path.unlink()
    assert study.activity != shop.study.activity  # or this test shows nothing
    done = score_customers(study, CUTOFF, tmp_path, log=shop.observed.log, store=shop.store)
    for target, champion in done.champions.items():
        assert champion.version == shop.scoring.champions[target].version
    mine, first = (
        pq.read_table(one.manifest.path("scores")).select(["state", "attrition", "reactivation"])
        for one in (done, shop.scoring)
    )
    assert mine.equals(first)


def test_a_champion_of_another_definition_is_told_and_not_compared(
    shop: Shop, simple: Training, tmp_path: Path
) -> None:
    """It cannot score any more, so the challenger takes first-promotion rules, and that is said."""
    study = under(shop, "moved")
    months = study.activity.model_copy(update={"former_after": study.activity.within * 3})
    before = study.model_copy(update={"activity": months})
    recorded(simple, before, shop, tmp_path)
    crowned(study, shop, "attrition")
    recorded(replace_target(shop.training, "attrition"), study, shop, tmp_path)
    (verdict,) = promote_challengers(
        study, targets=["attrition"], observed=shop.observed, store=shop.store
    )
    assert verdict.decision.first
    warnings = {check.rule: check for check in verdict.decision.warnings}
    # Half a year of cutoffs knows no season, so the level may warn too.
    assert set(warnings) <= {"observed over expected", "compared with the champion"}
    told = warnings["compared with the champion"]
    assert "`former_after` was" in str(told.observed)
    assert verdict.move is not None
    assert (verdict.move.before, verdict.move.after) == (1, 2)
    assert verdict.move.gate.startswith(f"passed with {len(warnings)} warning")
    (one,) = registered(study)
    assert one.versions[1].decision == verdict.decision
