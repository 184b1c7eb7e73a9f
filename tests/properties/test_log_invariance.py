"""What must not matter to a customer's features: row order, other customers, threads, the plan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from dirty import CUTOFFS, Sources, catalogue, dirty_sources, read

from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.engine.duckdb import DuckDB
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


@pytest.mark.long
def test_threads_do_not_matter(tmp_path: Path) -> None:
    """More rows than one thread takes at a time: the same bits."""
    dirty_sources(9, customers=9_000).write(tmp_path)
    assert read(DuckDB(EngineSettings()), tmp_path).events.count().to_pyarrow().as_py() > 150_000
    assert_same_bits(recomputed(tmp_path, threads=1), recomputed(tmp_path, threads=2))
