"""Every built-in feature equals what its name and meaning say, computed plainly."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
import pytest
from orderly import COLUMNS, CUTOFF, KINDS, OBSERVATION, ROLES, Past, answer, histories, opened

from reveil.engine.duckdb import DuckDB
from reveil.features.matrix import feature_set

FEATURES = feature_set(
    {kind: ROLES[kind] for kind in KINDS}, observation=OBSERVATION, columns=COLUMNS
)
CUSTOMERS = 600


@pytest.fixture(scope="module")
def pasts() -> dict[str, Past]:
    rows = histories(CUSTOMERS, seed=11)
    by_customer = {f"c{number:04d}": [] for number in range(CUSTOMERS)}
    for row in rows:
        by_customer[row.customer].append(row)
    return {customer: Past(rows) for customer, rows in by_customer.items()}


@pytest.fixture(scope="module")
def matrix(db: DuckDB, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    log = opened(db, histories(CUSTOMERS, seed=11), tmp_path_factory.mktemp("rows"))
    assert log.kinds == KINDS
    everyone = ibis.memtable({"customer_id": [f"c{number:04d}" for number in range(CUSTOMERS)]})
    table = FEATURES.matrix(log, everyone, CUTOFF)
    return table.to_pyarrow().to_pandas().set_index("customer_id").sort_index()


@pytest.mark.parametrize("name", FEATURES.names)
def test_feature_is_what_it_says(name: str, matrix: pd.DataFrame, pasts: dict[str, Past]) -> None:
    """On 600 small histories: nobody's, one event, ties, edges of windows, orders in pieces."""
    meant = np.array([answer(name)(pasts[customer]) for customer in matrix.index], dtype=float)
    found = matrix[name].to_numpy(dtype=float)
    wrong = ~np.isclose(found, meant, rtol=1e-5, atol=1e-4, equal_nan=True)
    examples = list(zip(matrix.index[wrong], found[wrong], meant[wrong], strict=True))[:3]
    assert not wrong.any(), f"{wrong.sum()} differ: {examples}"
    assert len(np.unique(meant[~np.isnan(meant)])) > 1


def test_matrix_is_float32(matrix: pd.DataFrame) -> None:
    """Stored as float32, every feature."""
    assert set(matrix.dtypes) == {np.dtype("float32")}
    assert tuple(matrix.columns) == FEATURES.names
