"""Nothing about where a customer stands may see the future: cut every raw source and rebuild."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from dirty import CUTOFFS, Sources, dirty_sources

from reveil.activity import rhythm
from reveil.activity.rfm import fit_rfm, rfm_cells
from reveil.activity.settings import ActivitySettings
from reveil.activity.standing import standing_table
from reveil.activity.wrongly import wrongly_inactive
from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog

STUDY = ActivitySettings(
    within="56 days", joins_by=("purchase", "form"), closed_by=("cancel_request",),
    former_after="200 days", paid_by=("adjustment",), personal={"min_orders": 4},
    unanswered={"contacts": 2},
)  # fmt: skip
Pair = tuple[pd.DataFrame, pd.DataFrame]


def everything(log: EventLog, cutoff: date) -> pd.DataFrame:
    """Lay out every column there is, RFM cells and the purchase-only rule included."""
    table = standing_table(log, STUDY, cutoff)
    wrong = wrongly_inactive(log, STUDY, cutoff, margin_rate=0.4, observation=timedelta(days=364))
    frame = rfm_cells(table, fit_rfm(table)).to_pyarrow().to_pandas().set_index("customer_id")
    frame["wrong_margin"] = wrong.to_pyarrow().to_pandas().set_index("customer_id")["margin"]
    return frame.sort_index()


@pytest.fixture(scope="module")
def sources() -> Sources:
    """Orders, contacts and customers, full of what breaks a cutoff."""
    return dirty_sources(3, customers=150)


@pytest.fixture(scope="module")
def pairs(
    db: DuckDB, sources: Sources, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[date, Pair]:
    """At each cutoff everything, from the whole sources and from those cut at it."""
    folder = tmp_path_factory.mktemp("sources")
    whole = sources.opened(db, folder / "whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rhythm, "FEWEST_GAPS", 50)
        return {
            cutoff: (
                everything(whole, cutoff),
                everything(sources.before(cutoff).opened(db, folder / str(cutoff)), cutoff),
            )
            for cutoff in CUTOFFS[1:]
        }


def test_no_column_sees_the_future(pairs: Mapping[date, Pair]) -> None:
    """Every value of every column, to the bit."""
    for whole, cut in pairs.values():
        pd.testing.assert_frame_equal(whole, cut, check_exact=True)


def test_every_column_says_something(pairs: Mapping[date, Pair]) -> None:
    """A constant would pass the test above without proving anything."""
    frame = pd.concat([whole for whole, _ in pairs.values()])
    silent = {name for name in frame if frame[name].nunique() < 2}
    assert not silent
    assert set(frame["state"]) == {"prospect", "active", "inactive", "former"}
    assert frame["within_days"].nunique() > 10


def test_row_order_does_not_matter(
    db: DuckDB,
    sources: Sources,
    pairs: Mapping[date, Pair],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Shuffle every file: the same bits."""
    mixed = sources.shuffled(np.random.default_rng(1))
    log = mixed.opened(db, tmp_path_factory.mktemp("mixed"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rhythm, "FEWEST_GAPS", 50)
        found = everything(log, CUTOFFS[1])
    pd.testing.assert_frame_equal(found, pairs[CUTOFFS[1]][0], check_exact=True)
