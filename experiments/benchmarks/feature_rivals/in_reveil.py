"""The engine: the same Parquet, the public API, the same matrix.

In:  the log's Parquet, cutoffs.
Out: the matrix as Parquet.

The log's tables are opened lazily: whatever the engine makes of them is in the figure.
"""

from __future__ import annotations

from datetime import date
from itertools import chain
from pathlib import Path

import ibis
import pyarrow.parquet as pq
from feature_rivals.asked import Run, asked, contents
from feature_rivals.made import END, START

from reveil.engine.duckdb import DuckDB
from reveil.engine.plan import Plan
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


def prepared(
    folder: Path, out: Path, cutoffs: list[date], observation: int, memory: str, plan: str
) -> Run:
    """Make ready to write the matrix of some cutoffs, by the engine's choice of plan or one named."""

    def run() -> None:
        backend = DuckDB(EngineSettings(threads=2, memory=memory)).backend
        log = opened(folder, backend)
        people = backend.read_parquet(str(folder / "customers.parquet"))
        features = asked(observation)
        named = Plan(name=plan, why="asked for", cutoffs=len(cutoffs)) if plan else None
        tables = features.batches(
            log, {day: people.mutate(cutoff=ibis.date(day)) for day in cutoffs}, plan=named
        )
        # As `reveil features --out` writes it.
        first = next(tables)[1]
        with pq.ParquetWriter(out / "part-0.parquet", first.schema, compression="zstd") as writer:
            for table in chain([first], (table for _, table in tables)):
                writer.write_table(table)

    return run
