"""The feature matrix of a study as files: one by DuckDB, a folder of them by Spark's executors.

In:  a Study, cutoffs, a path; on Spark also a URI.
Out: Parquet, whole or not at all; how many rows it has.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from reveil.activity.states import State, population
from reveil.config import Study
from reveil.errors import DataError, StudyError
from reveil.events.log import EventLog
from reveil.events.reader import reading
from reveil.events.settings import TableSettings
from reveil.pipeline import matrices
from reveil.pipeline.observing import features_of, open_events

if TYPE_CHECKING:
    from reveil.engine.spark_backend import SparkBackend


def write_matrix(
    study: Study, cutoffs: Sequence[date], out: Path, *, log: EventLog | None = None
) -> int:
    """Write the features of every active or inactive customer, as of some cutoffs.

    DuckDB writes one file, sorted by cutoff and customer. Spark writes a folder: its executors
    write the parts, one customer's rows of a cutoff in one of them, and `_SUCCESS` comes last;
    nothing but the number of rows reaches the driver.

    Parameters
    ----------
    out
        The file or folder; replaced whole or not at all. On Spark also a URI such as
        `s3a://bucket/matrix`, which must not exist: without `_SUCCESS` in it, it is not whole.
    log
        Of the study, where it is open already.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    StudyError
        When a cutoff lies outside the coverage, or `out` is no place for a matrix.
    DataError
        When nobody was a customer before a cutoff, or the matrix cannot be written.
    """
    if study.engine.backend == "duckdb":
        return matrices.write_matrix(study, cutoffs, out, log=log)
    days = matrices.planned(study, cutoffs)
    uri = TableSettings(file=out).uri
    if uri is None:
        _require_folder(out)
    log = open_events(study) if log is None else log
    if uri is not None:
        return _written(study, log, days, uri)
    part = out.with_name(f".{out.name}.{uuid4().hex}")
    try:
        rows = _written(study, log, days, str(part.absolute()))
        old = out.with_name(f".{out.name}.{uuid4().hex}") if out.exists() else None
        if old is not None:
            out.replace(old)
        part.replace(out)
        if old is not None:
            shutil.rmtree(old)
    except OSError as error:
        raise DataError(
            f"{out} cannot be written: {error.strerror or error}", hint="change --out"
        ) from None
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return rows


def _written(study: Study, log: EventLog, days: Sequence[date], folder: str) -> int:
    """Have the executors write one cutoff after the other; mark the folder whole at the end."""
    backend: SparkBackend = log.events.get_backend()
    features = features_of(study, log)
    scratch = f"{folder}.aggregates"
    with reading(folder.rpartition("/")[2]), backend.told():
        for n, day in enumerate(days):
            people = population(log, study.activity, day, State.ACTIVE, State.INACTIVE)
            # Hundreds of columns in one query are more than Spark's planner takes: who is in the
            # matrix, and what is counted of them, are worked out first.
            people = backend.kept(people)
            keep = partial(backend.written, folder=f"{scratch}/{day}")
            first, last = n == 0, n == len(days) - 1
            try:
                table = features.matrix(log, people, day, kept=keep)
                mode: Literal["error", "append"] = "error" if first else "append"
                backend.write_parquet(table, folder, mode=mode, whole=last)
            finally:
                backend.forget(people)
                backend.remove(scratch)
        counted = backend.counted(folder, "cutoff")
    for day in days:
        if not counted.get(day):
            raise DataError(
                f"no customer is known before {day}",
                hint=f"the log covers {study.coverage.start} to {study.coverage.end}",
            )
    return sum(counted.values())


def _require_folder(out: Path) -> None:
    """Refuse a path that is something else than a matrix, before anything is read."""
    if out.exists() and not (out / "_SUCCESS").is_file() and (out.is_file() or any(out.iterdir())):
        raise StudyError(
            f"{out} exists, and is no matrix that Spark wrote",
            hint="on Spark a matrix is a folder: name one that does not exist",
        )
    if not out.parent.is_dir():
        raise StudyError(
            f"the folder {out.parent} does not exist", hint="create it, or change --out"
        )
