"""Scores: champions and a cutoff become scored customers, bucket by bucket.

In:  EventLog, one champion per target, the feature sets they were trained on, a snapshot.
Out: a stream of Arrow tables with one row per customer, sorted by customer id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from reveil.events.log import EventLog
from reveil.features.declare import Language
from reveil.features.matrix import FeatureSet
from reveil.learning.candidate import Candidate
from reveil.learning.drivers import Reason, reasons

BUCKET = 100_000
"""Customers scored at a time: what bounds memory."""

SCORED_STATES = ("active", "inactive")

REASONS_TYPE = pa.list_(
    pa.struct(
        {
            "code": pa.string(),
            "direction": pa.string(),
            "contribution": pa.float64(),
            "sentence": pa.string(),
        }
    )
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scorer:
    """A candidate and the features it needs.

    Parameters
    ----------
    candidate
        Champion of one target.
    features
        Rebuilt for this log; the caller has checked its fingerprint.
    """

    candidate: Candidate
    features: FeatureSet


def score(
    log: EventLog,
    described: pa.Table,
    scorers: Sequence[Scorer],
    cutoff: date,
    *,
    language: Language,
    reasons_per_customer: int = 3,
    threads: int = 2,
    progress: Callable[[int], object] | None = None,
) -> Iterator[pa.Table]:
    """Score every customer of a snapshot.

    Parameters
    ----------
    described
        The snapshot, sorted by customer id.
    progress
        Called with the number of customers of each bucket once it is scored.

    Yields
    ------
    pyarrow.Table
        The snapshot's columns, then a float64 column per target (null where the customer
        is not of its population), `last_order_at` and `reasons`.
    """
    buckets = [described.slice(at, BUCKET) for at in range(0, described.num_rows, BUCKET)]
    places = [np.flatnonzero(np.isin(one["state"].to_pylist(), SCORED_STATES)) for one in buckets]
    scored = pc.is_in(described["state"], value_set=pa.array(SCORED_STATES))
    population = described.filter(scored).select(["customer_id", "cutoff", "state"])
    sets = {_signals(one.features): one.features for one in scorers}
    streams = {
        key: _regrouped(_features(log, features, population, cutoff), [len(one) for one in places])
        for key, features in sets.items()
    }
    for bucket, where in zip(buckets, places, strict=True):
        frames = {key: next(stream) for key, stream in streams.items()}
        yield _scored(
            bucket,
            where,
            [(one, frames[_signals(one.features)]) for one in scorers],
            cutoff=cutoff,
            language=language,
            top=reasons_per_customer,
            threads=threads,
        )
        if progress is not None:
            progress(bucket.num_rows)


def _features(
    log: EventLog, features: FeatureSet, population: pa.Table, cutoff: date
) -> Iterator[pa.Table]:
    if population.num_rows == 0:
        return
    people = {cutoff: ibis.memtable(population)}
    for _, table in features.batches(log, people, customers=BUCKET):
        yield table


def _regrouped(tables: Iterator[pa.Table], sizes: Iterable[int]) -> Iterator[pd.DataFrame]:
    """Cut a stream of rows into frames of some sizes."""
    held: pa.Table | None = None
    for size in sizes:
        if size == 0:
            yield pd.DataFrame()
            continue
        while held is None or held.num_rows < size:
            more = next(tables)
            held = more if held is None else pa.concat_tables([held, more])
        frame = held.slice(0, size).to_pandas()
        # The season of a forecast is that of its cutoff.
        frame["cutoff"] = pd.to_datetime(frame["cutoff"])
        held = held.slice(size)
        yield frame


def _scored(
    bucket: pa.Table,
    where: np.ndarray,
    scorers: Sequence[tuple[Scorer, pd.DataFrame]],
    *,
    cutoff: date,
    language: Language,
    top: int,
    threads: int,
) -> pa.Table:
    """Score the customers of a bucket; the frames hold those at some places of it."""
    columns: dict[str, pa.Array] = {}
    spoken: list[list[Reason]] = [[] for _ in range(bucket.num_rows)]
    for scorer, frame in scorers:
        candidate = scorer.candidate
        values = np.full(bucket.num_rows, np.nan)
        if len(where):
            mine = (frame["state"] == candidate.population).to_numpy()
            rows = frame[mine].reset_index(drop=True)
            places = where[mine]
            values[places] = candidate.predict(rows, threads=threads)
            if candidate.link == "logit" and top > 0:
                found = reasons(
                    candidate,
                    rows,
                    scorer.features.features,
                    language=language,
                    top=top,
                )
                for place, given in zip(places, found, strict=True):
                    spoken[place] = list(given)
        columns[candidate.target] = pa.array(values, from_pandas=True)
    table = bucket.drop_columns(["order_recency_days"])
    for name, column in columns.items():
        table = table.append_column(name, column)
    table = table.append_column(
        "last_order_at", _last_order(bucket["order_recency_days"].to_pandas(), cutoff)
    )
    return table.append_column("reasons", _as_structs(spoken))


def _signals(features: FeatureSet) -> object:
    """Tell feature sets apart that give other values under the same names."""
    written_for = repr(
        (features.contents, features.active_by, features.limit_days, features.modules)
    )
    return (written_for, features.include, features.observation)


def _last_order(recency: pd.Series, cutoff: date) -> pa.Array:
    days = np.ceil(recency.to_numpy(dtype=np.float64))
    return pa.array(
        [None if np.isnan(d) else cutoff - timedelta(days=int(d)) for d in days], pa.date32()
    )


def _as_structs(spoken: Sequence[Sequence[Reason]]) -> pa.Array:
    return pa.array(
        [
            [
                {
                    "code": reason.code,
                    "direction": reason.direction,
                    "contribution": reason.contribution,
                    "sentence": reason.sentence,
                }
                for reason in given
            ]
            for given in spoken
        ],
        REASONS_TYPE,
    )
