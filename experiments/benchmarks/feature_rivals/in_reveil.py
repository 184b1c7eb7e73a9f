"""The engine: the same Parquet, the public API, the same matrix.

In:  the log's Parquet, cutoffs.
Out: the matrix as Parquet.

The log's tables are opened lazily: whatever the engine makes of them is in the figure.
"""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import ibis
import pyarrow.parquet as pq
from feature_rivals.asked import Job, Run, asked, contents
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


def prepared(job: Job) -> Run:
    """Make ready to write the matrix of some cutoffs, by the engine's choice of plan or one named."""

    def run() -> None:
        backend = DuckDB(EngineSettings(threads=2, memory=job.memory)).backend
        log = opened(job.folder, backend)
        people = backend.read_parquet(str(job.folder / "customers.parquet"))
        plan = None
        if job.how:
            plan = Plan(name=job.how, why="it was asked for", cutoffs=len(job.cutoffs))
        tables = asked(job.observation).batches(
            log, {day: people.mutate(cutoff=ibis.date(day)) for day in job.cutoffs}, plan=plan
        )
        # As `reveil features --out` writes it.
        first = next(tables)[1]
        with pq.ParquetWriter(job.out / "part-0.parquet", first.schema, compression="zstd") as file:
            for table in chain([first], (table for _, table in tables)):
                file.write_table(table)

    return run
