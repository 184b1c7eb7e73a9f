"""A log of a few rows, typed in a test."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd

from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog, open_log
from reveil.events.roles import roles_of
from reveil.events.settings import CustomersSettings, SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2010, 1, 1), end=date(2012, 1, 1))
NAMES = ("who", "kind", "at", "amount", "order", "late")
Typed = tuple[object, ...]


def small_log(
    db: DuckDB, folder: Path, rows: list[Typed], known: dict[str, str] | None = None
) -> EventLog:
    """Open rows of who, kind, at[, amount[, order[, available_at]]], and who is known since when."""
    filled = [row + (None,) * (len(NAMES) - len(row)) for row in rows]
    pd.DataFrame(filled, columns=list(NAMES)).to_csv(folder / "rows.csv", index=False)
    source = SourceSettings(
        name="rows",
        path=folder / "rows.csv",
        columns={"customer": "who", "at": "at", "amount": "amount", "order": "order",
                 "available_at": "late"},
        kind={"column": "kind"},
    )  # fmt: skip
    customers = None
    if known is not None:
        people = pd.DataFrame({"id": known.keys(), "since": known.values()})
        people.to_csv(folder / "people.csv", index=False)
        customers = CustomersSettings(path=folder / "people.csv", customer="id", since="since")
    return open_log(db, [source], customers, COVERAGE, roles_of({}))
