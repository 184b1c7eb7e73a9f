"""Whatever a company's export looks like, the same rows come out of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import ibis
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reveil.engine.duckdb import DuckDB
from reveil.errors import DataError
from reveil.events.log import EventLog, open_log
from reveil.events.roles import roles_of
from reveil.events.settings import SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2011, 1, 1), end=date(2012, 1, 1))
COLUMNS = {"customer": "client", "at": "jour", "amount": "montant"}
FRAME = pd.DataFrame(
    {
        "client": ["é1", "b", "é1", "c"],
        "jour": ["2011-02-01 10:00:00", "2011-02-28 23:59:59", "2011-03-01 00:00:00", "2011-03-02"],
        "montant": [1.1, 1234.25, -3.0, 0.5],
    }
)
FRENCH = (
    "client;jour;montant\r\n"
    "é1;01/02/2011 10:00:00;1,1\r\n"
    "b;28/02/2011 23:59:59;1 234,25\r\n"
    "é1;01/03/2011 00:00:00;-3\r\n"
    "c;02/03/2011 00:00:00;0,50\r\n"
)
DAY = {"column": "jour", "format": "%d/%m/%Y %H:%M:%S"}


def opened(db: DuckDB, path: Any, frame: object = None, **said: Any) -> EventLog:
    settings: dict[str, Any] = {"columns": COLUMNS, "kind": "purchase"}
    source = SourceSettings(name="shop", path=path, **(settings | said))
    frames = None if frame is None else {"shop": frame}
    return open_log(db, [source], None, COVERAGE, roles_of({}), frames=frames)


def rows(log: EventLog) -> list[tuple[str, str, int | None]]:
    frame = log.events.order_by("at_s").to_pyarrow().to_pandas()
    at = pd.to_datetime(frame["at_s"], unit="s").astype(str)
    return list(zip(frame["customer_id"], at, frame["amount"], strict=True))


EXPECTED = [
    ("é1", "2011-02-01 10:00:00", 11_000),
    ("b", "2011-02-28 23:59:59", 12_342_500),
    ("é1", "2011-03-01 00:00:00", -30_000),
    ("c", "2011-03-02 00:00:00", 5_000),
]


@pytest.mark.parametrize("encoding", ["utf-8", "cp1252", "latin-1", "utf-16", "utf-8-sig"])
def test_a_french_export(db: DuckDB, tmp_path: Path, encoding: str) -> None:
    """Semicolons, decimal commas, spaces between thousands, days first, any encoding."""
    file = tmp_path / "ventes d'été.csv"
    file.write_bytes(FRENCH.encode(encoding))
    path = {"file": file, "delimiter": ";", "decimal": ",", "encoding": encoding}
    assert rows(opened(db, path, columns=COLUMNS | {"at": DAY})) == EXPECTED


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("1234,5", 12_345_000), ("1.234,5", 12_345_000), ("1\u202f234,5", 12_345_000),
        ("1\u00a0234,5", 12_345_000), ("-1,5", -15_000), ("+2", 20_000), (" 3 ", 30_000),
        ("12.50", None), ("1.23,5", None), ("1,2,3", None), ("5 €", None), ("", None),
        ("n.c.", None), ("1.234.567", 12_345_670_000),
    ],
)  # fmt: skip
def test_a_decimal_comma_is_never_half_understood(
    db: DuckDB, tmp_path: Path, text: str, units: int | None
) -> None:
    file = tmp_path / "s.csv"
    file.write_text(f'client;jour;montant\na;2011-02-01;"{text}"\n', "utf-8")
    path = {"file": file, "delimiter": ";", "decimal": ","}
    for amount in ("montant", {"expression": '"montant" * 1'}, {"expression": "try_cast(montant as double)"}):  # fmt: skip
        log = opened(db, path, columns=COLUMNS | {"amount": amount})
        found = log.events.to_pyarrow()["amount"][0].as_py()
        assert found == units, amount


def test_a_strict_cast_of_what_is_no_number_is_refused(db: DuckDB, tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("client;jour;montant\na;2011-02-01;12.50\n", "utf-8")
    with pytest.raises(DataError, match="cannot be read"):
        opened(
            db,
            {"file": file, "delimiter": ";", "decimal": ","},
            columns=COLUMNS | {"amount": {"expression": "cast(montant as double)"}},
        )


def test_arithmetic_on_the_text_of_a_csv(db: DuckDB, tmp_path: Path) -> None:
    """Quantity times price needs no cast, nor does a condition on a number."""
    file = tmp_path / "s.csv"
    file.write_text("client,jour,n,prix\na,2011-02-01,3,1.5\nb,2011-02-02,10,2\n", "utf-8")
    log = opened(
        db, file, where='"n" > 9', columns=COLUMNS | {"amount": {"expression": "n * prix"}}
    )
    assert rows(log) == [("b", "2011-02-02", 200_000)]


def test_wrong_encoding_is_said(db: DuckDB, tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_bytes(FRENCH.encode("latin-1") + b"\x81;;\n")
    with pytest.raises(DataError, match="is not written in cp1252"):
        opened(db, {"file": file, "encoding": "cp1252"})


def test_parts_of_one_table(db: DuckDB, tmp_path: Path) -> None:
    """A glob, a folder, a folder of folders whose names are a column; columns in any order."""
    for year, part in ((1, FRAME[:2]), (2, FRAME[2:].iloc[:, ::-1])):
        for folder, suffix in (("csv", "csv"), ("hive", "parquet")):
            file = tmp_path / folder / f"part={year}" / f"x.{suffix}"
            file.parent.mkdir(parents=True)
            part.to_csv(file, index=False) if suffix == "csv" else part.to_parquet(
                file, index=False
            )
    (tmp_path / "hive" / "_SUCCESS").write_text("")
    for path in ("csv", "csv/*/x.csv", "csv/**/*.csv", "hive", "hive/*/*.parquet"):
        assert rows(opened(db, tmp_path / path)) == EXPECTED, path
    said = {"columns": COLUMNS | {"campaign": "part"}}
    for folder in ("csv", "hive"):
        log = opened(db, tmp_path / folder, **said)
        assert log.events.order_by("at_s").to_pyarrow()["campaign"].to_pylist() == list("1122")


def test_parts_of_different_tables_are_refused(db: DuckDB, tmp_path: Path) -> None:
    """A column that one file lacks would be empty in silence."""
    FRAME.to_csv(tmp_path / "a.csv", index=False)
    FRAME.rename(columns={"montant": "total"}).to_csv(tmp_path / "b.csv", index=False)
    with pytest.raises(DataError, match=r"only one of them has montant, total"):
        opened(db, tmp_path / "*.csv")
    FRAME.to_parquet(tmp_path / "c.parquet")
    with pytest.raises(DataError, match="files of several types"):
        opened(db, tmp_path)
    with pytest.raises(DataError, match="no file matches"):
        opened(db, tmp_path / "*.tsv")


def test_a_link_to_nowhere(db: DuckDB, tmp_path: Path) -> None:
    (tmp_path / "s.csv").symlink_to(tmp_path / "gone.csv")
    with pytest.raises(DataError, match="points to a file that does not exist"):
        opened(db, tmp_path / "s.csv")


def test_tables_of_a_database_file(db: DuckDB, tmp_path: Path) -> None:
    """DuckDB and SQLite, whatever the file is called."""
    with duckdb.connect(str(tmp_path / "shop.db")) as made:
        made.execute("create table orders (client text, jour text, montant double)")
        made.executemany("insert into orders values (?, ?, ?)", FRAME.to_numpy().tolist())
        made.execute("create schema crm; create table crm.orders as from orders")
    lite = sqlite3.connect(tmp_path / "lite.db")
    lite.execute('create table "or""ders" (client, jour, montant)')
    lite.executemany('insert into "or""ders" values (?, ?, ?)', FRAME.to_numpy().tolist())
    lite.execute('create view seen as select * from "or""ders"')
    lite.commit()
    lite.close()
    for file, table in (("shop.db", "orders"), ("shop.db", "crm.orders"), ("lite.db", 'or"ders'), ("lite.db", "seen")):  # fmt: skip
        log = opened(db, {"file": tmp_path / file, "table": table})
        assert rows(log) == EXPECTED, (file, table)
    with pytest.raises(
        DataError, match=r"holds the tables crm\.orders, orders, not `ordres`"
    ) as raised:
        opened(db, {"file": tmp_path / "shop.db", "table": "ordres"})
    assert raised.value.hint == "did you mean `orders`?"
    with pytest.raises(DataError, match="the study does not say which"):
        opened(db, tmp_path / "lite.db")
    FRAME.to_csv(tmp_path / "s.csv")
    with pytest.raises(DataError, match="has no tables"):
        opened(db, {"file": tmp_path / "s.csv", "table": "orders"})


@pytest.mark.parametrize("connect", [duckdb.connect, sqlite3.connect])
def test_databases_in_a_folder_with_an_apostrophe(
    db: DuckDB, tmp_path: Path, connect: Callable[[str], Any]
) -> None:
    folder = tmp_path / "l'été; attach 'x"
    folder.mkdir()
    made = connect(str(folder / "d'achat.db"))
    made.execute("begin")
    made.execute("create table orders (client text, jour text, montant double)")
    made.executemany("insert into orders values (?, ?, ?)", FRAME.to_numpy().tolist())
    made.commit()
    made.close()
    assert rows(opened(db, {"file": folder / "d'achat.db", "table": "orders"})) == EXPECTED


def test_sqlite_keeps_what_each_value_is(db: DuckDB, tmp_path: Path) -> None:
    """A column of SQLite may mix integers and text: an id stays what was written."""
    lite = sqlite3.connect(tmp_path / "s.sqlite")
    lite.execute("create table orders (client, jour, montant)")
    mixed = [(7, "2011-02-01", 1), ("007", "2011-02-02", 2.5), ("a", "2011-02-03", None)]
    lite.executemany("insert into orders values (?, ?, ?)", mixed)
    lite.commit()
    lite.close()
    found = rows(opened(db, {"file": tmp_path / "s.sqlite", "table": "orders"}))
    assert [row[0] for row in found] == ["7", "007", "a"]
    assert [row[2] for row in found][:2] == [10_000, 25_000]


def _frames() -> dict[str, Callable[[], object]]:
    stamped = FRAME.assign(jour=pd.to_datetime(FRAME["jour"], format="mixed"))
    return {
        "pandas": lambda: FRAME,
        "pandas, strange index": lambda: stamped.set_index(np.array([3, 1, 1, 2])),
        "pandas, categories": lambda: FRAME.astype({"client": "category"}),
        "polars": lambda: pl.from_pandas(stamped),
        "polars, lazy, categories": lambda: (
            pl.from_pandas(FRAME).lazy().with_columns(pl.col("client").cast(pl.Categorical))
        ),
        "arrow": lambda: pa.Table.from_pandas(stamped),
        "arrow, a stream": lambda: pa.Table.from_pandas(FRAME).to_reader(),
        "ibis": lambda: ibis.memtable(stamped),
        "ibis, another database": lambda: ibis.duckdb.connect().create_table("t", FRAME),
    }


@pytest.mark.parametrize("name", _frames())
def test_data_frames(db: DuckDB, name: str) -> None:
    assert rows(opened(db, None, _frames()[name]())) == EXPECTED


def test_data_frames_that_are_none(db: DuckDB) -> None:
    with pytest.raises(DataError, match="a dict is not a data frame"):
        opened(db, None, {"client": ["a"]})
    with pytest.raises(DataError, match="the data frame is empty"):
        opened(db, None, FRAME[:0])
    with pytest.raises(DataError, match=r"has no `path`, and no data frame was given") as raised:
        opened(db, None)
    assert "frames={'shop': frame}" in raised.value.hint
    source = SourceSettings(name="shop", columns=COLUMNS, kind="purchase")
    with pytest.raises(DataError, match="no source of the study is called `shpo`"):
        open_log(db, [source], None, COVERAGE, roles_of({}), frames={"shpo": FRAME})


def test_the_parquet_of_a_folder_is_read_once_each(db: DuckDB, tmp_path: Path) -> None:
    """Types that differ between parts are joined, not refused and not lost."""
    pq.write_table(pa.table({"client": [1], "jour": ["2011-02-01"], "montant": [1]}), tmp_path / "a.parquet")  # fmt: skip
    pq.write_table(pa.table({"client": ["x"], "jour": ["2011-02-02"], "montant": [2.5]}), tmp_path / "b.parquet")  # fmt: skip
    found = rows(opened(db, tmp_path))
    assert [(who, amount) for who, _, amount in found] == [("1", 10_000), ("x", 25_000)]
