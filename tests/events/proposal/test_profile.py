"""What files and columns are seen to hold, however they are written."""

from __future__ import annotations

import json
import sqlite3
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reveil.errors import DataError
from reveil.events.proposal import profile_files, profile_text
from reveil.events.proposal.profile import Column, profile
from reveil.events.proposal.profile_files import Sample, look_into
from reveil.events.settings import TableSettings

ROWS = [("A", date(2024, 3, 1 + i % 28), 1.5 + i) for i in range(60)]


def text(*, delimiter: str = ",", dates: str = "%Y-%m-%d", comma: bool = False) -> str:
    """Orders with a header in French, one line each."""
    lines = [delimiter.join(("client", "été", "montant"))]
    for who, day, amount in ROWS:
        told = f"{amount:.2f}".replace(".", ",") if comma else f"{amount:.2f}"
        lines.append(delimiter.join((who, day.strftime(dates), told)))
    return "\n".join(lines) + "\n"


def column(*values: object, kind: pa.DataType | None = None) -> Column:
    """Profile one column."""
    table = pa.table({"x": pa.array(values, kind)})
    sample = Sample(
        name="t", place=TableSettings(file=Path("t.csv")), table=table, rows=len(values)
    )
    return profile(sample)["x"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
def test_delimiter_and_encoding_are_found(tmp_path: Path, delimiter: str, encoding: str) -> None:
    """Whatever divides and encodes a CSV, its columns and rows are those that were written."""
    comma = delimiter != ","
    (tmp_path / "ventes.csv").write_bytes(text(delimiter=delimiter, comma=comma).encode(encoding))
    (sample,), _, unread = look_into(tmp_path)
    assert unread == []
    assert sample.table.column_names == ["client", "été", "montant"]
    assert (sample.rows, sample.exact, sample.table.num_rows) == (60, True, 60)
    assert sample.place.encoding == encoding.removesuffix("-sig")
    assert (sample.place.delimiter or ",") == delimiter
    numbers = profile(sample)["montant"].numbers
    assert numbers is not None
    assert (numbers.decimal, numbers.low, numbers.high) == ("," if comma else ".", 1.5, 60.5)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("%Y-%m-%d", None),
        ("%Y-%m-%d %H:%M:%S", None),
        ("%Y-%m-%dT%H:%M:%SZ", None),
        ("%d/%m/%Y", "%d/%m/%Y"),
        ("%m/%d/%Y", "%m/%d/%Y"),
        ("%d.%m.%y", "%d.%m.%y"),
        ("%d-%m-%Y %H:%M", "%d-%m-%Y %H:%M"),
        ("%m/%d/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"),
        ("%Y/%m/%d", "%Y/%m/%d"),
        ("%Y%m%d", "%Y%m%d"),
    ],
)
def test_dates_are_read_as_they_were_written(pattern: str, expected: str | None) -> None:
    """Every spelling gives back the days themselves."""
    days = [date(2023, 1 + i % 12, 1 + i % 28) for i in range(120)]
    dates = column(*(d.strftime(pattern) for d in days)).dates
    assert dates is not None
    assert dates.formats == (expected,)
    assert dates.days.to_pylist() == days
    assert (dates.low, dates.high, dates.share) == (min(days), max(days), 1.0)


@given(st.lists(st.dates(date(2000, 1, 1), date(2030, 12, 31)), min_size=1, max_size=40))
def test_a_date_is_never_turned_round(days: list[date]) -> None:
    """Of text written day first, the true reading is always among those kept; alone if proven."""
    dates = column(*(d.strftime("%d/%m/%Y") for d in days)).dates
    assert dates is not None
    assert "%d/%m/%Y" in dates.formats
    if any(d.day > 12 for d in days):
        assert dates.formats == ("%d/%m/%Y",)


def test_the_order_of_rows_tells_day_from_month() -> None:
    """Where no day is above 12, rows in the order of time decide; without it nothing does."""
    days = [date(2023, month, day) for month in range(1, 13) for day in range(1, 13)]
    ordered = column(*(d.strftime("%m/%d/%Y") for d in days)).dates
    shuffled = column(*(d.strftime("%m/%d/%Y") for d in sorted(days, key=hash))).dates
    assert ordered is not None
    assert shuffled is not None
    assert ordered.formats == ("%m/%d/%Y",)
    assert set(shuffled.formats) == {"%m/%d/%Y", "%d/%m/%Y"}


def test_dates_in_both_orders_are_said_to_be() -> None:
    """A file pasted from two countries has no one reading."""
    dates = column("31/01/2024", "01/31/2024", "28/01/2024", "03/04/2024").dates
    assert dates is not None
    assert len(dates.formats) == 2
    assert "either order" in dates.evidence


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1 234,50", "12,00"], (",", 12.0, 1234.5)),
        (["1\u202f234,5", "-12,25"], (",", -12.25, 1234.5)),
        (["12.50 €", "3.00 €"], (".", 3.0, 12.5)),
        (["007", "12"], (".", 7.0, 12.0)),
    ],
)
def test_numbers_in_text(values: list[str], expected: tuple[str, float, float]) -> None:
    """French and English numbers, groups of thousands, currency signs."""
    numbers = column(*values).numbers
    assert numbers is not None
    assert (numbers.decimal, numbers.low, numbers.high) == expected


def test_addresses_are_personal_and_leave_no_words() -> None:
    """A column of mail addresses or telephone numbers is neither words nor an id."""
    for held in (column("a@b.fr", "c@d.org"), column("06 12 34 56 78", "+33 6 12 34 56 78")):
        assert held.personal
        assert held.words == {}
        assert not held.is_id


def test_files_of_one_shape_are_one_table(tmp_path: Path) -> None:
    """Months become a glob, unless their names are kinds; other shapes stay apart."""
    for month in range(1, 13):
        (tmp_path / f"tickets_2024-{month:02d}.csv").write_text(text(), "utf-8")
    (tmp_path / ".tickets_2024-13.csv").write_text(text(), "utf-8")  # hidden: half a download
    mails = tmp_path / "mails"
    mails.mkdir()
    for kind in ("click", "open"):
        (mails / f"email_{kind}.csv").write_text("client,date\nA,2024-01-01\n", "utf-8")
    samples, _, _ = look_into(tmp_path)
    found = {s.place.file.name: (s.files, s.rows) for s in samples}
    assert found == {
        "tickets_2024-*.csv": (12, 720),
        "email_click.csv": (1, 1),
        "email_open.csv": (1, 1),
    }


def test_a_hive_folder_is_one_table_with_its_keys(tmp_path: Path) -> None:
    """`year=2023/part.parquet` and its like: the folder is the table, the key a column."""
    for year in (2023, 2024):
        part = tmp_path / "achats" / f"year={year}"
        part.mkdir(parents=True)
        pq.write_table(pa.table({"client": ["A", "B"]}), part / "part.parquet")
    (sample,), _, _ = look_into(tmp_path)
    assert sample.place.file == tmp_path / "achats"
    assert (sample.files, sample.rows) == (2, 4)
    assert sorted(sample.table["year"].to_pylist()) == ["2023", "2023", "2024", "2024"]


def test_tables_of_a_database(tmp_path: Path) -> None:
    """Every table of an SQLite file with rows; a column of several types is text."""
    with sqlite3.connect(tmp_path / "crm.db") as connection:
        connection.execute("create table orders (id integer, customer, total real)")
        connection.executemany("insert into orders values (?, ?, ?)", [(1, "A", 1.5), (2, 7, 2.0)])
        connection.execute("create table empty (id integer)")
    connection.close()
    (sample,), _, _ = look_into(tmp_path)
    assert (sample.place.table, sample.rows) == ("orders", 2)
    assert sample.table["customer"].to_pylist() == ["A", "7"]
    assert sample.table.schema.field("total").type == pa.float64()


def test_json_lines_keep_every_key(tmp_path: Path) -> None:
    """A key that comes late is a column; an object within is no reason to stop."""
    lines = [{"user_id": "A", "ts": "2024-03-01"}, {"user_id": 7, "more": {"x": 1}, "late": True}]
    (tmp_path / "events.jsonl").write_text("\n".join(json.dumps(x) for x in lines), "utf-8")
    (sample,), _, _ = look_into(tmp_path)
    assert sample.table.column_names == ["user_id", "ts", "more", "late"]
    assert sample.table["user_id"].to_pylist() == ["A", "7"]


BAD = {
    "empty.csv": b"",
    "header.csv": b"client,date\n",
    "binary.csv": b"\x00\x01\x02" * 50,
    "cut.parquet": b"PAR1",
    "list.jsonl": b"[1, 2]\n",
    "prose.jsonl": b"not json\n",
    "sheet.xlsx": b"PK",
    "whole.json": b"[]",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_its_reason(tmp_path: Path, name: str) -> None:
    """It is left out, the good one beside it is read, and no value is repeated."""
    (tmp_path / name).write_bytes(BAD[name])
    (tmp_path / "good.csv").write_text(text(), "utf-8")
    samples, _, (unread,) = look_into(tmp_path)
    assert [s.name for s in samples] == ["good"]
    assert unread.file.name == name
    assert len(unread.reason) > 5


@pytest.mark.parametrize(
    "row",
    [
        "C{i:04d},oui,rouge",
        "C{i:04d},jean{i}.dupont@example.fr,oui",
        "Dupont,2024-01-{i:02d},oui",
        "Dupont,{i:02d}/01/2024,oui",
        "Dupont,oui,{i}.50",
        "AB-{i:05d},oui,rouge",
        "7{i:04d},oui,rouge",
        "{i},4,oui",
    ],
)
def test_a_first_row_of_data_is_no_header(tmp_path: Path, row: str) -> None:
    """One date, number, address or id among its names is enough; none of them is kept."""
    lines = [row.format(i=i) for i in range(10, 40)]
    (tmp_path / "ventes.csv").write_text("\n".join(lines), "utf-8")
    (sample,), _, _ = look_into(tmp_path)
    assert not sample.header
    assert (sample.table.column_names, sample.table.num_rows) == ([], 0)


@pytest.mark.parametrize("header", ["client,ca_2022,ca_2023", "client,Q101,Q102", "a,b,c1"])
def test_names_with_digits_are_names(tmp_path: Path, header: str) -> None:
    """Where no value of their column is written as they are."""
    lines = [header, *(f"Dupont{i},{i}.5,{i}" for i in range(30))]
    (tmp_path / "clients.csv").write_text("\n".join(lines), "utf-8")
    (sample,), _, _ = look_into(tmp_path)
    assert sample.header
    assert sample.table.column_names == header.split(",")
    assert sample.rows == 30


def test_a_part_without_header_joins_no_table(tmp_path: Path) -> None:
    """It neither lends its first row to the others nor loses it among them."""
    (tmp_path / "tickets_2024-01.csv").write_text(text(), "utf-8")
    (tmp_path / "tickets_2024-02.csv").write_text(text().partition("\n")[2], "utf-8")
    samples, _, _ = look_into(tmp_path)
    assert [(s.place.file.name, s.files, s.header) for s in samples] == [
        ("tickets_2024-01.csv", 1, True),
        ("tickets_2024-02.csv", 1, False),
    ]


def test_a_link_to_nowhere_and_an_empty_folder(tmp_path: Path) -> None:
    """One is named, the other is an error with a hint."""
    with pytest.raises(DataError, match="holds no file"):
        look_into(tmp_path)
    (tmp_path / "lost.csv").symlink_to(tmp_path / "gone.csv")
    assert look_into(tmp_path)[2][0].reason == "is a link that leads to no file"
    with pytest.raises(DataError, match="does not exist"):
        look_into(tmp_path / "nowhere")


def test_a_big_text_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its first, middle and last rows are seen, and the count is near the truth."""
    monkeypatch.setattr(profile_text, "WHOLE_BYTES", 60_000)
    rows = [f"C{i % 97},{date.fromordinal(738_000 + i // 20)},{i}.50" for i in range(20_000)]
    (tmp_path / "big.csv").write_text("client,date,montant\n" + "\n".join(rows) + "\n", "utf-8")
    (sample,), _, _ = look_into(tmp_path)
    assert not sample.exact
    assert not sample.whole
    assert sample.table.num_rows < 10_000
    assert abs(sample.rows / 20_000 - 1) < 0.05
    assert all(value.endswith(".50") for value in sample.table["montant"].to_pylist())
    days = profile(sample)["date"].dates
    assert days is not None
    assert days.share == 1.0
    assert days.low == date.fromordinal(738_000)
    assert days.high == date.fromordinal(738_000 + 19_999 // 20)


def test_a_big_parquet_is_read_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are counted exactly, and the ends of a column are those of the file's statistics."""
    monkeypatch.setattr(profile_files, "WHOLE_ROWS", 1_000)
    monkeypatch.setattr(profile_files, "BLOCK_ROWS", 100)
    days = [date.fromordinal(738_000 + i // 20) for i in range(20_000)]
    table = pa.table({"client": [f"C{i % 97}" for i in range(20_000)], "date": days})
    pq.write_table(table, tmp_path / "big.parquet", row_group_size=2_000)
    (sample,), _, _ = look_into(tmp_path)
    assert (sample.rows, sample.exact, sample.whole) == (20_000, True, False)
    assert sample.table.num_rows <= 500
    assert sample.bounds["date"] == (days[0], days[-1])
