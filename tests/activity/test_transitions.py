"""Moves between dates: counted against a pandas cross table, and what every matrix must satisfy."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.activity.transitions import transitions, transitions_over
from reveil.errors import DataError
from reveil.events.log import EventLog

LABELS = ("a", "b", "c", None)


def drawn(seed: int, n: int = 80) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    who = rng.permutation(100)[:n]
    return pd.DataFrame({"customer_id": [f"c{i}" for i in who], "label": rng.choice(LABELS, n)})


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_cross_table(seed: int) -> None:
    """Stayers cell by cell, entries and exits by label; a customer without a label is not there."""
    one, other = drawn(seed), drawn(seed + 50)
    moves = transitions(one, other, "label")
    both = one.dropna().merge(other.dropna(), on="customer_id", how="outer", suffixes=("_0", "_1"))
    table = pd.crosstab(both["label_0"].fillna("-"), both["label_1"].fillna("-"))
    assert moves.labels == ("a", "b", "c")
    for i, was in enumerate(moves.labels):
        for j, now in enumerate(moves.labels):
            assert moves.counts[i][j] == table.loc[was, now]
        assert moves.exits[i] == table.loc[was, "-"]
        assert moves.entries[i] == table.loc["-", was]
    assert sum(moves.before) == one["label"].notna().sum()
    assert sum(moves.after) == other["label"].notna().sum()
    assert all(math.isclose(sum(row), 1) for row in moves.shares)


def test_periods_add_up() -> None:
    """Over three dates: the moves of both periods, and the shares of their sum."""
    tables = [drawn(seed) for seed in (1, 2, 3)]
    over = transitions_over(tables, "label")
    first, second = transitions(*tables[:2], "label"), transitions(*tables[1:], "label")
    assert over.periods == 2
    assert np.array_equal(over.counts, np.add(first.counts, second.counts))
    assert np.array_equal(over.entries, np.add(first.entries, second.entries))
    assert np.array_equal(over.exits, np.add(first.exits, second.exits))


def test_tables_of_the_engine_give_the_same() -> None:
    one, other = drawn(1), drawn(2)
    lazy = transitions(ibis.memtable(one), ibis.memtable(other), "label")
    assert lazy == transitions(one.sample(frac=1, random_state=1), other, "label")


def test_labels_come_in_the_order_asked_for() -> None:
    """Those of nobody too: a row of nobody has no shares."""
    moves = transitions(drawn(1), drawn(2), "label", labels=("z", "b"))
    assert moves.labels == ("z", "b", "a", "c")
    assert all(math.isnan(share) for share in moves.shares[0])
    assert moves.before[0] == moves.after[0] == 0


def test_the_frame_holds_everybody_once() -> None:
    moves = transitions(drawn(4), drawn(5), "label")
    frame = moves.frame()
    n = len(moves.labels)
    assert len(frame) == n * n + 2 * n
    there = set(drawn(4).dropna()["customer_id"]) | set(drawn(5).dropna()["customer_id"])
    assert frame["customers"].sum() == len(there)
    assert frame["from"].isna().sum() == frame["to"].isna().sum() == n
    stayed = frame.dropna(subset=["from", "to"])
    assert np.allclose(stayed.groupby("from")["share"].sum(), 1)


def test_states_move_as_the_customers_did(lay: Callable[..., EventLog]) -> None:
    log = lay(
        ("stays", "purchase", "2011-01-20"), ("stays", "visit", "2011-05-20"),
        ("lapses", "purchase", "2011-01-20"), ("comes", "purchase", "2011-05-20"),
        ("back", "purchase", "2010-02-01"), ("back", "purchase", "2011-05-20"),
    )  # fmt: skip
    settings = ActivitySettings(within="60 days")
    days = (date(2011, 2, 1), date(2011, 6, 1))
    moves = transitions(*(states(log, settings, day) for day in days), "state")
    assert moves.labels == ("active", "inactive")
    assert moves.counts == ((1, 1), (1, 0))
    assert (moves.entries, moves.exits) == ((1, 0), (0, 0))


def test_what_cannot_be_followed() -> None:
    frame = drawn(1)
    with pytest.raises(DataError, match="no column 'state'"):
        transitions(frame, frame, "state")
    with pytest.raises(DataError, match="at least two"):
        transitions_over([frame], "label")
    twice = pd.concat([frame, frame])
    with pytest.raises(DataError, match="one row per customer"):
        transitions(twice, frame, "label")
