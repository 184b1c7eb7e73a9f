"""The feature matrix of a study, at one cutoff or many: as a data frame, or as a file.

In:  a Study, its log, cutoffs.
Out: one row per active or inactive customer and cutoff.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from reveil.activity.states import State, population
from reveil.config import Study
from reveil.engine.chunks import CHUNK
from reveil.engine.plan import Plan
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
    found: dict[date, list[pa.Table]] = {day: [] for day in days}
    for day, table in _batches(study, log, days):
        found[day].append(table)
    _require_somebody(study, {day: sum(map(len, tables)) for day, tables in found.items()})
    every = pa.concat_tables(table for tables in found.values() for table in tables)
    frame: pd.DataFrame = every.to_pandas()
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
    scratch = out.with_name(f".{out.name}.{uuid4().hex}")
    try:
        scratch.mkdir()
        whole = scratch / out.name
        rows = _written(study, open_events(study) if log is None else log, days, whole)
        whole.replace(out)
    except OSError as error:
        raise _unwritten(out, error) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return rows


def _written(
    study: Study, log: EventLog, days: Sequence[date], whole: Path, *, customers: int = CHUNK
) -> int:
    """Write the batches of each cutoff to a file of its own, then all of them one after another.

    Batches come a chunk of customers at a time; so neither the matrix nor a cutoff of it is
    ever in memory.
    """
    rows = dict.fromkeys(days, 0)
    with ExitStack() as stack:
        writers: dict[date, pq.ParquetWriter] = {}
        for day, table in _batches(study, log, days, customers=customers):
            if day not in writers:
                file = whole if len(days) == 1 else whole.with_name(f"{day}.parquet")
                writer = pq.ParquetWriter(file, table.schema, compression="zstd")
                writers[day] = stack.enter_context(writer)
            writers[day].write_table(table)
            rows[day] += table.num_rows
    _require_somebody(study, rows)
    if len(days) > 1:
        parts = [pq.ParquetFile(whole.with_name(f"{day}.parquet")) for day in days]
        with pq.ParquetWriter(whole, parts[0].schema_arrow, compression="zstd") as writer:
            for part in parts:
                with part:
                    for group in range(part.num_row_groups):
                        writer.write_table(part.read_row_group(group))
    return sum(rows.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """How a matrix would be computed, and how large it would be.

    Parameters
    ----------
    plan
        What the engine chose, and why.
    cutoffs
        Ascending, each once.
    customers
        Active or inactive at the last cutoff.
    features
        How many.
    aggregates
        What the engine counts for them at each cutoff.
    """

    plan: Plan
    cutoffs: tuple[date, ...]
    customers: int
    features: int
    aggregates: int

    @property
    def rows(self) -> int:
        """About so many: as many customers at each cutoff as at the last."""
        return self.customers * len(self.cutoffs)


def explain_matrix(
    study: Study, cutoffs: Iterable[date | str], *, log: EventLog | None = None
) -> Explanation:
    """Say how the features of some cutoffs would be computed; none is.

    Raises
    ------
    StudyError
        When a cutoff lies outside the coverage.
    """
    days = planned(study, cutoffs)
    log = open_events(study) if log is None else log
    features = features_of(study, log)
    people = population(log, study.activity, days[-1], State.ACTIVE, State.INACTIVE)
    return Explanation(
        plan=features.plan_for(log, days),
        cutoffs=days,
        customers=int(people.count().to_pyarrow().as_py()),
        features=len(features.features),
        aggregates=len(features.aggregates),
    )


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


def _batches(
    study: Study, log: EventLog, cutoffs: Iterable[date], *, customers: int = CHUNK
) -> Iterator[tuple[date, pa.Table]]:
    people = {
        cutoff: population(log, study.activity, cutoff, State.ACTIVE, State.INACTIVE)
        for cutoff in cutoffs
    }
    return features_of(study, log).batches(log, people, customers=customers)


def _require_somebody(study: Study, rows: Mapping[date, int]) -> None:
    for cutoff, n in rows.items():
        if n == 0:
            raise DataError(
                f"no customer is known before {cutoff}",
                hint=f"the log covers {study.coverage.start} to {study.coverage.end}",
            )


def _day(cutoff: date | str) -> date:
    if not isinstance(cutoff, str):
        return cutoff
    try:
        return date.fromisoformat(cutoff)
    except ValueError:
        raise StudyError(
            f"the cutoff {cutoff!r} is not a date", hint="write it as 2011-09-01"
        ) from None
