"""Candidate: contributions are Shapley values, add up, and no thread changes a bit."""

import itertools
import json
import math
from dataclasses import replace
from datetime import date, timedelta

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest
from scipy.special import logit

from reveil.errors import DataError
from reveil.learning.btyd import Btyd
from reveil.learning.candidate import BtydMember, Candidate, Isotonic, Season, Sigmoid
from reveil.windows import Windows

NAMES = ("purchase_count", "purchase_recency_days", "purchase_tenure_days")
MEMBER = BtydMember(
    model=Btyd(model="mbg", r=0.8, alpha=60.0, a=0.6, b=2.5), weight=0.4, center=-0.7
)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    tenure = rng.uniform(1, 700, 400)
    frame = pd.DataFrame(
        {
            "purchase_count": rng.integers(1, 9, 400).astype(float),
            "purchase_recency_days": tenure * rng.uniform(0, 1, 400),
            "purchase_tenure_days": tenure,
        }
    )
    frame.loc[::9, "purchase_recency_days"] = np.nan
    return frame.astype("float32")


@pytest.fixture(scope="module")
def candidate(rows) -> Candidate:
    rng = np.random.default_rng(1)
    y = (rng.uniform(size=400) < 1 / (1 + rows["purchase_recency_days"].fillna(900) / 90)) * 1
    params = {"objective": "binary", "num_leaves": 5, "min_data_in_leaf": 15, "verbose": -1,
              "num_threads": 1, "feature_fraction": 0.7, "use_missing": True}  # fmt: skip
    texts = tuple(
        lgb.train({**params, "seed": s}, lgb.Dataset(rows.to_numpy(), y), 6).model_to_string()
        for s in (1, 2)
    )
    return Candidate(
        target="attrition", population="active", kind="boosted", features=NAMES, boosters=texts,
        tree_weight=0.6, btyd=MEMBER, shift=0.2, calibrator=Sigmoid(slope=1.3, intercept=-0.1),
        complement=True, windows=Windows(observation=timedelta(728), horizon=timedelta(90)),
        learned_until=date(2011, 1, 1),
    )  # fmt: skip


def leaf_value(node: dict, row: np.ndarray, known: frozenset[int]) -> float:
    """Average a tree over what is not known: the path-dependent expectation."""
    if "leaf_value" in node:
        return node["leaf_value"]
    sides = (node["left_child"], node["right_child"])
    j = node["split_feature"]
    if j in known:
        v = row[j]
        if np.isnan(v):
            left = node["default_left"] if node["missing_type"] == "NaN" else node["threshold"] >= 0
        else:
            left = v <= node["threshold"]
        return leaf_value(sides[0] if left else sides[1], row, known)
    counts = [s.get("internal_count", s.get("leaf_count")) for s in sides]
    each = [leaf_value(s, row, known) for s in sides]
    return float(np.average(each, weights=counts))


def brute_force(text: str, row: np.ndarray) -> np.ndarray:
    """Shapley values over all subsets of features, then the expected value."""
    model = json.loads(json.dumps(lgb.Booster(model_str=text).dump_model()))
    n = len(row)
    out = np.zeros(n + 1)
    for tree in model["tree_info"]:
        top = tree["tree_structure"]
        out[n] += leaf_value(top, row, frozenset())
        for j in range(n):
            others = [k for k in range(n) if k != j]
            for size in range(n):
                weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
                for some in itertools.combinations(others, size):
                    with_j = leaf_value(top, row, frozenset({*some, j}))
                    out[j] += weight * (with_j - leaf_value(top, row, frozenset(some)))
    return out


def test_contributions_equal_brute_force_shapley_of_the_blend(candidate, rows):
    some = rows.iloc[:12]
    found = candidate.contributions(some)
    term = MEMBER.logit(some, horizon=90.0)
    for i, row in enumerate(some.to_numpy(dtype=np.float64)):
        trees = np.mean([brute_force(t, row) for t in candidate.boosters], axis=0)
        expected = np.r_[0.6 * trees[:3], 0.4 * (term[i] + 0.7)] * -1.3
        assert found.values[i] == pytest.approx(expected, abs=1e-6)
        bias = -(1.3 * (0.6 * trees[3] + 0.4 * -0.7 + 0.2) - 0.1)
        assert found.bias == pytest.approx(bias, abs=1e-6)


@pytest.mark.parametrize("complement", [False, True])
@pytest.mark.parametrize("calibrator", [None, Sigmoid(slope=0.8, intercept=0.3)])
def test_contributions_and_bias_are_the_log_odds_of_the_prediction(
    candidate, rows, complement, calibrator
):
    c = replace(candidate, complement=complement, calibrator=calibrator)
    found = c.contributions(rows)
    total = found.values.sum(axis=1) + found.bias
    assert found.names == (*NAMES, "btyd")
    assert total == pytest.approx(logit(c.predict(rows)), abs=1e-9)


def test_contributions_of_an_amount_add_up_to_log_money(candidate, rows):
    c = replace(candidate, link="log", calibrator=None, complement=False, scale=37.0)
    found = c.contributions(rows)
    assert found.values.sum(axis=1) + found.bias == pytest.approx(np.log(c.predict(rows)), abs=1e-9)


def test_an_isotonic_step_is_the_one_thing_left_out_of_the_sum(candidate, rows):
    curve = Isotonic(logits=(-3.0, 0.0, 3.0), probabilities=(0.1, 0.4, 0.9))
    c = replace(candidate, calibrator=curve, complement=False)
    found = c.contributions(rows)
    z = found.values.sum(axis=1) + found.bias
    assert c.predict(rows) == pytest.approx(np.interp(z, curve.logits, curve.probabilities))


def test_threads_change_no_bit(candidate, rows):
    assert np.array_equal(candidate.predict(rows, threads=1), candidate.predict(rows, threads=2))
    one, two = (candidate.contributions(rows, threads=k).values for k in (1, 2))
    assert np.array_equal(one, two)


def test_rows_do_not_know_each_other(candidate, rows):
    whole = candidate.predict(rows)
    assert np.array_equal(whole[37:38], candidate.predict(rows.iloc[37:38]))


def test_no_rows_and_extra_columns_are_fine(candidate, rows):
    assert candidate.predict(rows.iloc[:0]).shape == (0,)
    assert candidate.contributions(rows.iloc[:0]).values.shape == (0, 4)
    shuffled = rows.assign(other="x")[["other", *reversed(NAMES)]]
    assert np.array_equal(candidate.predict(shuffled), candidate.predict(rows))


def test_a_missing_feature_is_named_with_the_nearest_column(candidate, rows):
    with pytest.raises(DataError, match="did you mean `purchase_counts`"):
        candidate.predict(rows.rename(columns={"purchase_count": "purchase_counts"}))


def test_integer_center_does_not_truncate_log_odds(rows):
    exact = replace(MEMBER, center=0.0).logit(rows, horizon=90.0)
    assert np.array_equal(replace(MEMBER, center=0).logit(rows, horizon=90.0), exact)


@pytest.mark.parametrize("complement", [False, True])
def test_the_season_of_last_year_shifts_log_odds_and_is_a_term_of_its_own(
    candidate, rows, complement
):
    last = (Season(cutoff=date(2010, 6, 2), shift=0.5), Season(cutoff=date(2010, 9, 1), shift=-0.3))
    c = replace(candidate, seasons=last, complement=complement)
    dated = rows.assign(cutoff=pd.Timestamp("2011-06-01"))
    sign = -1 if complement else 1
    moved = logit(c.predict(dated)) - logit(c.predict(rows))  # without a date: average season
    assert moved == pytest.approx(np.full(len(rows), sign * 0.5), abs=1e-9)
    found = c.contributions(dated)
    assert found.names[-1] == "season"
    total = found.values.sum(axis=1) + found.bias
    assert total == pytest.approx(logit(c.predict(dated)), abs=1e-9)
    far = rows.assign(cutoff=pd.Timestamp("2011-07-15"))  # nothing known within two weeks
    assert np.array_equal(c.predict(far), c.predict(rows))
