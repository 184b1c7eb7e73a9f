"""The recipe: same seed, same text on any thread; it recovers, calibrates, and respects time."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from reveil.errors import TooLittleDataError
from reveil.evaluation.ranking import auc
from reveil.learning import fit as fitting
from reveil.learning.calibrate import Seen, calibrator_of, level, shared_slope
from reveil.learning.candidate import Isotonic, Sigmoid
from reveil.learning.fit import Apart, best_weight, fit, fit_baseline, out_of_time
from reveil.learning.recipe import Recipe

from .conftest import WINDOWS


@pytest.fixture(scope="module")
def candidate(attrition):
    return fit(attrition, threads=1)


def test_two_threads_and_two_runs_give_the_same_model_text(attrition, candidate, monkeypatch):
    monkeypatch.setattr(fitting, "ROWS_WORTH_THREADS", 0)
    assert fit(attrition, threads=2) == candidate
    assert "num_threads" not in candidate.boosters[0]


def test_seeds_make_different_boosters_and_another_seed_another_model(attrition, candidate):
    assert len(set(candidate.boosters)) == 3
    assert fit(attrition, seed=1, seeds=1, threads=1).boosters[0] not in candidate.boosters


def test_row_order_of_the_frame_moves_nothing_that_matters(attrition, candidate):
    mixed = replace(attrition, frame=attrition.frame.sample(frac=1.0, random_state=0))
    rows = attrition.judged("test")
    moved = np.abs(fit(mixed, threads=1).predict(rows) - candidate.predict(rows))
    assert moved.max() < 0.06  # bagging draws rows by position: the pipeline sorts them first


@pytest.mark.parametrize("name", ["attrition", "reactivation"])
def test_recovery_better_than_recency_and_announced_is_what_came(name, request):
    data = request.getfixturevalue(name)
    found, rows = fit(data, threads=1), data.judged("test")
    y, p = data.outcome(rows), found.predict(rows)
    rule = rows["purchase_recency_days"].to_numpy() * (1 if data.complement else -1)
    assert auc(y, p) > auc(y, rule)
    assert 0.8 < y.sum() / p.sum() < 1.25


def test_learned_until_is_after_every_outcome_it_saw_and_before_the_test(attrition, candidate):
    assert candidate.learned_until == WINDOWS.outcome_end(attrition.split.train[-1])
    assert candidate.learned_until <= attrition.split.test[0]


def test_the_test_cutoff_cannot_influence_the_fit(attrition, candidate):
    frame = attrition.frame.copy()
    test = frame["cutoff"] > attrition.frame["cutoff"].unique()[-4]
    frame.loc[test, "y"] = 1.0 - frame.loc[test, "y"]
    frame.loc[test, "purchase_count"] += 7
    assert fit(replace(attrition, frame=frame), threads=1) == candidate


def test_out_of_time_predictions_train_only_on_outcomes_known_by_then(attrition, monkeypatch):
    calls = []
    inner = fitting.fit_members

    def spy(data, rows, recipe, **kwargs):
        calls.append(max(t.date() for t in rows["cutoff"]))
        return inner(data, rows, recipe, **kwargs)

    monkeypatch.setattr(fitting, "fit_members", spy)
    seen = out_of_time(attrition, Recipe.for_rows(5_000), seed=0, threads=1)
    assert seen is not None
    for latest, cutoff in zip(calls, sorted(set(seen.cutoff.tolist())), strict=True):
        assert WINDOWS.outcome_end(latest).toordinal() <= cutoff


def test_without_repeat_orders_the_trees_answer_alone(attrition):
    once = attrition.frame.assign(purchase_count=np.float32(1.0))
    found = fit(replace(attrition, frame=once), seeds=1, threads=1)
    assert found.btyd is None
    assert found.tree_weight == 1.0


def test_the_baseline_candidate_announces_what_came(reactivation):
    found = fit_baseline(reactivation)
    assert (found.kind, found.boosters) == ("baseline", ())
    rows = reactivation.judged("train")
    assert found.predict(rows).sum() == pytest.approx(rows["y"].sum(), rel=1e-6)


def test_amounts_add_up_to_the_uncapped_money(margin):
    frame = margin.frame.copy()
    frame.loc[frame.index[5], "y"] = 1e6  # one giant: capped in the trees, not in the total
    frame.loc[frame.index[6], "y"] = -50.0
    data = replace(margin, frame=frame)
    found = fit(data, threads=1)
    rows = data.at(data.split.train)
    mine = rows[rows["state"] == "inactive"]
    judged = mine if len(mine) >= fitting.MIN_SCALE_ROWS else rows
    assert found.predict(judged).sum() == pytest.approx(judged["y"].sum(), rel=1e-6)
    assert (found.predict(rows) > 0).all()


def test_amounts_without_money_are_an_error(margin):
    empty = replace(margin, frame=margin.frame.assign(y=-1.0))
    with pytest.raises(TooLittleDataError, match="0 or less"):
        fit(empty)
    with pytest.raises(TooLittleDataError, match="mean margin of -1"):
        fit_baseline(empty)


def seen(slope: float, intercept: float, n: int = 4_000, cutoffs: int = 4) -> Seen:
    rng = np.random.default_rng(0)
    z = rng.normal(0, 1.5, n * cutoffs)
    y = (rng.uniform(size=len(z)) < expit(slope * z + intercept)).astype(float)
    return Seen(z=z, y=y, cutoff=np.repeat(np.arange(cutoffs) * 28, n))


def test_left_out_cutoffs_choose_the_calibration():
    assert calibrator_of(seen(1.0, 0.0, n=500)) is None or abs(
        calibrator_of(seen(1.0, 0.0, n=500)).slope - 1
    ) < 0.1  # fmt: skip
    found = calibrator_of(seen(0.5, -1.0))
    assert isinstance(found, Sigmoid)
    assert (found.slope, found.intercept) == pytest.approx((0.5, -1.0), abs=0.08)


def test_a_bent_curve_on_many_rows_is_isotonic():
    rng = np.random.default_rng(0)
    z = rng.normal(0, 2, 60_000)
    y = (rng.uniform(size=60_000) < np.where(z > 0, 0.6, 0.05)).astype(float)
    found = calibrator_of(Seen(z=z, y=y, cutoff=np.repeat([0, 28, 56], 20_000)))
    assert isinstance(found, Isotonic)
    assert np.all(np.diff(found.probabilities) >= 0)


def test_the_shared_slope_needs_proof_over_cutoffs():
    assert shared_slope(None) == 1.0
    assert shared_slope(seen(0.5, 0.0, cutoffs=2)) == 1.0
    assert shared_slope(seen(0.5, 0.0)) == pytest.approx(0.5, abs=0.05)


def test_level_finds_the_shift_even_when_nobody_acts():
    z = np.random.default_rng(0).normal(size=200)
    assert expit(z + level(np.zeros(200), z)).sum() == pytest.approx(0.5, abs=1e-6)


def test_a_season_is_learned_from_a_year_of_cutoffs_with_log_behind_them(attrition):
    """Cutoffs moved apart to cover a year; y of one of them pushed up: its season is up."""
    names = sorted(attrition.frame["cutoff"].unique())
    apart = {c: names[0] + 2 * (c - names[0]) for c in names}
    frame = attrition.frame.assign(cutoff=attrition.frame["cutoff"].map(apart))
    split = replace(
        attrition.split,
        train=tuple(apart[c].date() for c in names[:-2]),
        test=(apart[names[-1]].date(),),
    )
    high = frame["cutoff"] == apart[names[2]]
    frame.loc[high, "y"] = frame.loc[high, "y"].where(frame.index[high] % 2 == 0, 1.0)
    data = replace(attrition, frame=frame, split=split)
    found = {s.cutoff: s.shift for s in fit(data, seeds=1, threads=1).seasons}
    assert max(found, key=found.__getitem__) == apart[names[2]].date()
    assert found[apart[names[2]].date()] > 0.3
    assert fit(attrition, seeds=1, threads=1).seasons == ()  # its cutoffs do not cover a year


def test_btyd_is_weighed_by_what_it_is_worth_out_of_time():
    rng = np.random.default_rng(0)
    truth, noise = rng.normal(size=(2, 4_000))
    y = (rng.uniform(size=4_000) < expit(truth)).astype(float)
    when = np.repeat([0, 28], 2_000)
    useless = Apart(trees=truth, btyd=3 * noise, y=y, cutoff=when)
    useful = Apart(trees=truth + noise, btyd=truth - noise / 2, y=y, cutoff=when)
    assert best_weight(useless, 0.35) == 0.0
    assert best_weight(useful, 0.35) == 0.35
