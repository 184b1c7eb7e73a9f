"""The control is a fair draw: blind to the score, to the order of rows, and to its own effect."""

from datetime import date

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from reveil.targeting.allocate import allocate, fill
from reveil.targeting.control import deciles, draw, holdout, stratified_control
from reveil.targeting.list import make_list
from reveil.targeting.prices import Limits, menu_from
from reveil.targeting.settings import TargetingSettings

SHARE = 0.1


def snapshot(n: int, seed: int) -> pd.DataFrame:
    """Inactive customers who may all be contacted."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "customer_id": [f"C{i:06d}" for i in rng.permutation(n)],
            "cutoff": pd.Timestamp("2011-09-01"),
            "state": "inactive",
            "group": "lapsed",
            "reactivation": rng.beta(1.2, 12, n),
            "margin_if_returns": rng.gamma(2, 20, n),
            "reasons": [[]] * n,
            "consent_email": rng.random(n) < 0.8,
            "consent_print": True,
            "usable_email": True,
            "usable_print": rng.random(n) < 0.8,
            "contacts_recent": 0,
            "unanswered": 0,
            "last_order_at": pd.Timestamp("2011-01-01"),
        }
    )


def study(salt: str = "reveil") -> TargetingSettings:
    return TargetingSettings.model_validate(
        {
            "channels": {
                "email": {"cost": 0.02, "capacity": 300},
                "print": {"cost": 0.8, "capacity": 400},
            },
            "offers": [
                {"name": "miss you", "channels": ["email", "print"]},
                {"name": "minus 5", "channels": ["email"], "discount": 5},
            ],
            "budget": 200,
            "salt": salt,
        }
    )


@given(seed=st.integers(0, 10_000), salt=st.text(min_size=1, max_size=8))
@settings(max_examples=25, deadline=None)
def test_the_draw_does_not_depend_on_the_order_of_rows(seed, salt):
    ids = [f"C{i}" for i in range(200)]
    order = np.random.default_rng(seed).permutation(200)
    straight = draw(ids, salt=salt, campaign="2011-09-01")
    np.testing.assert_array_equal(
        draw([ids[i] for i in order], salt=salt, campaign="2011-09-01"), straight[order]
    )
    alone = [holdout([i], salt=salt, share=0.05)[0] for i in ids]
    np.testing.assert_array_equal(holdout(ids, salt=salt, share=0.05), alone)


@given(seed=st.integers(0, 10_000), n=st.integers(0, 500), share=st.floats(0, 0.5))
@settings(max_examples=100, deadline=None)
def test_each_stratum_gives_its_share_to_within_one(seed, n, share):
    rng = np.random.default_rng(seed)
    strata = deciles(rng.random(n))
    flags = stratified_control(rng.random(n), strata, share)
    assert abs(flags.sum() - share * n) <= 0.5 + 1e-9
    for stratum in np.unique(strata):
        mine = strata == stratum
        assert abs(flags[mine].sum() - share * mine.sum()) <= 1 + 1e-9


@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_being_on_the_list_does_not_depend_on_ones_own_flag(data):
    """Turn one customer's flag: that customer's place and action must not move."""
    n = data.draw(st.integers(3, 25))
    rng = np.random.default_rng(data.draw(st.integers(0, 10_000)))
    cost = rng.integers(1, 30, (n, 3))
    worth = rng.integers(-10, 60, (n, 3))
    menu = menu_from(worth, cost, np.array([0, 1, 1]))
    limits = Limits(budget=int(rng.integers(0, 150)), capacity=(int(rng.integers(0, 5)), 4))
    first, prices = allocate(menu, limits.scaled(10, 9))
    flags = rng.random(n) < data.draw(st.sampled_from([0.1, 0.5]))
    turned = flags.copy()
    one = data.draw(st.integers(0, n - 1))
    turned[one] = ~turned[one]
    for start in (first, None):
        before = fill(menu, prices, limits, flags, first=start)
        after = fill(menu, prices, limits, turned, first=start)
        assert before.action[one] == after.action[one]


def test_given_the_decile_the_control_knows_nothing_of_score_margin_or_channel():
    """Over many salts, contacted and control differ by no more than chance allows."""
    frame = snapshot(3_000, 1)
    away = {"probability": [], "margin_if_returns": [], "worth": [], "by_print": []}
    shares = []
    for salt in range(15):
        made = make_list(frame, study(f"salt {salt}"), send_on=date(2011, 9, 8))
        people = pd.concat([made.selected, made.control], ignore_index=True)
        people["by_print"] = people["channel"].eq("print").astype(float)
        decile = deciles(people["probability"].to_numpy())
        shares.append(people["is_control"].mean())
        for name, seen in away.items():
            value = people[name] - people.groupby(decile)[name].transform("mean")
            control = people["is_control"].to_numpy()
            spread = np.sqrt(value.var() * (1 / control.sum() + 1 / (~control).sum()))
            seen.append((value[control].mean() - value[~control].mean()) / max(spread, 1e-12))
    assert abs(np.mean(shares) - SHARE) < 0.005
    for name, z in away.items():
        mean = np.mean(z) * np.sqrt(len(z))
        assert abs(mean) < 4, f"{name}: control and contacted differ by {mean:.1f} standard errors"
        assert np.max(np.abs(z)) < 4.5, name


def test_every_customer_of_the_list_is_drawn_about_equally_often():
    """Over many salts, nobody's chance of being a control depends on rank."""
    frame = snapshot(600, 2)
    on_list, drawn = pd.Series(0.0, index=frame["customer_id"]), None
    drawn = on_list.copy()
    for salt in range(25):
        made = make_list(frame, study(f"s{salt}"), send_on=date(2011, 9, 8))
        drawn[made.control["customer_id"]] += 1
        on_list[made.control["customer_id"]] += 1
        on_list[made.selected["customer_id"]] += 1
    worth = (frame["reactivation"] * frame["margin_if_returns"]).set_axis(frame["customer_id"])
    thirds = deciles(worth.to_numpy()) // 4
    for third in range(3):
        mine = thirds == third
        times, controls = on_list[mine].sum(), drawn[mine].sum()
        if times > 500:
            error = np.sqrt(SHARE * (1 - SHARE) / times)
            assert abs(controls / times - SHARE) < 4 * error
