"""Writing a small file and opening it as a study's only source."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog, open_log
from reveil.events.roles import Role, roles_of
from reveil.events.settings import CustomersSettings, SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2011, 1, 1), end=date(2012, 1, 1))
Open = Callable[..., EventLog]


@pytest.fixture
def open_file(db: DuckDB, tmp_path: Path) -> Open:
    """Write content to a file of that name and open it as the source `shop`."""

    def opened(
        name: str,
        content: str | bytes | pa.Table | pd.DataFrame | None = None,
        *,
        customers: CustomersSettings | None = None,
        roles: dict[str, Role] | None = None,
        **said: Any,
    ) -> EventLog:
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content.to_parquet(path, index=False)
        elif isinstance(content, pa.Table):
            pq.write_table(content, path)
        elif content is not None:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
        settings: dict[str, Any] = {"columns": {"customer": "who", "at": "day"}, "kind": "purchase"}
        source = SourceSettings(name="shop", path=path, **(settings | said))
        return open_log(db, [source], customers, COVERAGE, roles_of(roles or {}))

    return opened


@pytest.fixture
def rows_of() -> Callable[[EventLog], pd.DataFrame]:
    """Events as a frame in the order of their moments."""

    def rows(log: EventLog) -> pd.DataFrame:
        frame = log.events.order_by(["at_s", "customer_id", "known_s"]).to_pyarrow().to_pandas()
        return frame.assign(
            at=pd.to_datetime(frame["at_s"], unit="s"),
            known=pd.to_datetime(frame["known_s"], unit="s"),
        )

    return rows
