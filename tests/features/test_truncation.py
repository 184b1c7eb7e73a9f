"""No feature, state or fact of a snapshot may see the future: cut every raw source and rebuild."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd
import pytest
from dirty import COLUMNS, CUTOFFS, KINDS, catalogue, dirty_sources

from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog
from reveil.events.settings import MachineSettings
from reveil.scoring.snapshot import snapshot

SEEDS = (1,)
CASES = [(seed, cutoff) for seed in SEEDS for cutoff in CUTOFFS]
ACTIVITY = ActivitySettings(
    within="84 days", closed_by=("cancel_request",), former_after="200 days"
)


MACHINES = MachineSettings(click_seconds=2, bulk=1)
FEATURES = catalogue()
Frames = Mapping[tuple[int, date], pd.DataFrame]


def matrix(log: EventLog, cutoff: date) -> pd.DataFrame:
    people = states(log, ACTIVITY, cutoff).select("customer_id")
    table = FEATURES.matrix(log, people, cutoff)
    return table.to_pyarrow().to_pandas().set_index("customer_id").sort_index()


def facts(log: EventLog, cutoff: date) -> pd.DataFrame:
    table = snapshot(log, ACTIVITY, cutoff, channels=("email", "print"), pressure_days=28)
    return table.to_pyarrow().to_pandas().set_index("customer_id").sort_index()


def standing(log: EventLog, cutoff: date) -> pd.DataFrame:
    table = states(log, ACTIVITY, cutoff)
    return table.to_pyarrow().to_pandas().set_index("customer_id").sort_index()


@pytest.fixture(scope="module")
def logs(
    db: DuckDB, tmp_path_factory: pytest.TempPathFactory
) -> Mapping[tuple[int, date], tuple[EventLog, EventLog]]:
    """For each case the log of the whole sources, and of the sources cut at the cutoff."""
    opened = {}
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp(f"sources-{seed}")
        sources = dirty_sources(seed, customers=150)
        whole = sources.opened(db, folder / "whole", MACHINES)
        for cutoff in CUTOFFS:
            cut = sources.before(cutoff).opened(db, folder / str(cutoff), MACHINES)
            opened[seed, cutoff] = (whole, cut)
    return opened


@pytest.fixture(scope="module")
def matrices(
    logs: Mapping[tuple[int, date], tuple[EventLog, EventLog]],
) -> Mapping[tuple[int, date], tuple[pd.DataFrame, pd.DataFrame]]:
    return {
        case: (matrix(whole, case[1]), matrix(cut, case[1])) for case, (whole, cut) in logs.items()
    }


def test_the_catalogue_is_that_of_the_log(
    logs: Mapping[tuple[int, date], tuple[EventLog, EventLog]],
) -> None:
    """The cases below hold every kind and column there is, so that no feature is left out."""
    for whole, _ in logs.values():
        assert whole.kinds == KINDS
        assert "machine" in {finding.check.split()[0] for finding in whole.findings}
        assert whole.columns == COLUMNS


@pytest.mark.parametrize("name", FEATURES.names)
def test_feature_does_not_see_the_future(
    name: str, matrices: Mapping[tuple[int, date], tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    """Cut every raw source at t and rebuild everything: the value at t must not move a bit."""
    moved = []
    for (seed, cutoff), (whole, cut) in matrices.items():
        assert list(whole.index) == list(cut.index)
        same = whole[name].to_numpy().view(np.int32) == cut[name].to_numpy().view(np.int32)
        both_null = whole[name].isna().to_numpy() & cut[name].isna().to_numpy()
        if not (same | both_null).all():
            moved.append((seed, cutoff, int((~(same | both_null)).sum())))
    assert not moved


@pytest.mark.parametrize("name", FEATURES.names)
def test_feature_says_something(
    name: str, matrices: Mapping[tuple[int, date], tuple[pd.DataFrame, pd.DataFrame]]
) -> None:
    """A constant would pass the test above without proving anything."""
    values = pd.concat([whole[name] for whole, _ in matrices.values()])
    assert values.nunique() > 1


@pytest.mark.parametrize(("seed", "cutoff"), CASES)
def test_states_do_not_see_the_future(
    seed: int, cutoff: date, logs: Mapping[tuple[int, date], tuple[EventLog, EventLog]]
) -> None:
    """Who is known, and in which state, stands before the cutoff."""
    whole, cut = (standing(log, cutoff) for log in logs[seed, cutoff])
    pd.testing.assert_frame_equal(whole, cut)
    assert set(whole["state"]) == {"prospect", "active", "inactive", "former"}


FROM_CUSTOMERS = ["consent_email_for_marketing", "usable_email"]


@pytest.mark.parametrize(("seed", "cutoff"), CASES)
def test_snapshot_facts_do_not_see_the_future(
    seed: int, cutoff: date, logs: Mapping[tuple[int, date], tuple[EventLog, EventLog]]
) -> None:
    """State, group, pressure and unanswered contacts stand before the cutoff."""
    whole, cut = (facts(log, cutoff).drop(columns=FROM_CUSTOMERS) for log in logs[seed, cutoff])
    pd.testing.assert_frame_equal(whole, cut)
    assert whole["unanswered"].nunique() > 1
    assert whole["contacts_recent"].nunique() > 1


@pytest.mark.parametrize("column", FROM_CUSTOMERS)
def test_consent_does_not_see_the_future(
    column: str, logs: Mapping[tuple[int, date], tuple[EventLog, EventLog]]
) -> None:
    """What the customers table says later than the cutoff is not known at the cutoff."""
    for (_, cutoff), (whole, cut) in logs.items():
        pd.testing.assert_series_equal(facts(whole, cutoff)[column], facts(cut, cutoff)[column])
