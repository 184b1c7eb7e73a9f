"""The same dirty files read by Spark and by DuckDB: equal rows, equal findings, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import dirty
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dirty import dirty_sources

from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings
from reveil.engine.spark import Spark
from reveil.errors import DataError, ReveilError
from reveil.events.log import EventLog, open_log
from reveil.events.lookups import ROW
from reveil.events.roles import roles_of
from reveil.events.settings import (
    CustomersSettings,
    IdentitySettings,
    MachineSettings,
    SourceSettings,
    TableSettings,
)
from reveil.windows import Coverage

SECRET = "SECRET4711"


def sorted_rows(table: Any) -> pd.DataFrame:
    frame = table.select(sorted(table.columns)).to_pyarrow().to_pandas()
    return frame.sort_values(list(frame.columns), na_position="first", ignore_index=True)


def assert_same_log(here: EventLog, there: EventLog) -> None:
    assert here.findings == there.findings
    assert (here.kinds, here.columns) == (there.kinds, there.columns)
    for name in ("events", "lines", "customers"):
        mine, other = getattr(here, name), getattr(there, name)
        if mine is not None:
            pd.testing.assert_frame_equal(sorted_rows(mine), sorted_rows(other), check_exact=True)


def test_dirty_sources_make_the_same_log(db: DuckDB, engine: Spark, tmp_path: Path) -> None:
    """Parquet, CSV and a customers table with periods and attributes, full of what goes wrong."""
    dirty_sources(5, customers=60).write(tmp_path)
    here, there = (dirty.read(reader, tmp_path) for reader in (db, engine))
    assert_same_log(here, there)
    assert len(here.findings) > 12
    assert any(finding.positions for finding in here.findings)


def test_a_study_of_every_setting_makes_the_same_log(
    db: DuckDB, engine: Spark, tmp_path: Path
) -> None:
    """Zones, lookups, links, machines, decimal commas, folders, repeated rows, JSON lines."""
    rng = np.random.default_rng(3)
    n = 400
    ids = np.array(["c1", " C1", "0c1", "c2", "C3", "c4", "", "=c5", "straße", "STRASSE"])
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 400 * 86_400, n), unit="s")
    sales = pd.DataFrame(
        {
            "who": rng.choice(ids, n),
            "day": pd.Series(days).dt.strftime("%d/%m/%Y %H:%M"),
            "price": rng.choice(["12,50", "1 234,00", "n.c.", "", "-3,1", "0"], n),
            "number": rng.integers(1, 60, n).astype(str),
            "shop": rng.choice(["A", "B", "Z"], n),
            "note": rng.choice(["", 'two\nlines; "quoted"', "plain"], n),
        }
    )
    sales.loc[7, "day"] = "31/02/2021 10:00"
    sales = pd.concat([sales, sales.iloc[:20]], ignore_index=True)
    for year, part in (("2021", sales.iloc[:150]), ("2022", sales.iloc[150:])):
        folder = tmp_path / "sales" / f"year={year}"
        folder.mkdir(parents=True)
        part.to_csv(folder / "part.csv", sep=";", index=False)
    pd.DataFrame({"code": ["A", "B"], "town": ["Lyon", "Brest"]}).to_csv(
        tmp_path / "shops.csv", index=False
    )
    sent = pd.Timestamp("2021-06-01 10:00") + pd.to_timedelta(rng.integers(0, 5, 90), unit="D")
    mails = [
        {
            "id": str(rng.choice(["C1", "c2", "C3"])), "at": (at + wait).isoformat() + zone,
            "what": what, "mail": "spring", "stars": 4 if what == "email_click" else None,
        }
        for at in sent
        for what, wait, zone in (
            ("email_sent", pd.Timedelta(0), "Z"),
            ("email_click", pd.Timedelta(seconds=int(rng.integers(0, 4))), "+00:00"),
            ("email_open", pd.Timedelta(seconds=3), "Z"),
        )
    ]  # fmt: skip
    (tmp_path / "mails.jsonl").write_text("".join(json.dumps(m) + "\n" for m in mails), "utf-8")
    pd.DataFrame({"old": ["C4"], "new": ["C1"]}).to_csv(tmp_path / "links.csv", index=False)
    pd.DataFrame(
        {"id": ["c1", "C3", "c9"], "born": ["2020-05-01", "2021-01-01 12:00:00", ""], "ok": ["oui", "", "N"]}
    ).to_csv(tmp_path / "people.csv", index=False)  # fmt: skip
    sources = [
        SourceSettings(
            name="sales",
            path=TableSettings(file=tmp_path / "sales", delimiter=";", decimal=","),
            lookups=({"path": tmp_path / "shops.csv", "key": {"shop": "code"}},),
            columns={
                "customer": "who", "at": {"column": "day", "format": "%d/%m/%Y %H:%M"},
                "amount": "price", "order": "number", "channel": "shop",
                "category": {"expression": "upper(\"town\") || ' ' || \"note\""},
            },
            kind="purchase", where='"year" >= 2021', on_bad_date="drop", on_duplicate="drop",
            timezone="America/New_York",
        ),
        SourceSettings(
            name="mails", path=tmp_path / "mails.jsonl", kind={"column": "what"},
            columns={"customer": "id", "at": "at", "campaign": "mail", "rating": "stars"},
        ),
    ]  # fmt: skip
    people = CustomersSettings(
        path=tmp_path / "people.csv", customer="id", since="born", consent={"email": "ok"}
    )
    who = IdentitySettings(
        same=("case", "spaces", "leading_zeros"),
        links=({"path": tmp_path / "links.csv", "id": "old", "customer": "new"},),
    )
    here, there = (
        open_log(
            reader, sources, people, Coverage(start=date(2021, 1, 1), end=date(2022, 3, 1)),
            roles_of({}), identity=who, machines=MachineSettings(bulk=5), timezone="Europe/Paris",
        )
        for reader in (db, engine)
    )  # fmt: skip
    assert_same_log(here, there)
    checks = {finding.check for finding in here.findings}
    assert {"repeated row", "machine click", "machine open", "lookup without match"} <= checks
    assert {"unreadable amount", "unreadable date"} <= checks


def test_positions_count_the_rows_of_all_files(engine: Spark, tmp_path: Path) -> None:
    """From 1, in the order of the files, whatever tasks read them."""
    for name, first in (("b", 300), ("a", 0), ("c", 1_000)):
        rows = pa.table({"n": range(first, first + (700 if name == "b" else 300))})
        pq.write_table(rows, tmp_path / f"{name}.parquet", row_group_size=100)
    rows = engine.read(TableSettings(file=tmp_path))
    engine.session.conf.set("spark.sql.files.maxPartitionBytes", "1000")
    try:
        table = engine.backend.to_pyarrow(rows.select("n", position=rows[ROW]).order_by("n"))
    finally:
        engine.session.conf.unset("spark.sql.files.maxPartitionBytes")
    assert table["position"].to_pylist() == list(range(1, 1_301))


def test_what_kinds_of_columns_hold(db: DuckDB, engine: Spark, tmp_path: Path) -> None:
    """Nanoseconds, zones, dates, decimals, categories: equal moments, equal texts."""
    day = np.array(["2021-03-28T01:30:00.123456789", "2021-12-31T23:59:59.999999999"])
    table = pa.table(
        {
            "ns": pa.array(day.astype("datetime64[ns]")),
            "zoned": pa.array(day.astype("datetime64[us]"), pa.timestamp("us", "Asia/Tokyo")),
            "wall": pa.array(day.astype("datetime64[ms]"), pa.timestamp("ms")),
            "day": pa.array([date(2021, 1, 1), None]),
            "town": pa.array(["Lyon", "Brest"]).dictionary_encode(),
            "big": pa.array([2**62, None], pa.int64()),
        }
    )
    pq.write_table(table, tmp_path / "kinds.parquet")
    found = []
    for reader in (db, engine):
        raw = reader.read(TableSettings(file=tmp_path / "kinds.parquet"))
        assert raw.zoned.type().timezone is not None
        assert raw.wall.type().timezone is None
        texts = {name: raw[name].cast("string") for name in ("day", "town", "big")}
        moments = {name: raw[name].cast("timestamp(6)").cast("string") for name in ("ns", "wall")}
        found.append(sorted_rows(raw.select(**texts, **moments)))
    pd.testing.assert_frame_equal(*found)


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"who": ["a", "b"], "day": pd.to_datetime(["2021-01-02", "2021-03-04"])}),
        pl.DataFrame({"who": ["a", "b"], "day": [date(2021, 1, 2), date(2021, 3, 4)]}),
        pa.table({"who": ["a", "b"], "day": ["2021-01-02", "2021-03-04"]}),
    ],
    ids=["pandas", "polars", "arrow"],
)
def test_a_data_frame_is_read(engine: Spark, frame: object) -> None:
    """By its rows, numbered as they stand."""
    rows = engine.frame(frame)
    table = engine.backend.to_pyarrow(rows.order_by(ROW))
    assert table["who"].to_pylist() == ["a", "b"]
    assert table[ROW].to_pylist() == [1, 2]


def test_a_table_of_the_metastore_a_frame_of_spark_and_a_uri_are_read(
    engine: Spark, tmp_path: Path
) -> None:
    """By name, by itself, and as the file system of the URI lists it."""
    rows = engine.session.createDataFrame([("a", 1), ("b", 2)], "who string, n int")
    rows.createOrReplaceTempView("crm_orders")
    pq.write_table(pa.table({"who": ["a", "b"], "n": [1, 2]}), tmp_path / "orders.parquet")
    for read in (
        engine.read(TableSettings(table="crm_orders")),
        engine.frame(rows),
        engine.read(TableSettings(file=Path(tmp_path.as_uri()))),
        engine.read(TableSettings(file=Path(f"{tmp_path.as_uri()}/*.parquet"))),
    ):
        assert sorted_rows(read.select("who", "n"))["n"].tolist() == [1, 2]
    with pytest.raises(
        DataError, match=r"crm\.none cannot be read: the metastore has no such table"
    ):
        engine.read(TableSettings(table="crm.none"))


Write = Callable[[Path], TableSettings]


def text(content: str | bytes, name: str = "shop.csv", **said: Any) -> Write:
    def write(folder: Path) -> TableSettings:
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return TableSettings(file=folder / name, **said)

    return write


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (text("who,day\na,2021-01-01\n", encoding="cp1252"), "iconv -f cp1252 -t utf-8"),
        (text(b"SQLite format 3\0", "shop.sqlite"), "write the table to Parquet first"),
        (text("who;day,hour\na;1,2\n"), "say which separates its fields"),
        (text("who,who\na,b\n"), 'two columns of shop.csv are called "who"'),
        (text(""), "shop.csv is empty"),
        (text("PK", "shop.xlsx"), "of a type that is not known"),
        (text("no parquet at all", "shop.parquet"), "shop.parquet cannot be read"),
    ],
)  # fmt: skip
def test_what_spark_would_read_otherwise_is_refused(
    engine: Spark, tmp_path: Path, write: Write, says: str
) -> None:
    """With what to do about it."""
    with pytest.raises(DataError, match=says):
        engine.read(write(tmp_path))


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (text(f"who,day\na,2021-01-01\n{SECRET},2021-01-01,x\n"), "malformed row"),
        (text(f"who,day\na,2021-01-01\n{SECRET}\n"), "malformed row"),
        (text(f"who,day\n{SECRET}\u00e9,2021-01-01\n".encode("latin-1")), "not UTF-8"),
        (text(f'{{"who": "a"}}\n{{"who": "{SECRET}\n', "shop.jsonl"), "malformed row"),
    ],
    ids=["a field too many", "a field too few", "latin-1", "broken JSON"],
)
def test_a_damaged_row_is_an_error_that_shows_no_value(
    engine: Spark, tmp_path: Path, write: Write, says: str
) -> None:
    """Spark would fill it with nulls, cut it or replace its letters."""
    with pytest.raises(DataError, match=says) as caught:
        engine.store(engine.read(write(tmp_path)), "shop")
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_duckdb_says_what_only_spark_reads(db: DuckDB) -> None:
    """Tables of a metastore, and URIs."""
    for place in (TableSettings(table="crm.orders"), TableSettings(file=Path("s3a:/crm/orders"))):
        with pytest.raises(DataError, match="read by Spark only"):
            db.read(place)


def test_spark_without_java_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a traceback of a gateway that did not start."""
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(ReveilError, match="Spark needs Java"):
        Spark(EngineSettings(backend="spark"))
