"""A small table of customers, opened beside one order, and what it says at a cutoff."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog, open_log
from reveil.events.roles import roles_of
from reveil.events.settings import CustomersSettings, IdentitySettings, SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2011, 1, 1), end=date(2012, 1, 1))
EVENTS = pd.DataFrame({"who": ["a"], "day": ["2011-02-01"]})


def opened(
    db: DuckDB,
    folder: Path,
    people: pd.DataFrame | pa.Table,
    identity: dict[str, Any] | None = None,
    path: dict[str, Any] | None = None,
    **said: Any,
) -> EventLog:
    file = folder / "people.csv"
    if isinstance(people, pa.Table):
        file = folder / "people.parquet"
        pq.write_table(people, file)
    else:
        people.to_csv(file, index=False, sep=(path or {}).get("delimiter", ","))
    source = SourceSettings.model_validate(
        {"name": "shop", "columns": {"customer": "who", "at": "day"}, "kind": "purchase"}
    )
    customers = CustomersSettings.model_validate(
        {"path": {"file": file, **(path or {})}, "customer": "id", **said}
    )
    return open_log(
        db, [source], customers, COVERAGE, roles_of({}), frames={"shop": EVENTS},
        identity=None if identity is None else IdentitySettings.model_validate(identity),
    )  # fmt: skip


def at(log: EventLog, day: str) -> dict[str, list[Any]]:
    """Give what the table said of each customer, by attribute; None where it said nothing."""
    people = log.before(date.fromisoformat(day)).customers
    assert people is not None
    return said_of(people)


def said_of(people: ibis.Table) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = people.order_by("customer_id").to_pyarrow().to_pydict()
    return {name.removeprefix("attribute_"): values for name, values in found.items()}
