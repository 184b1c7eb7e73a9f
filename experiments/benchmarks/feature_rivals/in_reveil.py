"""The engine: the same Parquet, the public API, the same matrix.

In:  the log's Parquet, cutoffs.
Out: the matrix as Parquet.

The log's tables are opened lazily: whatever the engine makes of them is in the figure.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import ibis
from feature_rivals.asked import asked, contents
from feature_rivals.made import END, START

from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings
from reveil.events.log import EventLog
from reveil.windows import Coverage


def opened(folder: Path, backend: ibis.BaseBackend) -> EventLog:
    """Open the made log without reading it."""
    told = contents()
    return EventLog(
        events=backend.read_parquet(str(folder / "events.parquet")),
        lines=backend.read_parquet(str(folder / "lines.parquet")),
        customers=None,
        coverage=Coverage(start=START, end=END),
        roles=told.kinds,
        kinds=tuple(told.kinds),
        columns=told.columns,
        findings=(),
    )


def run(folder: Path, out: Path, cutoffs: list[date], observation: int, memory: str) -> None:
    """Write the matrix of some cutoffs."""
    out.mkdir(parents=True, exist_ok=True)
    backend = DuckDB(EngineSettings(threads=2, memory=memory)).backend
    log = opened(folder, backend)
    population = backend.read_parquet(str(folder / "customers.parquet"))
    features = asked(observation)
    for n, cutoff in enumerate(cutoffs):
        matrix = features.matrix(log, population, cutoff)
        backend.to_parquet(matrix, str(out / f"part-{n}.parquet"))
