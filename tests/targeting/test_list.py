"""The list: every customer once, limits kept, the order of rows without effect, plain errors."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reveil.errors import DataError
from reveil.targeting.export import to_csv_bytes
from reveil.targeting.list import make_list

SEND = date(2011, 9, 8)


@pytest.fixture(scope="module")
def made(snapshot_of, study_of):
    return make_list(snapshot_of(3_000), study_of(), send_on=SEND, model_digests={"m": "abc"})


@given(
    n=st.integers(30, 400),
    seed=st.integers(0, 10_000),
    budget=st.none() | st.floats(0, 200),
    capacity=st.none() | st.integers(0, 100),
    share=st.sampled_from([0, 0.1, 0.5]),
)
@settings(max_examples=20, deadline=None)
def test_every_customer_is_in_exactly_one_part_and_the_limits_hold(  # noqa: PLR0917
    n, seed, budget, capacity, share, snapshot_of, study_of
):
    channels = {"email": {"cost": 0.02, "capacity": capacity}, "print": {"cost": 0.8}}
    study = study_of(budget=budget, channels=channels, control_share=share)
    frame = snapshot_of(n, seed)
    try:
        made = make_list(frame, study, send_on=SEND)
    except DataError as nobody:
        assert "may be contacted" in str(nobody)  # noqa: PT017 - a legitimate answer for a few
        return
    parts = [made.selected, made.control, made.excluded]
    ids = [i for part in parts for i in part["customer_id"]]
    assert sorted(ids) == sorted(frame["customer_id"])
    assert budget is None or np.rint(made.selected["cost"] * 1e4).sum() <= round(budget * 1e4)
    by_email = made.selected["channel"].eq("email").sum()
    assert capacity is None or by_email <= capacity
    assert (made.selected["worth"] > 0).all()
    assert made.certificate.value <= made.certificate.bound * (1 + 1e-12) + 1e-9


def test_nobody_is_contacted_against_consent_or_on_a_dead_address(made, snapshot_of):
    people = pd.concat([made.selected, made.control]).merge(snapshot_of(3_000), on="customer_id")
    for channel in ("email", "print"):
        there = people[people["channel"] == channel]
        assert there[f"consent_{channel}"].all()
        assert there[f"usable_{channel}"].all()
        assert len(there) > 10


def test_the_list_does_not_depend_on_the_order_of_rows(made, snapshot_of, study_of):
    shuffled = snapshot_of(3_000).sample(frac=1, random_state=1)
    again = make_list(shuffled, study_of(), send_on=SEND, model_digests={"m": "abc"})
    for part in ("selected", "control", "excluded"):
        pd.testing.assert_frame_equal(getattr(made, part), getattr(again, part))
    assert json.dumps(made.plan) == json.dumps(again.plan)


def test_ranks_follow_worth_then_customer(made):
    for part in (made.selected, made.control):
        assert part["rank"].tolist() == list(range(1, len(part) + 1))
        keys = list(zip(-part["worth"], part["customer_id"], strict=True))
        assert keys == sorted(keys)


def test_the_plan_says_what_the_frames_hold(made):
    plan = made.plan
    assert plan["customers"] == {
        "all": 3_000,
        "selected": len(made.selected),
        "control": len(made.control),
        "excluded": len(made.excluded),
    }
    told = {row["rule"]: row["customers"] for row in plan["exclusions"] if row["customers"]}
    assert told == made.excluded["rule"].value_counts().to_dict()
    assert plan["budget"]["used"] == pytest.approx(made.selected["cost"].sum())
    assert sum(w["selected"] for w in plan["waves"]) == len(made.selected)
    assert plan["certificate"]["gap"] < 0.02
    json.dumps(plan, allow_nan=False)


def test_a_propensity_list_says_so_and_claims_no_more(made):
    """Without a past control, nothing may be called an uplift or incremental."""
    assert set(made.selected["mode"]) == {"propensity"}
    assert made.selected["uplift"].isna().all()
    said = json.dumps(made.plan) + to_csv_bytes(made.excluded, "en").decode("utf-8-sig")
    assert "uplift" not in said.lower()
    assert "incremental" not in said.lower()


def test_the_holdout_is_the_same_in_every_campaign_and_never_on_a_list(made, snapshot_of, study_of):
    later = snapshot_of(3_000).assign(cutoff=pd.Timestamp("2011-10-01"))
    again = make_list(later, study_of(), send_on=date(2011, 10, 8))
    held = [
        set(x.excluded.loc[x.excluded["rule"] == "holdout", "customer_id"]) for x in (made, again)
    ]
    assert held[0] == held[1]
    assert 50 < len(held[0]) < 150
    assert set(made.control["customer_id"]) != set(again.control["customer_id"])


def test_the_control_is_a_tenth_of_every_part_of_the_list(made):
    people = pd.concat([made.selected, made.control])
    assert people["is_control"].mean() == pytest.approx(0.1, abs=0.015)
    assert made.plan["capacity"]["email"]["used"] == 120


def test_french_sentences_for_a_french_study(snapshot_of, study_of):
    made = make_list(snapshot_of(500), study_of(language="fr"), send_on=SEND)
    active = made.excluded.loc[made.excluded["rule"] == "active", "explanation"]
    assert active.str.startswith("Est encore actif").all()
    assert all("rapporterait" in s for s in made.plan["shadow_prices"]["sentences"])


def test_waves_keep_to_the_ramp_and_start_with_the_most_recent(snapshot_of, study_of):
    ramp = {"base": 300, "share": 0.1, "step_days": 7}
    frame = snapshot_of(3_000)
    made = make_list(frame, study_of(ramp=ramp), send_on=SEND)
    by_email = made.selected[made.selected["channel"] == "email"]
    assert by_email["wave"].value_counts().max() <= 30
    assert by_email["wave"].max() == 4
    assert (made.selected.loc[made.selected["channel"] == "print", "wave"] == 1).all()
    last = by_email.merge(frame[["customer_id", "last_order_at"]], on="customer_id")
    edges = last.groupby("wave")["last_order_at"].agg(["min", "max"])
    assert (edges["min"].iloc[:-1].to_numpy() >= edges["max"].iloc[1:].to_numpy()).all()
    assert by_email.loc[by_email["wave"] == 2, "send_on"].eq(pd.Timestamp("2011-09-15")).all()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda f: f.iloc[:0], "there are no scored customers"),
        (lambda f: pd.concat([f, f.iloc[:3]]), "3 of 103 scored rows repeat a customer"),
        (lambda f: f.drop(columns="reactivation"), "no column `reactivation`"),
        (
            lambda f: f.assign(state="active"),
            r"none of 100 customers may be contacted \(100 active",
        ),
        (lambda f: f.assign(reactivation=np.nan), "have a probability outside"),
        (
            lambda f: f.assign(cutoff=[*f["cutoff"].iloc[:-1], pd.Timestamp("2011-01-01")]),
            "2 cutoffs",
        ),
    ],
)
def test_bad_scores_are_a_plain_error_without_an_id(spoil, said, snapshot_of, study_of):
    with pytest.raises(DataError, match=said) as refused:
        make_list(spoil(snapshot_of(100)), study_of(holdout_share=0), send_on=SEND)
    assert refused.value.hint
    assert "C0000" not in str(refused.value)


def test_a_budget_of_nothing_is_an_empty_list_with_its_reason(snapshot_of, study_of):
    made = make_list(snapshot_of(300), study_of(budget=0), send_on=SEND)
    assert made.selected.empty
    assert "budget_or_capacity" in set(made.excluded["rule"])
    assert to_csv_bytes(made.selected, "fr").count(b"\r\n") == 1
