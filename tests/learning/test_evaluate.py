"""Evaluation beside the baselines: the same rows, the honest sentence, no peeking."""

from dataclasses import replace
from datetime import timedelta

import pytest

from reveil.errors import LeakageError, TooLittleDataError
from reveil.evaluation.interval import Interval
from reveil.evaluation.ranking import auc
from reveil.learning.evaluate import compare, evaluate, first_line
from reveil.learning.fit import fit


@pytest.fixture(scope="module")
def candidate(attrition):
    return fit(attrition, seeds=1, threads=1)


@pytest.fixture(scope="module")
def comparison(candidate, attrition):
    return compare(candidate, attrition, draws=100)


def test_model_and_baselines_are_judged_on_the_same_rows(comparison, attrition):
    rows = attrition.judged("test")
    assert set(comparison.baselines) == {"recency", "RFM logit", "BG/NBD"}
    assert {e.n for e in (comparison.model, *comparison.baselines.values())} == {len(rows)}
    rule = auc(attrition.outcome(rows), rows["purchase_recency_days"])
    assert comparison.baselines["recency"]["auc"].estimate == pytest.approx(rule)


def test_a_paired_difference_is_the_difference_of_the_estimates(comparison):
    for name, difference in comparison.differences.items():
        gap = comparison.model["auc"].estimate - comparison.baselines[name]["auc"].estimate
        assert difference.estimate == pytest.approx(gap, abs=1e-12)


def test_rules_that_only_rank_are_not_asked_for_probabilities(comparison):
    assert "log_loss" not in comparison.baselines["recency"].estimates
    assert "log_loss" in comparison.baselines["RFM logit"].estimates


def test_the_first_line_admits_when_the_rule_is_not_beaten(comparison):
    worse = {"recency": Interval(estimate=0.01, low=-0.01, high=0.03)}
    line = first_line(replace(comparison, differences=worse))
    assert line == "does not beat the recency rule: AUC +0.010 [-0.010, +0.030]"
    assert "ne fait pas mieux" in first_line(replace(comparison, differences=worse), "fr")


def test_a_candidate_is_not_judged_on_days_it_learned_from(candidate, attrition):
    late = replace(candidate, learned_until=attrition.split.test[0] + timedelta(1))
    with pytest.raises(LeakageError, match="lies before that"):
        evaluate(late, attrition, draws=5)


def test_no_row_to_judge_by_is_an_error(candidate, attrition):
    nobody = replace(attrition, frame=attrition.frame.assign(state="inactive"))
    with pytest.raises(TooLittleDataError, match="no active customer at the test cutoffs"):
        evaluate(candidate, nobody, draws=5)


def test_evaluate_and_compare_agree(candidate, attrition, comparison):
    assert evaluate(candidate, attrition, draws=100) == comparison.model


def test_amounts_are_compared_by_gini_with_past_order_value(margin):
    found = compare(fit(margin, seeds=1, threads=1), margin, draws=50)
    assert found.metric == "gini"
    assert set(found.baselines) == {"past order value"}
    assert set(found.model.estimates) == {"gini", "spearman", "decile_error", "bias"}
    assert "the past order value: Gini" in first_line(found)
