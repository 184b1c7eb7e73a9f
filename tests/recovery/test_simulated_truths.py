"""What was put into the simulated base can be found in its log, within sampling error.

Bounds are four standard errors or stated otherwise; the seed is fixed, so a failure is a
change of the code and not bad luck.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from reveil.simulation import parameters as p
from reveil.simulation.offers import TREATED_CHANCE
from reveil.simulation.settings import Calendar, SimulationSettings
from reveil.simulation.simulate import SimulatedBase, simulate
from reveil.simulation.truth import truth_at

CUTOFF = date(2024, 7, 1)
HORIZON = 90


@pytest.fixture(scope="module")
def base() -> SimulatedBase:
    return simulate(SimulationSettings(customers=8_000, seed=11))


@pytest.fixture(scope="module")
def log(base: SimulatedBase) -> pd.DataFrame:
    return base.events.to_pandas()


@pytest.fixture(scope="module")
def orders(log: pd.DataFrame) -> pd.DataFrame:
    lines = log[log["kind"] == "purchase"]
    return lines.drop_duplicates("order_id")[["customer_id", "at"]]


@pytest.fixture(scope="module")
def truth(base: SimulatedBase) -> pd.DataFrame:
    return base.truth.to_pandas().set_index("customer_id")


@pytest.fixture(scope="module")
def contacts(base: SimulatedBase, orders: pd.DataFrame) -> pd.DataFrame:
    """Contacts with both true chances, latent traits, and whether an order came in 28 days."""
    key = ["customer_id", "campaign", "offer"]
    rows = base.contacts.to_pandas().merge(base.contact_truth.to_pandas(), on=key)
    pairs = rows.merge(orders, on="customer_id", suffixes=("", "_order"))
    since = pairs["at_order"] - pairs["at"].dt.normalize()
    came = pairs[since.between(pd.Timedelta(0), pd.Timedelta(weeks=p.OFFER_WEEKS))]
    index = pd.MultiIndex.from_frame(rows[key])
    rows["came"] = index.isin(pd.MultiIndex.from_frame(came[key]))
    return rows.merge(base.truth.to_pandas(), on="customer_id")


def z_of_difference(a: pd.Series, b: pd.Series) -> float:
    error = np.sqrt(a.var() / len(a) + b.var() / len(b))
    return float((a.mean() - b.mean()) / error)


def auc(score: pd.Series, y: pd.Series) -> float:
    rank = score.rank()
    n1, n0 = int(y.sum()), int((~y).sum())
    return float((rank[y].sum() - n1 * (n1 + 1) / 2) / (n1 * n0))


def test_regular_random_and_clumpy_customers_can_be_told_by_their_gaps(
    orders: pd.DataFrame, truth: pd.DataFrame
) -> None:
    """Seasons and trouble add variation to the stated .5, 1 and 2.09 of operational time."""
    gap = orders.groupby("customer_id")["at"].diff().dt.total_seconds()
    frame = pd.DataFrame({"customer_id": orders["customer_id"], "gap": gap}).dropna()
    steady = truth.index[truth["waning"] == 0]
    by = frame[frame["customer_id"].isin(steady)].groupby("customer_id")["gap"]
    enough = by.count() >= 12
    cv = (by.std() / by.mean())[enough]
    median = cv.groupby(truth["type"].reindex(cv.index)).median()
    assert 0.5 < median["regular"] < 0.75
    assert 0.85 < median["random"] < 1.15
    assert 1.4 < median["clumpy"] < 2.3


def test_steady_survivors_order_at_their_own_rate(
    base: SimulatedBase, orders: pd.DataFrame, truth: pd.DataFrame
) -> None:
    start, end = pd.Timestamp(base.settings.start), pd.Timestamp(base.settings.end)
    there = truth[(truth["joined_at"] < start) & truth["died_at"].isna() & (truth["waning"] == 0)]
    seen = orders.groupby("customer_id").size().reindex(there.index, fill_value=0)
    years = (end - start) / pd.Timedelta(days=365.25)
    ratio = seen.sum() / (there["rate"].sum() * years)
    assert ratio == pytest.approx(1, abs=0.06)  # trouble takes a little away


def test_deaths_follow_the_hazards_and_incidents_add_some(
    base: SimulatedBase, truth: pd.DataFrame
) -> None:
    end = pd.Timestamp(base.settings.end)
    years = (end - truth["joined_at"]) / pd.Timedelta(days=365.25)
    expected = (1 - np.exp(-truth["death_hazard"] * years)).mean()
    error = 0.5 / np.sqrt(len(truth))
    excess = truth["died_at"].notna().mean() - expected
    assert -4 * error < excess < 0.05 + 4 * error
    often = truth["incident_chance"] > truth["incident_chance"].median()
    active = truth["rate"] > 5
    died = truth["died_at"].notna()
    assert died[often & active].mean() > died[~often & active].mean()


def test_december_has_its_share_of_the_orders(orders: pd.DataFrame, base: SimulatedBase) -> None:
    """The share of whole years' orders, of customers who were there before."""
    calendar = Calendar.of(base.settings)
    weeks = np.arange(calendar.log_week, calendar.weeks)
    month = [int(str(np.datetime64(calendar.monday(int(w)) + 3 * 86_400, "s"))[5:7]) for w in weeks]
    season = calendar.season[weeks]
    peak, trough = np.array(month) == 12, np.isin(month, [2, 3, 4, 5])
    expected = season[peak].mean() / season[trough].mean()
    of = orders["at"].dt.month
    days = pd.date_range(base.settings.start, base.settings.end, inclusive="left").month
    seen = ((of == 12).sum() / (days == 12).sum()) / (
        of.isin([2, 3, 4, 5]).sum() / days.isin([2, 3, 4, 5]).sum()
    )
    # the base grows within the year, so December is a little above its season
    assert expected * 0.95 < seen < expected * 1.35
    assert 0.12 < (of == 12).mean() < 0.19


@pytest.mark.parametrize(
    "trait",
    [
        "rate",
        "waning",
        "death_hazard",
        "deal_seeking",
        "attachment",
        "sleeping_dog",
        "engaged_non_buyer",
        "bot",
        "order_amount_median",
        "p_if_held_out",
        "p_if_treated",
    ],
)
def test_the_control_is_drawn_blindly(contacts: pd.DataFrame, trait: str) -> None:
    treated = contacts["treated"]
    value = contacts[trait].astype(float)
    assert abs(z_of_difference(value[treated], value[~treated])) < 4
    assert treated.mean() == pytest.approx(1 - p.HELD_OUT_SHARE, abs=0.02)


@pytest.mark.parametrize("offer", p.OFFERS)
def test_treated_minus_control_recovers_the_true_effect(contacts: pd.DataFrame, offer: str) -> None:
    rows = contacts[contacts["offer"] == offer]
    treated = rows.loc[rows["treated"], "came"].astype(float)
    held_out = rows.loc[~rows["treated"], "came"].astype(float)
    true = (rows["p_if_treated"] - rows["p_if_held_out"]).mean()
    error = np.sqrt(treated.var() / len(treated) + held_out.var() / len(held_out))
    assert abs(treated.mean() - held_out.mean() - true) < 4 * error


@pytest.mark.parametrize(("arm", "chance"), [(True, "p_if_treated"), (False, "p_if_held_out")])
def test_either_potential_outcome_is_calibrated(
    contacts: pd.DataFrame, arm: bool, chance: str
) -> None:
    """Also where it is high, and for sleeping dogs: the effect is individual, not average."""
    rows = contacts[contacts["treated"] == arm]
    groups = (rows[chance] > 0.15, rows[chance].between(0, 0.15), rows["sleeping_dog"])
    for group in groups:
        p_, y = rows.loc[group, chance], rows.loc[group, "came"]
        assert abs(y.sum() - p_.sum()) < 4 * np.sqrt((p_ * (1 - p_)).sum())


def test_the_oracle_expects_the_next_campaign(base: SimulatedBase, contacts: pd.DataFrame) -> None:
    """On a campaign's Monday it weighs both potential outcomes by the chance of being treated."""
    monday = contacts["at"].max().normalize()
    drawn = contacts[contacts["at"].dt.normalize() == monday]
    known = truth_at(base.settings, monday.date(), 7 * p.OFFER_WEEKS).to_pandas()
    oracle = known.set_index("customer_id")["p_order"][drawn["customer_id"]]
    weighed = TREATED_CHANCE * drawn["p_if_treated"] + (1 - TREATED_CHANCE) * drawn["p_if_held_out"]
    assert len(drawn) > 500
    assert oracle.mean() == pytest.approx(weighed.mean(), rel=0.03)
    assert oracle.mean() > 1.08 * drawn["p_if_held_out"].mean()


def test_offers_send_sleeping_dogs_away(contacts: pd.DataFrame, log: pd.DataFrame) -> None:
    left = log.loc[
        (log["kind"] == "unsubscribe") & log["offer"].notna(), ["customer_id", "campaign"]
    ]
    mailed = contacts[contacts["treated"] & (contacts["channel"] == "email")]
    key = pd.MultiIndex.from_frame(mailed[["customer_id", "campaign"]])
    leaves = pd.Series(key.isin(pd.MultiIndex.from_frame(left)), index=mailed.index)
    assert leaves[mailed["sleeping_dog"]].mean() > 2 * leaves[~mailed["sleeping_dog"]].mean()


def test_engaged_non_buyers_click_and_do_not_buy(
    log: pd.DataFrame, orders: pd.DataFrame, truth: pd.DataFrame
) -> None:
    human = truth[~truth["bot"]]
    clicks = log[log["kind"] == "email_click"].groupby("customer_id").size()
    bought = orders.groupby("customer_id").size()
    reader = human["engaged_non_buyer"]
    click = clicks.reindex(human.index, fill_value=0).groupby(reader).mean()
    order = bought.reindex(human.index, fill_value=0).groupby(reader).mean()
    assert click[True] > 2 * click[False]
    assert order[True] < 0.3 * order[False]


def test_the_oracle_is_calibrated_and_ranks_better_than_recency(
    base: SimulatedBase, orders: pd.DataFrame
) -> None:
    t = pd.Timestamp(CUTOFF)
    known = truth_at(base.settings, CUTOFF, HORIZON).to_pandas().set_index("customer_id")
    ahead = orders[(orders["at"] >= t) & (orders["at"] < t + pd.Timedelta(days=HORIZON))]
    y = pd.Series(known.index.isin(ahead["customer_id"]), index=known.index)
    for band in pd.cut(known["p_order"], [0, 0.1, 0.3, 0.5, 0.7, 0.9, 1]).cat.categories:
        here = known["p_order"].between(band.left, band.right, inclusive="right")
        chance = known.loc[here, "p_order"]
        assert abs(y[here].sum() - chance.sum()) < 4 * np.sqrt((chance * (1 - chance)).sum())
    last = orders[orders["at"] < t].groupby("customer_id")["at"].max()
    recency = -(t - last).dt.total_seconds()
    bought = last.index
    assert auc(known.loc[bought, "p_order"], y[bought]) > auc(recency, y[bought]) + 0.05


def test_the_base_looks_like_a_base(log: pd.DataFrame, orders: pd.DataFrame) -> None:
    """The ranges stated beforehand: inactive customers, attrition, reactivation, rows."""
    t, days = pd.Timestamp(CUTOFF), lambda n: pd.Timedelta(days=n)

    def who(frame: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> set[str]:
        return set(frame.loc[(frame["at"] >= start) & (frame["at"] < end), "customer_id"])

    signs = log[log["kind"].isin(["purchase", "email_click"])]
    ever = who(orders, pd.Timestamp(0), t)
    active = who(signs, t - days(240), t) & ever
    ahead = who(signs, t, t + days(90))
    assert 0.25 < 1 - len(active) / len(ever) < 0.50
    assert 0.30 < 1 - len(active & ahead) / len(active) < 0.60
    back = who(orders, t, t + days(90))
    assert 0.03 < len(back - active & ever) / len(ever - active) < 0.15
    assert 40 < len(log) / 8_000 < 80
