"""Intervals cover, know that rows of a customer go together, and do not depend on blocks."""

from datetime import date

import numpy as np
import pytest

from reveil.evaluation import bootstrap
from reveil.evaluation.bootstrap import evaluate_scores, intervals, paired_difference, weights


def test_nineteen_of_twenty_intervals_hold_the_truth():
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(200):
        y = (rng.uniform(size=300) < 0.3).astype(float)
        p = np.full(300, 0.5)
        got = intervals(y, p, np.arange(300), ["brier", "observed_over_expected"], draws=200)
        held += got["observed_over_expected"].low <= 0.3 / 0.5 <= got["observed_over_expected"].high
    assert 180 <= held <= 199


def test_auc_interval_has_the_width_theory_gives():
    """Hanley and McNeil (1982): the standard error of AUC .5 is sqrt((n + m + 1) / (12 n m))."""
    rng = np.random.default_rng(1)
    y, s = np.r_[np.ones(300), np.zeros(300)], rng.uniform(size=600)
    got = intervals(y, s, np.arange(600), ["auc"])["auc"]
    assert (got.high - got.low) / 3.92 == pytest.approx(np.sqrt(601 / (12 * 300 * 300)), rel=0.12)


def test_twelve_copies_of_a_customer_are_one_customer():
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, 200).astype(float)
    s = y + rng.normal(size=200)
    once = intervals(y, s, np.arange(200), ["auc"])["auc"]
    copied = intervals(*(np.tile(v, 12) for v in (y, s, np.arange(200))), ["auc"])["auc"]
    assert copied.low == pytest.approx(once.low, abs=1e-9)
    assert copied.high == pytest.approx(once.high, abs=1e-9)


def test_a_paired_difference_is_narrower_than_the_two_intervals():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 500).astype(float)
    a = y + rng.normal(size=500)
    b = a + rng.normal(0, 0.2, size=500)
    who = np.arange(500)
    paired = paired_difference(y, a, b, who, "auc")
    alone = intervals(y, a, who, ["auc"])["auc"]
    assert (paired.high - paired.low) < 0.6 * (alone.high - alone.low)


def test_the_size_of_a_block_changes_nothing(monkeypatch):
    whole = np.concatenate(list(weights(np.arange(50), draws=20, seed=7)))
    monkeypatch.setattr(bootstrap, "CELLS", 150)
    assert np.array_equal(whole, np.concatenate(list(weights(np.arange(50), draws=20, seed=7))))


def test_an_evaluation_has_every_cutoff_and_the_whole():
    y, s = np.array([0.0, 1.0] * 100), np.linspace(0.1, 0.9, 200)
    cutoffs = [date(2011, 6, 1)] * 100 + [date(2011, 9, 1)] * 100
    e = evaluate_scores(y, s, np.tile(np.arange(100), 2), cutoffs, draws=50)
    assert list(e.by_cutoff) == [date(2011, 6, 1), date(2011, 9, 1)]
    assert (e.n, e.positives) == (200, 100)
    assert set(e.estimates) == set(bootstrap.PROBABILITY)


def test_without_rows_figures_are_nan():
    got = intervals([], [], [], ["auc", "brier"])
    assert not got["auc"].exists
    assert np.isnan(got["brier"].low)
