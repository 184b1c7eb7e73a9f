"""A training set is refused, with numbers, when nothing believable can be learned from it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from reveil.errors import DataError, LeakageError, TooLittleDataError
from reveil.learning.training import checked

from .conftest import declared, training_set


def with_frame(data, frame):
    return replace(data, frame=frame.reset_index(drop=True))


def test_a_good_set_passes(attrition, margin):
    assert checked(attrition) is attrition
    assert checked(margin) is margin


def test_everyone_is_learned_from_and_the_population_alone_is_judged(reactivation):
    learned = reactivation.at(reactivation.split.train)
    assert set(learned["state"]) == {"active", "inactive"}
    assert set(reactivation.judged("train")["state"]) == {"inactive"}


def test_attrition_is_the_complement_of_the_event(attrition):
    rows = attrition.judged("test")
    assert np.array_equal(attrition.outcome(rows), 1.0 - rows["y"].to_numpy())


def test_too_few_customers_is_an_error_with_both_numbers(attrition):
    few = attrition.frame["customer_id"].drop_duplicates().iloc[:120]
    small = with_frame(attrition, attrition.frame[attrition.frame["customer_id"].isin(few)])
    with pytest.raises(TooLittleDataError, match=r"\d+ active customers .* at least 500"):
        checked(small)
    assert checked(small, small=True) is small


def test_too_few_outcomes_is_an_error_with_both_numbers(reactivation):
    frame = reactivation.frame.copy()
    yes = frame.index[(frame["y"] == 1) & (frame["state"] == "inactive")]
    frame.loc[yes[30:], "y"] = 0.0
    with pytest.raises(TooLittleDataError, match=r"30 inactive rows with .* at least 100"):
        checked(with_frame(reactivation, frame))


def test_a_test_period_of_one_class_is_an_error(attrition):
    frame = attrition.frame.copy()
    frame.loc[frame["cutoff"] == pd.Timestamp(attrition.split.test[0]), "y"] = 0.0
    with pytest.raises(TooLittleDataError, match=r"^test: "):
        checked(with_frame(attrition, frame))


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: f.drop(columns="noise"), "lacks 1 columns: noise"),
        (lambda f: pd.concat([f, f.iloc[:3]]), "3 of .* repeat a customer"),
        (lambda f: f.assign(noise=np.float32(np.inf)), "`noise` is infinite in"),
        (lambda f: f.assign(y=f["y"].map({0.0: "no", 1.0: "yes"})), "numbers are required"),
        (lambda f: f.assign(y=f["y"].where(f.index > 4)), "5 of .* have no outcome"),
        (lambda f: f.assign(y=f["y"] * 2), "neither 0 nor 1"),
    ],
)
def test_a_spoiled_frame_is_named_and_counted(attrition, spoil, message):
    with pytest.raises(DataError, match=message):
        checked(with_frame(attrition, spoil(attrition.frame)))


def test_a_feature_that_knows_the_outcome_raises_the_alarm(attrition, margin):
    for data in (attrition, margin):
        rng = np.random.default_rng(0)
        peek = data.frame["y"] + rng.normal(0, 1e-3, len(data.frame))
        leaky = replace(
            data,
            frame=data.frame.assign(peek=peek.astype("float32")),
            features=(*data.features, declared("peek", "recency", "purchase")),
        )
        with pytest.raises(LeakageError, match="`peek` alone"):
            checked(leaky)


def test_sampling_keeps_whole_customers_and_says_what_share(frame):
    data = training_set(frame, "attrition")
    part = data.sampled(3_000, seed=1)
    assert part.share == pytest.approx(3_000 / len(frame))
    assert abs(len(part.frame) - 3_000) < 500
    kept = set(part.frame["customer_id"])
    whole = frame[frame["customer_id"].isin(kept)].reset_index(drop=True)
    pd.testing.assert_frame_equal(part.frame, whole)


def test_no_message_carries_a_customer_id(attrition):
    frame = pd.concat([attrition.frame, attrition.frame.iloc[:1]])
    with pytest.raises(DataError) as caught:
        checked(with_frame(attrition, frame))
    assert "c0" not in str(caught.value)
