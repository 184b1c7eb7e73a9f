"""`reveil features --cutoff --out` on Spark: the folder holds what DuckDB writes to a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import dirty
import numpy as np
import pandas as pd
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from dirty import CUTOFFS, dirty_sources

from reveil.config import Study, parse_study
from reveil.engine.spark import Spark
from reveil.errors import StudyError
from reveil.pipeline.matrix_files import write_matrix

DAYS = (CUTOFFS[2], CUTOFFS[1])


def study(folder: Path, backend: str) -> Study:
    """Say about the dirty files what a study would."""
    sources, customers = dirty.settings(folder)
    raw: dict[str, Any] = {
        "name": "garden",
        "sources": [source.model_dump(exclude_unset=True) for source in sources],
        "customers": customers.model_dump(exclude_unset=True),
        "kinds": {"garden_tour": "engagement", "adjustment": "passive"},
        "coverage": {"start": dirty.COVERAGE.start, "end": dirty.COVERAGE.end},
        "activity": {"any_of": ["purchase", "email_click"], "within": "84 days"},
        "windows": {"observation": "364 days", "horizon": "90 days"},
        "engine": {"backend": backend},
    }
    return parse_study(raw)


def rows(found: Any) -> pd.DataFrame:
    frame: pd.DataFrame = found.to_pandas()
    return frame.sort_values(["cutoff", "customer_id"], ignore_index=True)


def test_spark_writes_the_matrix_that_duckdb_writes(engine: Spark, tmp_path: Path) -> None:
    """Every feature at two cutoffs from the raw sources: equal bits and equal nulls."""
    drawn = dirty_sources(5, customers=40)
    # Planning takes Spark long, and longer with every kind; test_spark.py compares all of them.
    few = drawn.contacts["what"].isin(["email_sent", "email_click", "visit", "tour"])
    replace(drawn, contacts=drawn.contacts[few]).write(tmp_path)
    file, folder = tmp_path / "matrix.parquet", tmp_path / "matrix"
    n = write_matrix(study(tmp_path, "duckdb"), DAYS, file)
    assert write_matrix(study(tmp_path, "spark"), DAYS, folder) == n > 20
    assert (folder / "_SUCCESS").is_file()
    here, there = rows(pq.read_table(file)), rows(ds.dataset(folder).to_table())
    assert list(here.columns) == list(there.columns)
    different = [
        name
        for name in here.columns
        if not (
            np.array_equal(here[name].to_numpy().view(np.int32), there[name].to_numpy().view(np.int32))
            if here[name].dtype == np.float32 and not here[name].isna().any()
            else here[name].equals(there[name])
        )
    ]  # fmt: skip
    assert different == []
    assert len(here.columns) > 60
    ids = [pq.read_table(part)["customer_id"].to_pylist() for part in folder.glob("*.parquet")]
    assert all(part == sorted(part) for part in ids)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".matrix")]


def test_what_is_no_matrix_is_not_replaced(tmp_path: Path) -> None:
    """A folder of something else, a file, a place that is none: before anything is read."""
    dirty_sources(5, customers=5).write(tmp_path)
    ours = study(tmp_path, "spark")
    for out in (tmp_path, tmp_path / "lines.parquet"):
        with pytest.raises(StudyError, match="is no matrix that Spark wrote"):
            write_matrix(ours, [date(2020, 6, 1)], out)
    with pytest.raises(StudyError, match="does not exist"):
        write_matrix(ours, [date(2020, 6, 1)], tmp_path / "none" / "matrix")
    assert (tmp_path / "lines.parquet").is_file()
