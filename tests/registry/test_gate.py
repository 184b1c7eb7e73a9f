"""The gate: each rule lets the good model pass and stops the one it is meant for."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from reveil.registry.gate import Check, Decision, Exam, decide
from reveil.registry.settings import GateSettings

RULES = GateSettings()


def exam(*, skill: float = 1.5, rows: int = 3000, seed: int = 0, noise: int = 1) -> Exam:
    """Make a calibrated model of `skill`, beside a recency rule that knows half as much."""
    rng = np.random.default_rng(seed)
    known, hidden = rng.normal(size=rows), rng.normal(size=rows)
    p = 1 / (1 + np.exp(-(1.5 * known + hidden - 0.5)))
    y = (rng.random(rows) < p).astype(float)
    other = np.random.default_rng(noise)
    # what a model of less skill knows: part of the signal, part of nothing
    share = min(skill / 1.5, 1.0)
    seen = share * known + np.sqrt(1 - share**2) * other.normal(size=rows)
    z = _calibrated(seen, y)
    return Exam(
        model="t.study.reactivation v1",
        amount=False,
        cutoffs=np.full(rows, np.datetime64("2011-06-01")),
        customers=np.array([f"c{i:05d}" for i in range(rows)]),
        y=y,
        scores=1 / (1 + np.exp(-z)),
        recency=known + 2 * rng.normal(size=rows),
        learned_until=date(2011, 6, 1),
        label="a" * 64,
        full_year=True,
        reload_difference=0.0,
        artifact_verified=True,
    )


def _calibrated(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Logistic regression of y on x by Newton steps."""
    design = np.stack([np.ones(len(x)), x], axis=1)
    beta = np.zeros(2)
    for _ in range(25):
        p = 1 / (1 + np.exp(-design @ beta))
        beta += np.linalg.solve(design.T @ (design * (p * (1 - p))[:, None]), design.T @ (y - p))
    return np.asarray(design @ beta)


def logit(p: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(p / (1 - p)))


def squash(z: np.ndarray) -> np.ndarray:
    return np.asarray(1 / (1 + np.exp(-z)))


def failed(decision: Decision) -> set[str]:
    return {check.rule for check in decision.refusals}


def row(decision: Decision, rule: str) -> Check:
    return next(check for check in decision.checks if check.rule.startswith(rule))


def test_a_good_first_model_is_promoted_and_every_rule_is_a_row() -> None:
    decision = decide(None, exam(), RULES)
    assert decision.promote
    assert decision.first
    assert len(decision.checks) == 11
    assert all(c.rule and c.required and str(c.observed) for c in decision.checks)
    assert decision == decide(None, exam(), RULES), "the same arguments, the same answer"


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"artifact_verified": False}, "artifact verified"),
        ({"reload_difference": 1e-9}, "reload reproduces scores"),
        ({"missing_features": ("spend_364d",)}, "schema"),
        ({"learned_until": date(2011, 6, 2)}, "judged out of time"),
    ],
)
def test_what_is_wrong_with_the_model_itself_refuses(change: dict[str, object], rule: str) -> None:
    assert failed(decide(None, replace(exam(), **change), RULES)) == {rule}


def test_scores_that_are_no_probabilities_refuse() -> None:
    good = exam()
    for bad in (np.nan, -0.1, 1.1):
        scores = good.scores.copy()
        scores[5] = bad
        assert failed(decide(None, replace(good, scores=scores), RULES)) == {"scores are valid"}


def test_too_few_rows_or_outcomes_refuse_before_any_figure() -> None:
    assert failed(decide(None, exam(rows=400), RULES)) == {"test rows"}
    good = exam()
    one_class = decide(None, replace(good, y=np.ones(len(good.y))), RULES)
    assert failed(one_class) == {"test rows without the outcome"}
    rare = decide(None, replace(good, y=np.zeros(len(good.y))), RULES)
    assert failed(rare) == {"test outcomes"}


def test_no_better_than_recency_refuses() -> None:
    good = exam()
    same = replace(good, recency=good.scores)
    assert failed(decide(None, same, RULES)) == {"beats the recency rule (AUC difference)"}


def test_too_extreme_scores_refuse() -> None:
    good = exam()
    extreme = replace(good, scores=squash(2 * logit(good.scores)))
    assert failed(decide(None, extreme, RULES)) == {"calibration slope"}


def test_a_wrong_level_refuses_only_after_a_full_year() -> None:
    good = exam()
    low = replace(good, scores=squash(logit(good.scores) - 1.5))
    assert failed(decide(None, low, RULES)) == {"observed over expected"}
    warned = decide(None, replace(low, full_year=False), RULES)
    assert warned.promote
    assert [c.rule for c in warned.warnings] == ["observed over expected"]


def test_a_better_challenger_wins() -> None:
    decision = decide(exam(skill=0.9), exam(), RULES)
    assert decision.promote
    assert not decision.first
    assert "auc" in str(row(decision, "better than").observed)


def test_a_challenger_that_is_the_champion_is_refused_for_being_no_better() -> None:
    decision = decide(exam(), exam(), RULES)
    assert failed(decision) == {"better than the champion in at least one"}


def test_a_worse_challenger_is_refused_on_every_figure() -> None:
    decision = decide(exam(), exam(skill=1.1), RULES)
    assert {"no worse than the champion (auc)", "better than the champion in at least one"} <= (
        failed(decision)
    )


def test_other_customers_or_an_early_cutoff_make_no_duel() -> None:
    champion = exam(skill=0.9)
    shuffled = replace(champion, customers=champion.customers[::-1])
    decision = decide(shuffled, exam(), RULES)
    assert failed(decision) == {"same customers, cutoffs and outcomes"}
    early = replace(champion, learned_until=date(2011, 7, 1))
    assert failed(decide(early, exam(), RULES)) == {"the champion is judged out of time too"}


def test_another_label_takes_first_promotion_rules_and_says_so() -> None:
    decision = decide(replace(exam(), label="b" * 64), exam(skill=1.4), RULES)
    assert decision.promote
    assert decision.first
    assert [c.rule for c in decision.warnings] == ["same label as the champion"]


def amounts(*, bias: float = 1.0, noise: float = 0.3) -> Exam:
    rng = np.random.default_rng(3)
    mean = rng.lognormal(3, 0.8, 2000)
    y = mean * rng.gamma(4, 0.25, 2000)
    scores = bias * mean * np.exp(noise * np.random.default_rng(4).normal(size=2000))
    return replace(exam(rows=2000), amount=True, y=y, scores=scores / np.exp(noise**2 / 2))


def test_amounts_are_judged_by_bias_and_rank() -> None:
    assert decide(None, amounts(), RULES).promote
    assert failed(decide(None, amounts(bias=2.0), RULES)) == {"foretold over true amount"}
    blind = replace(amounts(), scores=np.random.default_rng(0).permutation(amounts().scores))
    assert failed(decide(None, blind, RULES)) == {"ranks amounts (Gini)"}


def test_amounts_duel_by_decile_error_and_gini() -> None:
    assert decide(amounts(noise=1.2), amounts(), RULES).promote
    worse = decide(amounts(), amounts(noise=1.2), RULES)
    assert "no worse than the champion (gini)" in failed(worse)


def test_arrays_of_different_lengths_are_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="length"):
        replace(exam(), y=np.zeros(3))
