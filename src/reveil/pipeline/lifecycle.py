"""The lifecycle of a base, published: where everyone stands, who moved, what it looks like.

In:  a Study, a cutoff, an earlier date, a folder.
Out: Lifecycle; a folder whose manifest vouches for `states` (Parquet and CSV), `transitions` and
     `movers` (CSV), `rfm_edges` (JSON) and `lifecycle` (HTML).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa

from reveil.activity.transitions import transitions
from reveil.activity.words import IN_FRENCH, word
from reveil.config import Study
from reveil.events.log import EventLog
from reveil.features.declare import Language
from reveil.pipeline.lifecycle_telling import report_values
from reveil.pipeline.movers import Movers, described, movers, movers_frame
from reveil.pipeline.standing import Base, Standing, gather, labels_of, standing
from reveil.reports.lifecycle import lifecycle_report
from reveil.scoring.publish import Manifest, publishing, read_manifest
from reveil.targeting.export import to_csv_bytes

STATES = "states"

FOLLOWED = ("state", "group", "engagement_band", "rfm")
"""Columns whose moves are written."""

CHUNK = 25_000
"""Customers written at a time."""

_NULLABLE = {
    pa.int8(): pd.Int8Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
}
"""So that a whole number reads as one wherever a chunk ends, nulls in it or not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Lifecycle:
    """The counts of a base, what distinguished the movers, and where all was published.

    Parameters
    ----------
    movers
        Empty when nothing was published: they are looked for with the files alone.
    """

    standing: Standing
    movers: tuple[Movers, ...] = ()
    manifest: Manifest | None = None


def lifecycle(
    study: Study,
    cutoff: date,
    *,
    out: Path | None = None,
    since: date | None = None,
    periods: int | None = None,
    log: EventLog | None = None,
    at: datetime | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Lifecycle:
    """Count where the base stands and who moved; with a folder, write it down.

    Parameters
    ----------
    out
        Where to publish; nothing is written without it.
    since, periods
        The earlier date, or how many periods of 28 days before the cutoff it lies; see
        `gather` for what is chosen without either.

    Raises
    ------
    StudyError
        When a date lies outside the coverage.
    DataError
        When nobody is known before the cutoff, or another job is publishing there.
    """
    say("reading")
    base = gather(study, cutoff, since=since, periods=periods, log=log)
    say("counting")
    counted = standing(base)
    if out is None:
        return Lifecycle(standing=counted)
    say("comparing those who moved with those who stayed")
    found = movers(base)
    say("writing")
    manifest = _publish(base, counted, found, out, at or datetime.now(UTC))
    return Lifecycle(standing=counted, movers=found, manifest=manifest)


def _publish(
    base: Base, counted: Standing, found: tuple[Movers, ...], out: Path, at: datetime
) -> Manifest:
    study = base.study
    values = report_values(base, counted, found, described(base))
    inputs = {
        "study": study.name,
        "cutoff": base.cutoff.isoformat(),
        "since": base.dates[0].isoformat(),
        "activity": sha256(study.activity.model_dump_json().encode()).hexdigest(),
    }

    def written(frame: pd.DataFrame, columns: Iterable[str]) -> str:
        said = frame.copy()
        for end in ("from", "to"):
            ends = zip(frame[end], columns, strict=True)
            said[end] = [_said(label, column, study.language) for label, column in ends]
        return to_csv_bytes(said, study.language).decode("utf-8")

    moves, moved = moves_frame(base), movers_frame(found)
    everyone = _numbered(base.now)
    with publishing(out, kind=STATES, inputs=inputs, at=at) as publication:
        publication.parquet("states", _chunks(everyone))
        publication.pieces("states", "csv", _csv(everyone, study))
        publication.text("transitions", "csv", written(moves, moves["column"]))
        publication.text("movers", "csv", written(moved, ["state"] * len(moved)))
        if base.edges is not None:
            publication.json(
                "rfm_edges", {"fitted_at": base.cutoff.isoformat(), **base.edges.to_dict()}
            )
        publication.text("lifecycle", "html", lifecycle_report(values, study.language))
    return read_manifest(out, kind=STATES)


def moves_frame(base: Base) -> pd.DataFrame:
    """Lay out who moved from the first date to the cutoff, by each of `FOLLOWED`.

    Returns
    -------
    pandas.DataFrame
        `column, since, until, from, to, customers, share`; moves nobody made are left out. An
        entry has no `from`, an exit no `to`, and neither has a share.
    """
    columns = ["column", "since", "until", "from", "to", "customers", "share"]
    if base.then is None:
        return pd.DataFrame(columns=columns)
    frames = []
    for column in FOLLOWED:
        if column in base.now.columns:
            moves = transitions(base.then, base.now, column, labels=labels_of(column))
            frame = moves.frame()
            frames.append(frame[frame["customers"] > 0].assign(column=column))
    every = pd.concat(frames, ignore_index=True)
    every = every.assign(since=base.dates[0].isoformat(), until=base.cutoff.isoformat())
    return every[columns]


def _numbered(table: ir.Table) -> ir.Table:
    """Give each customer a place in the order of ids, so that files are written piece by piece."""
    return table.mutate(place=ibis.row_number().over(order_by=table.customer_id)).cache()


def _chunks(numbered: ir.Table) -> Iterator[pa.Table]:
    customers = numbered.count().to_pyarrow().as_py()
    for start in range(0, customers, CHUNK):
        inside = numbered.filter(numbered.place >= start, numbered.place < start + CHUNK)
        yield inside.order_by("place").drop("place").to_pyarrow()


def _csv(table: ir.Table, study: Study) -> Iterator[str]:
    """Write the customers as a CRM tool reads them: labels in words, dates as days."""
    for i, chunk in enumerate(_chunks(table)):
        frame = chunk.to_pandas(types_mapper=_NULLABLE.get)
        for column in IN_FRENCH:
            frame[column] = [_said(label, column, study.language) for label in frame[column]]
        text = to_csv_bytes(frame, study.language).decode("utf-8")
        # The header, and the mark before it, belong to the first chunk.
        yield text if i == 0 else text.split("\r\n", 1)[1]


def _said(label: object, column: str, language: Language) -> str | None:
    return word(column, label, language) if isinstance(label, str) else None
