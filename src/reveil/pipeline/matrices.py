"""The feature matrix of a study, at one cutoff or many: as a data frame, or as a file.

In:  a Study, its log, cutoffs.
Out: one row per active or inactive customer and cutoff.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reveil.activity.states import State, population
from reveil.config import Study
from reveil.errors import DataError, StudyError
from reveil.events.log import EventLog
from reveil.pipeline.observing import features_of, open_events, require_covered


def feature_matrix(
    study: Study, log: EventLog, cutoffs: date | str | Iterable[date | str]
) -> pd.DataFrame:
    """Compute the features of every active or inactive customer, as of some cutoffs.

    Parameters
    ----------
    cutoffs
        One or many: dates, or text as `"2011-09-01"`.

    Returns
    -------
    pandas.DataFrame
        `customer_id, cutoff, state`, then one float32 column per feature; sorted by cutoff and
        customer. NaN where a feature has nothing to say.

    Raises
    ------
    StudyError
        When a cutoff lies outside the coverage.
    DataError
        When nobody was a customer before a cutoff.
    """
    days = planned(study, [cutoffs] if isinstance(cutoffs, (date, str)) else cutoffs)
    frame: pd.DataFrame = pa.concat_tables(_tables(study, log, days)).to_pandas()
    frame["cutoff"] = pd.to_datetime(frame["cutoff"])
    return frame


def write_matrix(
    study: Study, cutoffs: Iterable[date], out: Path, *, log: EventLog | None = None
) -> int:
    """Write the features of every active or inactive customer, as of some cutoffs.

    Parameters
    ----------
    out
        A Parquet file, replaced whole or not at all.
    log
        Of the study, where it is open already.

    Returns
    -------
    int
        Rows written.

    Raises
    ------
    StudyError
        When a cutoff lies outside the coverage, or `out` is no place for a file.
    DataError
        When nobody was a customer before a cutoff, or the file cannot be written.
    """
    days = planned(study, cutoffs)
    require_place(out)
    part = out.with_name(f".{out.name}.{uuid4().hex}")
    rows = 0
    try:
        with part.open("xb") as opened:
            tables = _tables(study, open_events(study) if log is None else log, days)
            first = next(tables)
            with pq.ParquetWriter(opened, first.schema, compression="zstd") as writer:
                for table in (first, *tables):
                    writer.write_table(table)
                    rows += table.num_rows
        part.replace(out)
    except OSError as error:
        raise _unwritten(out, error) from None
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)
    return rows


def planned(study: Study, cutoffs: Iterable[date | str]) -> tuple[date, ...]:
    """Put cutoffs in order, each once, and refuse those at which the log is not complete."""
    days = sorted({_day(cutoff) for cutoff in cutoffs})
    if not days:
        raise StudyError("a matrix needs a cutoff", hint="write it as 2011-09-01")
    for day in days:
        require_covered(study, day)
    return tuple(days)


def require_place(out: Path) -> None:
    """Refuse a path that no file can be written to, before anything is read.

    Raises
    ------
    StudyError
        When its folder does not exist, or it is a folder itself.
    DataError
        When no file can be called that.
    """
    try:
        folder, placed = out.is_dir(), out.parent.is_dir()
    except OSError as error:  # a name longer than any file's
        raise _unwritten(out, error) from None
    if folder:
        raise StudyError(f"{out} is a folder", hint=f"name a file: --out {out / 'matrix.parquet'}")
    if not placed:
        raise StudyError(
            f"the folder {out.parent} does not exist", hint="create it, or change --out"
        )


def _unwritten(out: Path, error: OSError) -> DataError:
    return DataError(f"{out} cannot be written: {error.strerror or error}", hint="change --out")


def _tables(study: Study, log: EventLog, cutoffs: Iterable[date]) -> Iterator[pa.Table]:
    features = features_of(study, log)
    for cutoff in cutoffs:
        people = population(log, study.activity, cutoff, State.ACTIVE, State.INACTIVE)
        table = features.matrix(log, people, cutoff).order_by("customer_id").to_pyarrow()
        if table.num_rows == 0:
            raise DataError(
                f"no customer has ordered before {cutoff}",
                hint=f"the log covers {study.coverage.start} to {study.coverage.end}",
            )
        yield table


def _day(cutoff: date | str) -> date:
    if not isinstance(cutoff, str):
        return cutoff
    try:
        return date.fromisoformat(cutoff)
    except ValueError:
        raise StudyError(
            f"the cutoff {cutoff!r} is not a date", hint="write it as 2011-09-01"
        ) from None
