"""Figures agree with scikit-learn, ignore row order, and weights mean repetition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from reveil.evaluation import amounts, calibration, ranking
from reveil.evaluation.bootstrap import METRICS
from reveil.evaluation.drift import drift
from reveil.evaluation.ranking import once


def sample(seed: int = 0, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    p = np.round(rng.uniform(0.02, 0.98, n), 1).clip(0.05, 0.95)  # rounded: many ties
    return (rng.uniform(size=n) < p).astype(float), p


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_figures_equal_scikit_learns_on_tied_scores(seed):
    y, p = sample(seed)
    assert ranking.auc(y, p) == pytest.approx(roc_auc_score(y, p), abs=1e-12)
    assert ranking.average_precision(y, p) == pytest.approx(average_precision_score(y, p))
    assert calibration.log_loss(y, p) == pytest.approx(log_loss(y, p))
    assert calibration.brier(y, p) == pytest.approx(brier_score_loss(y, p))
    assert amounts.spearman(y * 7, p) == pytest.approx(spearmanr(y, p).statistic)


@pytest.mark.parametrize("name", sorted(METRICS))
def test_no_figure_depends_on_the_order_of_rows(name):
    y, p = sample(1)
    order = np.random.default_rng(2).permutation(len(y))
    here = once(METRICS[name](y, p), len(y))
    there = once(METRICS[name](y[order], p[order]), len(y))
    assert there == pytest.approx(here, abs=1e-9)


FIXED_ON_THE_SAMPLE = {"spearman", "calibration_slope", "calibration_intercept"}
"""Ranks, and the line a draw starts from, stay those of the whole sample: near, not equal."""
BINNED = {"calibration_error", "decile_error"}
"""Bins stay those of the whole sample: another figure than on repeated rows."""


@pytest.mark.parametrize("name", sorted(set(METRICS) - BINNED))
def test_a_weight_of_two_is_a_row_written_twice(name):
    y, p = sample(3)
    w = np.random.default_rng(4).integers(0, 3, len(y))
    weighted = METRICS[name](y, p)(w[None, :].astype(float))[0]
    repeated = once(METRICS[name](np.repeat(y, w), np.repeat(p, w)), int(w.sum()))
    loose = name in FIXED_ON_THE_SAMPLE
    assert weighted == pytest.approx(repeated, abs=0.02 if loose else 1e-9)


@pytest.mark.parametrize("name", ["auc", "average_precision", "lift_at_10", "calibration_slope"])
def test_a_single_class_has_no_figure_instead_of_a_wrong_one(name):
    y = np.zeros(20)
    assert np.isnan(once(METRICS[name](y, np.linspace(0.1, 0.9, 20)), 20))


def test_lift_shares_out_a_tie_that_the_cut_falls_into():
    y = np.r_[np.ones(5), np.zeros(15)]
    assert ranking.lift_at(y, np.ones(20), 0.1) == pytest.approx(1.0)


def test_calibration_line_is_the_unpenalised_logistic_fit():
    y, p = sample(5, 2000)
    z = np.log(p / (1 - p))[:, None]
    fit = LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(z, y)
    line = calibration.calibration_line(y, p)
    assert line.slope == pytest.approx(fit.coef_[0, 0], abs=1e-4)
    assert line.intercept == pytest.approx(fit.intercept_[0], abs=1e-4)


def test_reliability_bins_hold_every_row_once_and_rise():
    y, p = sample(6)
    bins = calibration.reliability(y, p)
    assert sum(b.n for b in bins) == len(y)
    assert list(bins) == sorted(bins, key=lambda b: b.predicted)
    assert all(b.observed.low <= b.observed.estimate <= b.observed.high for b in bins)


def test_gains_of_a_perfect_order_rise_at_once_and_end_at_one():
    g = ranking.gains(np.r_[np.ones(10), np.zeros(90)], np.arange(100)[::-1])
    assert g.captured[10] == pytest.approx(1.0)
    assert (g.captured[0], g.captured[-1]) == (0.0, 1.0)


def test_gini_is_zero_for_a_constant_and_one_for_the_truth():
    a = np.random.default_rng(0).gamma(1.0, 50.0, 500)
    assert amounts.gini(a, np.ones(500)) == pytest.approx(0.0, abs=1e-12)
    assert amounts.gini(a, a**2) == pytest.approx(1.0)


def test_drift_stays_silent_on_noise_and_speaks_on_change():
    rng = np.random.default_rng(0)
    same = [drift(rng.multinomial(300, [0.1] * 10), rng.multinomial(300, [0.1] * 10))
            for _ in range(500)]  # fmt: skip
    assert sum(d.alarms for d in same) <= 4
    assert drift([100] * 10, [300] + [78] * 9).alarms
    with pytest.raises(ValueError, match="same bins"):
        drift([1, 2], [1, 2, 3])
