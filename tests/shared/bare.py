"""A log laid out event by event, without a source to read."""

from __future__ import annotations

from datetime import date

import ibis
import pyarrow as pa
from dirty import ROLES

from reveil.engine.duckdb import DuckDB
from reveil.events.log import DAY, EventLog, seconds
from reveil.windows import Coverage

CUTOFF = date(2020, 3, 1)
T = seconds(CUTOFF)


def log_of(db: DuckDB, rows: list[dict[str, object]]) -> EventLog:
    """Lay out a log of events of customer `a`, everything not said being ordinary."""
    usual = {"customer_id": "a", "kind": "purchase", "at_s": T - DAY, "amount": None,
             "order_id": None, "channel": None, "campaign": None, "offer": None, "rating": None,
             "is_start": True, "item": None, "category": None}  # fmt: skip
    full = [{**usual, **row} for row in rows]
    full = [{"known_s": row["at_s"], **row} for row in full]
    names = {"amount": pa.int64(), "at_s": pa.int64(), "known_s": pa.int64(),
             "is_start": pa.bool_(), "rating": pa.float64()}  # fmt: skip
    columns = [*usual, "known_s"]
    schema = pa.schema([(name, names.get(name, pa.string())) for name in columns])
    table = db.store(ibis.memtable(pa.Table.from_pylist(full, schema=schema)))
    return EventLog(
        events=table.drop("item", "category"),
        lines=table.select("customer_id", "kind", "at_s", "known_s", "item", "category"),
        customers=None,
        coverage=Coverage(start=date(2010, 1, 1), end=date(2021, 1, 1)),
        roles=ROLES,
        kinds=tuple(sorted(ROLES)),
        columns=(),
        findings=(),
    )
