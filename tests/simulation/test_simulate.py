from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from reveil.simulation import parameters as p
from reveil.simulation.rows import KINDS
from reveil.simulation.settings import SimulationSettings
from reveil.simulation.simulate import SimulatedBase, simulate, write

ORDER = ["purchase", "return"]


def digests(folder: Path) -> dict[str, str]:
    return {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in sorted(folder.iterdir())}


def test_the_same_seed_gives_the_same_bytes(base: SimulatedBase, tmp_path: Path) -> None:
    write(base, tmp_path / "one")
    write(simulate(base.settings), tmp_path / "two")
    assert len(digests(tmp_path / "one")) == 5
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_another_seed_gives_another_base(base: SimulatedBase) -> None:
    other = simulate(SimulationSettings(customers=2_000, seed=8))
    assert not other.truth.equals(base.truth)
    assert not other.events.equals(base.events)


def test_a_life_does_not_depend_on_how_many_others_there_are(base: SimulatedBase) -> None:
    """Beyond one block and below it; only the running order numbers move."""
    more = simulate(SimulationSettings(customers=p.BLOCK + 300, seed=7))
    ids = pd.Series(base.customers["customer_id"].to_pylist())

    def of(table: pa.Table) -> pd.DataFrame:
        frame = table.to_pandas().drop(columns="order_id", errors="ignore")
        return frame[frame["customer_id"].isin(ids)].reset_index(drop=True)

    for name in ("events", "customers", "contacts", "truth", "contact_truth"):
        pd.testing.assert_frame_equal(of(getattr(more, name)), of(getattr(base, name)))


def test_the_log_grows_in_proportion_to_the_customers(base: SimulatedBase) -> None:
    double = simulate(SimulationSettings(customers=4_000, seed=7))
    assert double.events.num_rows / base.events.num_rows == pytest.approx(2, rel=0.1)


def test_every_event_is_of_a_known_kind_and_customer_and_inside_the_coverage(
    base: SimulatedBase, events: pd.DataFrame
) -> None:
    assert set(events["kind"]) == set(KINDS)
    assert events["joined_at"].notna().all()
    assert events["at"].min() >= pd.Timestamp(base.settings.start)
    assert events["at"].max() < pd.Timestamp(base.settings.end)


def test_events_are_sorted_by_instant_then_customer(events: pd.DataFrame) -> None:
    order = events[["at", "customer_id"]].apply(tuple, axis=1)
    assert order.is_monotonic_increasing


def test_nothing_happens_before_a_customer_is_created(
    base: SimulatedBase, events: pd.DataFrame
) -> None:
    assert (events["at"] >= events["joined_at"]).all()
    created = base.customers.to_pandas().set_index("customer_id")["created_on"]
    joined = base.truth.to_pandas().set_index("customer_id")["joined_at"]
    assert (pd.to_datetime(created) == joined.dt.normalize()).all()


@pytest.mark.parametrize("kind", ["purchase", "visit", "login"])
def test_the_dead_do_not_buy_or_visit(events: pd.DataFrame, kind: str) -> None:
    late = events[(events["kind"] == kind) & (events["at"] > events["died_at"])]
    assert late.empty
    assert events["died_at"].notna().any()


def test_only_scanners_click_for_the_dead(events: pd.DataFrame) -> None:
    late = events[(events["kind"] == "email_click") & (events["at"] > events["died_at"])]
    assert late["bot"].all()
    assert len(late) > 0


def test_an_order_is_one_customer_one_instant_one_channel(events: pd.DataFrame) -> None:
    lines = events[events["kind"] == "purchase"]
    per_order = lines.groupby("order_id")[["customer_id", "at", "channel"]].nunique()
    assert (per_order == 1).all(axis=None)
    assert lines.groupby("order_id").size().max() > 1
    first = lines.drop_duplicates("order_id")
    assert first["order_id"].tolist() == [f"O{k:08d}" for k in range(len(first))]


def test_money_is_cents_positive_in_purchases_negative_in_returns_null_elsewhere(
    events: pd.DataFrame,
) -> None:
    assert (events["amount"].notna() == events["kind"].isin(ORDER)).all()
    assert (events.loc[events["kind"] == "purchase", "amount"] > 0).all()
    assert (events.loc[events["kind"] == "return", "amount"] < 0).all()
    money = events["amount"].dropna()
    assert (money == money.round(2)).all()


def test_every_return_gives_back_a_line_bought_before(events: pd.DataFrame) -> None:
    bought = events[events["kind"] == "purchase"]
    back = events[events["kind"] == "return"].assign(amount=lambda f: -f["amount"])
    key = ["customer_id", "order_id", "item", "category", "channel", "amount"]
    pairs = back.merge(bought.drop_duplicates(key), on=key, how="left", suffixes=("", "_bought"))
    days = (pairs["at"] - pairs["at_bought"]) / pd.Timedelta(days=1)
    assert days.between(*p.RETURN_DAYS).all()


def reactions(events: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Reactions beside the mail they answer, with the seconds in between."""
    sent = events[events["kind"] == "email_sent"][["customer_id", "campaign", "at"]]
    answers = events[events["kind"] == kind].merge(
        sent, on=["customer_id", "campaign"], how="left", suffixes=("", "_sent")
    )
    return answers.assign(seconds=(answers["at"] - answers["at_sent"]).dt.total_seconds())


def test_prefetch_opens_come_within_seconds_whoever_is_there(events: pd.DataFrame) -> None:
    opens = reactions(events, "email_open")
    assert (opens["seconds"] > 0).all()
    fast = opens[(opens["seconds"] <= p.PREFETCH_SECONDS[1]) & opens["prefetch"]]
    mails = events[(events["kind"] == "email_sent") & events["prefetch"]]
    assert len(fast) / len(mails) == pytest.approx(p.PREFETCH_RATE, abs=0.02)
    assert (fast["at"] > fast["died_at"]).any()
    assert (opens[~opens["prefetch"]]["seconds"] <= p.PREFETCH_SECONDS[1]).mean() < 0.01


def test_scanners_click_within_two_seconds_and_nobody_else_does(events: pd.DataFrame) -> None:
    clicks = reactions(events, "email_click")
    fast = clicks["seconds"] <= p.SCANNER_SECONDS[1]
    assert (clicks.loc[fast, "bot"]).mean() > 0.99
    assert fast.sum() > 500


def test_the_log_flags_a_minority_of_machines_and_no_human(events: pd.DataFrame) -> None:
    flagged = events[events["is_machine"].notna()]
    assert flagged["is_machine"].astype(bool).all()
    assert set(flagged["kind"]) == {"email_open", "email_click"}
    assert (flagged["bot"] | flagged["prefetch"]).all()
    scans = reactions(events, "email_click").query("seconds <= 2")
    assert scans["is_machine"].notna().mean() == pytest.approx(p.SCANNER_FLAGGED, abs=0.05)


def test_nobody_is_mailed_after_unsubscribing_or_bouncing(
    base: SimulatedBase, events: pd.DataFrame
) -> None:
    customers = base.customers.to_pandas().set_index("customer_id")
    for kind, column in (("unsubscribe", "consent_email"), ("bounce", "usable_email")):
        ended = events[events["kind"] == kind].groupby("customer_id")["at"].min()
        assert len(ended) > 20
        assert not customers.loc[ended.index, column].any()
        mails = events[events["kind"] == "email_sent"]
        assert (mails["at"] <= mails["customer_id"].map(ended).fillna(mails["at"])).all()


def test_treated_contacts_are_sent_once_and_held_out_ones_never(base: SimulatedBase) -> None:
    log = base.events.to_pandas()
    sent = log[log["kind"].isin(["email_sent", "print_sent"]) & log["offer"].notna()]
    contacts = base.contacts.to_pandas()
    key = ["customer_id", "campaign", "offer", "channel", "at"]
    treated = contacts.loc[contacts["treated"], key]
    pd.testing.assert_frame_equal(
        sent[key].sort_values(key).reset_index(drop=True),
        treated.sort_values(key).reset_index(drop=True),
    )
    assert not contacts.duplicated(["customer_id", "campaign"]).any()
    assert set(contacts["channel"]) == {"email", "print"}


def test_contacts_had_bought_but_not_for_half_a_year(base: SimulatedBase) -> None:
    log = base.events.to_pandas()
    orders = log.loc[log["kind"] == "purchase", ["customer_id", "at"]]
    pairs = base.contacts.to_pandas().merge(orders, on="customer_id", suffixes=("", "_order"))
    before = pairs[pairs["at_order"] < pairs["at"]]
    weeks = (before["at"].dt.normalize() - before["at_order"]) / pd.Timedelta(weeks=1)
    assert weeks.min() >= p.LAPSED_WEEKS
    assert len(pairs) > len(before)


def test_discounted_orders_belong_to_a_treated_contact_of_that_offer(base: SimulatedBase) -> None:
    log = base.events.to_pandas()
    used = log[(log["kind"] == "purchase") & log["offer"].notna()]
    assert set(used["offer"]) == {"minus_20", "minus_40"}
    contacts = base.contacts.to_pandas().query("treated")
    pairs = used.merge(
        contacts, on=["customer_id", "campaign", "offer"], how="left", suffixes=("", "_sent")
    )
    days = (pairs["at"] - pairs["at_sent"].dt.normalize()) / pd.Timedelta(days=1)
    assert days.between(0, 7 * p.OFFER_WEEKS).all()
    assert days.max() > 7 * (p.OFFER_WEEKS - 1)
