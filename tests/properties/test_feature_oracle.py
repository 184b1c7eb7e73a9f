"""Whatever a few customers did, every feature is what it says: searched, and shrunk when it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import ibis
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import answer
from oracle_past import Row
from orderly import EDGES, KINDS, Case, opened, told, written

from reveil.engine.duckdb import DuckDB

CUTOFF = date(2020, 3, 1)
MIDNIGHT = datetime(2020, 3, 1)
STUDY = replace(told(CUTOFF, 392), attributes=(), facts=())
FEATURES = written(STUDY)
CUSTOMERS = ("c0", "c1", "c2", "c3", "nobody")


def some(*values: str | float) -> st.SearchStrategy[str | float | None]:
    """One of some values, or none."""
    return st.sampled_from([None, *values])


MOMENTS = st.builds(
    lambda days, seconds: MIDNIGHT - timedelta(days=days, seconds=seconds),
    st.sampled_from(EDGES) | st.integers(0, 400),
    st.sampled_from([0, 1, -1]) | st.integers(0, 86_399),
)
ROWS = st.builds(
    Row,
    customer=st.sampled_from(CUSTOMERS[:-1]),
    kind=st.sampled_from(["purchase", "email_sent", *KINDS]),
    at=MOMENTS,
    available_at=st.none() | MOMENTS,
    order=some("no 1", "no 2"),
    amount=some(0.0, -3.5, 0.01, 1_000_000.0),
    item=some("i1", "i2"),
    category=some("a", "b"),
    channel=some("web", "WEB", "in store", "fax"),
    campaign=some("spring", "summer"),
    offer=some("ten percent"),
    rating=some(-1.0, 0.0, 4.25),
)


@given(rows=st.lists(ROWS, min_size=1, max_size=40))
@settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_feature_is_what_it_says(db: DuckDB, rows: list[Row]) -> None:
    """Any kind may be an order, be late, rate, or name anything."""
    one = Case(rows=tuple(rows), people=(), told=STUDY, features=FEATURES, customers=CUSTOMERS)
    with TemporaryDirectory() as folder:
        log = opened(db, rows, (), Path(folder))
        everyone = ibis.memtable({"customer_id": list(CUSTOMERS)})
        table = FEATURES.matrix(log, everyone, CUTOFF).to_pyarrow()
    matrix = table.to_pandas().set_index("customer_id").loc[list(CUSTOMERS)]
    pasts, wrong = one.pasts().values(), {}
    for name in FEATURES.names:
        means = answer(name, STUDY.roles)
        meant = np.array([means(past) for past in pasts], dtype="float32")
        found = matrix[name].to_numpy()
        if not np.allclose(found, meant, rtol=3e-7, atol=1e-7, equal_nan=True):
            wrong[name] = (found.tolist(), meant.tolist())
    assert not wrong
