"""What must not matter to a customer's features: row order, other customers, threads, the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from dirty import CUTOFFS, Sources, catalogue, dirty_sources, read

from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.engine.duckdb import DuckDB
from reveil.engine.plan import Plan
from reveil.engine.settings import EngineSettings

CUTOFF = CUTOFFS[1]
FEATURES = catalogue()


def computed(sources: Sources, folder: Path) -> pd.DataFrame:
    """Features and state of everybody, from raw files."""
    sources.write(folder)
    return recomputed(folder, threads=1)


def recomputed(folder: Path, threads: int) -> pd.DataFrame:
    """Compute the same from files already written."""
    log = read(DuckDB(EngineSettings(threads=threads)), folder)
    table = FEATURES.matrix(log, states(log, ActivitySettings(within="84 days"), CUTOFF), CUTOFF)
    return table.to_pyarrow().to_pandas().set_index("customer_id").sort_index()


def assert_same_bits(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    for name in FEATURES.names:
        assert np.array_equal(one[name].isna(), other[name].isna())
        present = one[name].notna()
        assert one[name][present].to_numpy().tobytes() == other[name][present].to_numpy().tobytes()


@pytest.fixture(scope="module")
def sources() -> Sources:
    return dirty_sources(8, customers=50)


@pytest.fixture(scope="module")
def base(sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return computed(sources, tmp_path_factory.mktemp("base"))


@pytest.mark.parametrize("seed", [0, 1])
def test_row_order_does_not_matter(
    seed: int, sources: Sources, base: pd.DataFrame, tmp_path: Path
) -> None:
    """Shuffle every file: the same bits."""
    assert_same_bits(base, computed(sources.shuffled(np.random.default_rng(seed)), tmp_path))


def test_other_customers_do_not_matter(
    sources: Sources, base: pd.DataFrame, tmp_path: Path
) -> None:
    """Half the customers alone: the same bits for them."""
    some = list(range(0, 60, 2))
    alone = computed(sources.of(some), tmp_path)
    assert_same_bits(base[base.index.isin([str(n) for n in some])], alone)


def test_what_others_did_does_not_matter(
    sources: Sources, base: pd.DataFrame, tmp_path: Path
) -> None:
    """Others do other things, some come and some go: the same bits for the rest."""
    some = list(range(0, 60, 3))
    beside = sources.beside(some, dirty_sources(10, customers=90))
    among = [str(n) for n in some]
    changed = computed(beside, tmp_path)
    assert len(changed) > len(base)
    assert_same_bits(base[base.index.isin(among)], changed[changed.index.isin(among)])


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More rows than one thread takes at a time."""
    folder = tmp_path_factory.mktemp("many")
    dirty_sources(9, customers=9_000).write(folder)
    assert read(DuckDB(EngineSettings()), folder).events.count().to_pyarrow().as_py() > 150_000
    return folder


@pytest.mark.long
def test_threads_do_not_matter(many: Path) -> None:
    """One thread or two: the same bits."""
    assert_same_bits(recomputed(many, threads=1), recomputed(many, threads=2))


@pytest.mark.long
def test_neither_plan_nor_threads_nor_chunks_matter(many: Path) -> None:
    """Added up by customer and period, or read one by one; by 9,000 customers or 2,000: the same bits."""
    read_one_by_one, added_up = (
        batches(many, name, threads, customers)
        for name, threads, customers in (("direct", 1, 10_000), ("periods", 2, 2_000))
    )
    assert list(read_one_by_one) == list(added_up)
    for cutoff, frame in read_one_by_one.items():
        assert_same_bits(frame, added_up[cutoff])


def batches(
    folder: Path, name: Literal["direct", "periods"], threads: int, customers: int
) -> dict[date, pd.DataFrame]:
    """Compute the features of everybody at three cutoffs, as if all was known when it happened."""
    log = read(DuckDB(EngineSettings(threads=threads)), folder)
    events, lines = (table.mutate(known_s=table.at_s) for table in (log.events, log.lines))
    at_once = tuple(name for name in log.columns if name != "available_at")
    log = replace(log, events=events, lines=lines, columns=at_once)
    everyone = log.events.select("customer_id").distinct()
    days = [CUTOFF - timedelta(28 * n) for n in (0, 1, 5)]
    plan = Plan(name=name, why="asked", cutoffs=len(days))
    parts: dict[date, list[pa.Table]] = {day: [] for day in days}
    people = dict.fromkeys(days, everyone)
    for day, part in FEATURES.batches(log, people, plan=plan, customers=customers):
        parts[day].append(part)
    return {day: pa.concat_tables(parts[day]).to_pandas() for day in days}
