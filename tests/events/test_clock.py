"""Moments are the study's wall clock, whatever clock a source hangs on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reveil.config import parse_study
from reveil.engine.duckdb import DuckDB
from reveil.errors import DataError, StudyError
from reveil.events.clock import Clock, changes
from reveil.events.log import open_log
from reveil.events.roles import roles_of
from reveil.events.settings import SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2023, 1, 1), end=date(2025, 1, 1))
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC", "America/Sao_Paulo")  # fmt: skip
MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2024, 12, 31))


def read(db: DuckDB, folder: Path, days: Any, *, zone: str = "UTC", **said: Any) -> list[str]:
    """Wall clock of the log for some moments of a source, in their order."""
    rows = pa.table({"who": [f"{i:06}" for i in range(len(days))], "day": days})
    pq.write_table(rows, folder / "s.parquet")
    settings = {"columns": {"customer": "who", "at": "day"}, "kind": "visit"} | said
    source = SourceSettings(name="s", path=folder / "s.parquet", **settings)
    log = open_log(db, [source], None, COVERAGE, roles_of({}), timezone=zone)
    seconds = log.events.order_by("customer_id").to_pyarrow()["at_s"].to_pylist()
    return [str(datetime.fromtimestamp(s, UTC).replace(tzinfo=None)) for s in seconds]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clock")


@settings(max_examples=30, deadline=None)
@given(st.lists(MOMENTS, min_size=1, max_size=40), st.sampled_from(ZONES), st.sampled_from(ZONES))
def test_every_moment_is_where_the_standard_library_puts_it(
    db: DuckDB, folder: Path, moments: list[datetime], zone: str, source: str
) -> None:
    """Instants with an offset, and wall clocks of the source, changes of the hour included."""
    moments = [m.replace(microsecond=0) for m in moments]
    there, here = ZoneInfo(source), ZoneInfo(zone)

    def wall(moment: datetime) -> str:
        return str(moment.astimezone(here).replace(tzinfo=None))

    instants = [m.replace(tzinfo=UTC) for m in moments]
    inside = [
        i for i in instants
        if COVERAGE.start <= i.astimezone(here).date() < COVERAGE.end
    ]  # fmt: skip
    if inside:
        assert read(db, folder, inside, zone=zone) == [wall(i) for i in inside]
        texts = [i.astimezone(there).isoformat() for i in inside]
        assert read(db, folder, texts, zone=zone) == [wall(i) for i in inside]
    # Skipped hours exist on no wall clock.
    real = [
        m for m in moments
        if m.replace(tzinfo=there).astimezone(UTC).astimezone(there).replace(tzinfo=None) == m
        and COVERAGE.start <= m.replace(tzinfo=there).astimezone(here).date() < COVERAGE.end
    ]  # fmt: skip
    if real:
        assert read(db, folder, real, zone=zone, timezone=source) == [
            wall(m.replace(tzinfo=there)) for m in real
        ]


@pytest.mark.parametrize("zone", ZONES)
def test_around_every_change_of_the_hour(db: DuckDB, folder: Path, zone: str) -> None:
    """A second before, at, and after; the first reading of an hour that comes twice."""
    clock = ZoneInfo(zone)
    for us, _ in changes(zone, COVERAGE.start, COVERAGE.end)[1:]:
        change = datetime.fromtimestamp(us // 1_000_000, UTC)
        instants = [change + timedelta(seconds=s) for s in (-3600, -1, 0, 1, 3600)]
        wanted = [i.astimezone(clock).replace(tzinfo=None, fold=0) for i in instants]
        assert read(db, folder, instants, zone=zone) == [str(w) for w in wanted]
        back = [w.replace(tzinfo=clock).astimezone(UTC).replace(tzinfo=None) for w in wanted]
        assert read(db, folder, wanted, timezone=zone) == [str(b) for b in back]


def test_a_day_of_the_calendar_is_nobodys_midnight(db: DuckDB, folder: Path) -> None:
    """Dates without a time of day stay where they are, as dates, as text, in any format."""
    said = {"zone": "America/New_York", "timezone": "Asia/Kolkata"}
    assert read(db, folder, [date(2024, 3, 1)], **said) == ["2024-03-01 00:00:00"]
    assert read(db, folder, ["2024-03-01"], **said) == ["2024-03-01 00:00:00"]
    french = {"columns": {"customer": "who", "at": {"column": "day", "format": "%d/%m/%Y"}}}
    assert read(db, folder, ["01/03/2024"], **said, **french) == ["2024-03-01 00:00:00"]
    timed = {"columns": {"customer": "who", "at": {"column": "day", "format": "%d/%m/%Y %H:%M"}}}
    for written, also in (("2024-03-01 12:00", {}), ("01/03/2024 12:00", timed)):
        assert read(db, folder, [written], **said, **also) == ["2024-03-01 01:30:00"]


def test_the_coverage_is_the_studys_days(db: DuckDB, folder: Path) -> None:
    """The last evening in Paris is in the log, though it is next year in Kolkata."""
    instant = pd.Timestamp("2024-12-31 22:30", tz="UTC")
    assert read(db, folder, [instant], zone="Europe/Paris") == ["2024-12-31 23:30:00"]
    early = [instant, pd.Timestamp("2024-06-01", tz="UTC")]
    assert read(db, folder, early, zone="Asia/Kolkata") == ["2024-06-01 05:30:00"]


def test_a_zone_nobody_knows_is_refused() -> None:
    with pytest.raises(StudyError, match=r"did you mean Europe/Paris"):
        parse_study({"name": "shop", "timezone": "Europe/Pari"})


def test_one_clock_moves_nothing(db: DuckDB) -> None:
    clock = Clock(zone="Europe/Paris", source="Europe/Paris", coverage=COVERAGE)
    marker: Callable[[object], object] = clock.of_wall  # type: ignore[assignment]
    thing = object()
    assert marker(thing) is thing


@pytest.mark.parametrize(
    ("written", "pattern"),
    [
        ("2023-07-03 01:04:25 UTC", None),
        ("2023-07-03 01:04:25Z", None),
        ("2023-07-02 21:04:25 America/New_York", None),
        ("2023-07-03T03:04:25+02:00", None),
        ("03/07/2023 03:04:25 +0200", "%d/%m/%Y %H:%M:%S %z"),
        ("03/07/2023 01:04:25 UTC", "%d/%m/%Y %H:%M:%S %Z"),
    ],
)
def test_a_zone_in_the_text_is_never_dropped(
    db: DuckDB, folder: Path, written: str, pattern: str | None
) -> None:
    """By offset, by name, in any format."""
    at = "day" if pattern is None else {"column": "day", "format": pattern}
    said = {"columns": {"customer": "who", "at": at}, "timezone": "Asia/Kolkata"}
    assert read(db, folder, [written], zone="Europe/Paris", **said) == ["2023-07-03 03:04:25"]


def test_a_zone_that_is_none_is_unreadable(db: DuckDB, folder: Path) -> None:
    with pytest.raises(DataError, match="no readable date"):
        read(db, folder, ["2023-07-03 01:04:25 Foo/Bar"])


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_instants_of_any_precision(db: DuckDB, folder: Path, unit: str) -> None:
    """As files and as data frames; nanoseconds are what pandas wrote for years."""
    day = pd.Series(pd.to_datetime(["2023-07-03 01:04:25"])).dt.tz_localize("UTC").dt.as_unit(unit)
    arrow = pa.array([datetime(2023, 7, 3, 1, 4, 25, tzinfo=UTC)], pa.timestamp(unit, "UTC"))
    assert read(db, folder, arrow, zone="Europe/Paris") == ["2023-07-03 03:04:25"]
    source = SourceSettings(name="s", columns={"customer": "who", "at": "day"}, kind="visit")
    frames = {"s": pd.DataFrame({"who": ["a"], "day": day})}
    log = open_log(
        db, [source], None, COVERAGE, roles_of({}), timezone="Europe/Paris", frames=frames
    )
    seconds = log.events.to_pyarrow()["at_s"][0].as_py()
    assert str(datetime.fromtimestamp(seconds, UTC))[:19] == "2023-07-03 03:04:25"
