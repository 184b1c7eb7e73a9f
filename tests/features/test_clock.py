"""On the nights when clocks change, features are those of the wall clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import ibis
import numpy as np
import pytest
from oracle import answer
from oracle_past import Row
from orderly import Case, case, opened

from reveil.engine.duckdb import DuckDB

PARIS, NEW_YORK = ZoneInfo("Europe/Paris"), ZoneInfo("America/New_York")
NIGHTS = (
    datetime(2019, 10, 26, 20, tzinfo=UTC),
    datetime(2020, 3, 28, 20, tzinfo=UTC),
    datetime(2020, 10, 24, 20, tzinfo=UTC),
)
"""Evenings, UTC, before the nights when the clocks of Paris change."""

TILL_NIGHTS = (datetime(2019, 11, 3), datetime(2020, 3, 8))
"""Midnights, by the clocks of New York, before they change."""

CUTOFFS = (date(2020, 3, 29), date(2020, 3, 30), date(2020, 10, 25), date(2020, 10, 26))

Moved = Callable[[datetime], datetime]


def each(rows: tuple[Row, ...], moved: Moved) -> tuple[Row, ...]:
    """Move every moment of some rows."""
    return tuple(
        replace(
            row,
            at=moved(row.at),
            available_at=None if row.available_at is None else moved(row.available_at),
        )
        for row in rows
    )


def by_instant(rng: np.random.Generator) -> Moved:
    """Draw instants: what Paris calls a moment, or some hour of one of the nights."""

    def moved(at: datetime) -> datetime:
        if rng.random() < 0.5:
            return at.replace(tzinfo=PARIS, fold=int(rng.integers(2))).astimezone(UTC)
        return NIGHTS[rng.integers(3)] + timedelta(seconds=int(rng.integers(0, 10 * 3_600)))

    return moved


def by_the_till(rng: np.random.Generator) -> Moved:
    """Keep a wall clock, or draw some hour of a night when the clocks of New York change."""

    def moved(at: datetime) -> datetime:
        if rng.random() < 0.5:
            return at
        return TILL_NIGHTS[rng.integers(2)] + timedelta(seconds=int(rng.integers(0, 5 * 3_600)))

    return moved


def in_paris(at: datetime) -> datetime:
    """Read an instant, or else a wall clock of New York, on the wall clock of Paris."""
    instant = at if at.tzinfo is not None else at.replace(tzinfo=NEW_YORK)
    return instant.astimezone(PARIS).replace(tzinfo=None)


def wrong(db: DuckDB, written: Case, folder: Path, written_in: str | None) -> list[str]:
    """Name the features that are not what they are on the wall clock of Paris."""
    log = opened(db, written.rows, (), folder, timezone="Europe/Paris", written_in=written_in)
    everyone = ibis.memtable({"customer_id": list(written.customers)})
    table = written.features.matrix(log, everyone, written.told.cutoff)
    matrix = table.to_pyarrow().to_pandas().set_index("customer_id").loc[list(written.customers)]
    pasts = replace(written, rows=each(written.rows, in_paris)).pasts()
    found = []
    for name in written.features.names:
        means = answer(name, written.told.roles)
        meant = np.array([means(past) for past in pasts.values()], dtype="float32")
        if not np.allclose(matrix[name], meant, rtol=3e-7, atol=1e-7, equal_nan=True):
            found.append(name)
    return found


def without_people(cutoff: date, seed: int) -> Case:
    """Draw histories of a log that has no customers table."""
    return case(150, seed, cutoff, 364, known=False)


@pytest.mark.parametrize("cutoff", CUTOFFS, ids=str)
def test_instants_are_read_on_the_wall_clock(db: DuckDB, cutoff: date, tmp_path: Path) -> None:
    """Instants with their distance from UTC; the hour shown twice, and the one never shown."""
    drawn = without_people(cutoff, 21)
    moved = by_instant(np.random.default_rng(cutoff.toordinal()))
    assert not wrong(db, replace(drawn, rows=each(drawn.rows, moved)), tmp_path, None)


def test_another_clock_is_read_on_the_wall_clock(db: DuckDB, tmp_path: Path) -> None:
    """What a till of New York calls a moment, the study in Paris calls by its own clock."""
    drawn = without_people(CUTOFFS[1], 22)
    moved = by_the_till(np.random.default_rng(22))
    assert not wrong(db, replace(drawn, rows=each(drawn.rows, moved)), tmp_path, "America/New_York")
