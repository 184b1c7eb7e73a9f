"""Tuning: whole customers on one side, the recipe first, seeded, and interruptible."""

from dataclasses import replace

import pandas as pd
import pytest

from reveil.learning import tune as tuning
from reveil.learning.fit import fit
from reveil.learning.settings import LearningSettings
from reveil.learning.tune import fold_loss, folds, tune

QUICK = LearningSettings(trials=2, seeds=1, threads=1)


def test_no_trials_is_the_recipe(attrition):
    found = tune(attrition, LearningSettings(seeds=1, threads=1))
    assert found.candidate == fit(attrition, seeds=1, threads=1)
    assert found.complete
    assert found.trials.empty


def test_no_customer_is_on_both_sides_of_a_fit(attrition, monkeypatch):
    sides = []
    inner = tuning.fit_members

    def spy(data, rows, recipe, **kwargs):
        sides.append(set(rows["customer_id"]))
        return inner(data, rows, recipe, **kwargs)

    monkeypatch.setattr(tuning, "fit_members", spy)
    fold_loss(attrition, tuning.Recipe.for_rows(100), seed=3, threads=1)
    rows = attrition.at(attrition.split.train)
    fold = folds(rows["customer_id"], seed=3)
    for k, inside in enumerate(sides):
        assert not inside & set(rows["customer_id"][fold == k])
        assert inside | set(rows["customer_id"][fold == k]) == set(rows["customer_id"])
    assert len(sides) == 3


def test_trials_are_reproducible_and_never_read_a_test_row(attrition):
    """The second run has every test outcome turned round."""
    test = attrition.frame["cutoff"] == pd.Timestamp(attrition.split.test[0])
    frame = attrition.frame.assign(y=attrition.frame["y"].where(~test, 1 - attrition.frame["y"]))
    one, two = (tune(d, QUICK) for d in (attrition, replace(attrition, frame=frame)))
    pd.testing.assert_frame_equal(
        one.trials.drop(columns="seconds"), two.trials.drop(columns="seconds")
    )
    assert one.candidate == two.candidate
    assert one.trials.loc[0, "rounds"] == 150
    assert one.best["rounds"] == one.trials.sort_values("loss")["rounds"].iloc[0]
    assert one.complete


def test_an_interruption_keeps_the_best_so_far_and_says_so(attrition):
    def stop(done: int, wanted: int, best: float) -> None:
        if done == 2:
            raise KeyboardInterrupt

    found = tune(attrition, LearningSettings(trials=50, seeds=1, threads=1), progress=stop)
    assert len(found.trials) == 2
    assert not found.complete


def test_amounts_tune_too_and_small_gives_the_named_baseline(margin, attrition):
    found = tune(margin, LearningSettings(trials=2, seeds=1, threads=1))
    assert found.candidate.link == "log"
    assert tune(attrition, small=True).candidate.kind == "baseline"


def test_settings_refuse_unknown_keys():
    with pytest.raises(ValueError, match="Extra inputs"):
        LearningSettings(trails=3)  # type: ignore[call-arg]
