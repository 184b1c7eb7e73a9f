"""What a source says, whatever its format, becomes the same rows of the log."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reveil.engine.duckdb import DuckDB
from reveil.errors import DataError
from reveil.events.log import EventLog
from reveil.events.values import money

Open = Callable[..., EventLog]
Rows = Callable[[EventLog], pd.DataFrame]

FRAME = pd.DataFrame(
    {
        "who": ["a", "b", "a"],
        "day": ["2011-02-01 10:00:00", "2011-02-28 23:59:59", "2011-03-01 00:00:00"],
        "sum": [1.1, 20.25, -3.0],
    }
)
COLUMNS = {"customer": "who", "at": "day", "amount": "sum"}


def jsonl(frame: pd.DataFrame) -> str:
    return "\n".join(json.dumps(row) for row in frame.to_dict("records"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("s.parquet", FRAME),
        ("s.parquet", FRAME.assign(day=pd.to_datetime(FRAME["day"]))),
        ("s.parquet", FRAME.assign(day=pd.to_datetime(FRAME["day"]).dt.as_unit("ns"))),
        ("s.csv", FRAME.to_csv(index=False)),
        ("s.csv", "\ufeff" + FRAME.to_csv(index=False)),
        ("s.csv", FRAME.to_csv(index=False, sep=";")),
        ("s.csv", FRAME.to_csv(index=False, quoting=1)),
        ("s.csv", FRAME.to_csv(index=False, lineterminator="\r\n")),
        ("s.CSV", FRAME.to_csv(index=False, sep="\t")),
        ("s.2011.jsonl", jsonl(FRAME)),
        ("s.ndjson", jsonl(FRAME)),
    ],
)
def test_every_format_gives_the_same_log(
    open_file: Open, rows_of: Rows, name: str, content: object
) -> None:
    """Parquet, CSV in its dialects, JSON lines."""
    rows = rows_of(open_file(name, content, columns=COLUMNS))
    assert rows["customer_id"].tolist() == ["a", "b", "a"]
    assert rows["at"].astype(str).tolist() == FRAME["day"].tolist()
    assert rows["amount"].tolist() == [11_000, 202_500, -30_000]
    assert rows["kind"].tolist() == ["purchase"] * 3


def test_a_sign_at_the_start_of_a_line_is_no_comment(open_file: Open, rows_of: Rows) -> None:
    """Rows whose id begins with # stay; with a note among them the file is refused, not thinned."""
    rows = "who,day,sum\n" + "a,2011-02-01,1\n" * 30
    log = open_file("s.csv", rows + "#b,2011-02-02,1\n")
    assert set(rows_of(log)["customer_id"]) == {"a", "#b"}
    with pytest.raises(DataError, match="has no column") as raised:
        open_file("s.csv", rows + "# total 30\n" + "#b,2011-02-02,1\n")
    assert "as many fields as the header" in str(raised.value.hint)


def test_a_quoted_field_far_below_may_hold_the_separator(open_file: Open) -> None:
    """The quote is known even where the first twenty thousand rows have none."""
    text = "who,day,item\n" + "a,2011-02-01,x\n" * 21_000 + 'a,2011-02-01,"x, y"\n'
    log = open_file("s.csv", text, columns={"customer": "who", "at": "day", "item": "item"})
    assert log.lines.item.nunique().to_pyarrow().as_py() == 2


def test_json_keeps_ids_as_written(open_file: Open, rows_of: Rows) -> None:
    """A leading zero, text in one row and a number in the next, a key that comes late."""
    text = (
        '{"who": "007", "day": "2011-02-01"}\n'
        '{"who": 8, "day": "2011-02-02"}\n' + '{"who": "a", "day": "2011-02-03"}\n' * 30_000
    )
    text += '{"who": "b", "day": "2011-02-04", "sum": 2.5}\n'
    rows = rows_of(open_file("s.jsonl", text, columns=COLUMNS))
    assert rows["customer_id"].tolist()[:2] == ["007", "8"]
    assert rows["amount"].tolist()[-1] == 25_000


def test_json_dates_are_never_guessed_the_wrong_way_round(open_file: Open, rows_of: Rows) -> None:
    """05/02 is the fifth of February when the study says so, and unreadable when it does not."""
    text = '{"who": "a", "day": "05/02/2011"}\n'
    with pytest.raises(DataError, match="no readable date"):
        open_file("s.jsonl", text)
    at = {"column": "day", "format": "%d/%m/%Y"}
    rows = rows_of(open_file("s.jsonl", text, columns={"customer": "who", "at": at}))
    assert rows["at"].astype(str).tolist() == ["2011-02-05"]


def test_ids_that_became_doubles_are_whole_again(open_file: Open, rows_of: Rows) -> None:
    """One missing id turns 13085 into 13085.0; a half stays what it is."""
    frame = pd.DataFrame({"who": [13085.0, None, 7.5], "day": pd.to_datetime(["2011-02-01"] * 3)})
    rows = rows_of(open_file("s.parquet", frame))
    assert sorted(rows["customer_id"]) == ["13085", "7.5"]


@pytest.mark.parametrize("blank", [None, "", "   "])
def test_a_blank_id_is_missing(open_file: Open, blank: str | None) -> None:
    """Counted and dropped, not a customer called nothing."""
    frame = pd.DataFrame({"who": ["a", blank], "day": ["2011-02-01"] * 2})
    log = open_file("s.parquet", frame)
    assert log.events.customer_id.nunique().to_pyarrow().as_py() == 1
    assert [f.rows for f in log.findings if f.check == "missing customer"] == [1]


def test_ids_are_trimmed(open_file: Open, rows_of: Rows) -> None:
    """Padding does not make two customers of one."""
    frame = pd.DataFrame({"who": ["a", " a ", "a "], "day": ["2011-02-01"] * 3})
    assert set(rows_of(open_file("s.parquet", frame))["customer_id"]) == {"a"}


@pytest.mark.parametrize("name", ["s.csv", "s.jsonl", "s.parquet"])
@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2011-02-01T00:30:00+02:00", "2011-01-31 22:30:00"),
        ("2011-02-01 00:30:00.5+0200", "2011-01-31 22:30:00"),
        ("2011-02-01T00:30:00Z", "2011-02-01 00:30:00"),
        ("2011-02-01 00:30:00-03", "2011-02-01 03:30:00"),
        ("2011-02-01 00:30:00", "2011-02-01 00:30:00"),
    ],
)
def test_a_distance_from_utc_in_text_is_heeded(
    open_file: Open, rows_of: Rows, name: str, written: str, utc: str
) -> None:
    """The same text is the same instant in every format."""
    frame = pd.DataFrame({"who": ["a"], "day": [written]})
    content = {"s.csv": frame.to_csv(index=False), "s.jsonl": jsonl(frame), "s.parquet": frame}
    rows = rows_of(open_file(name, content[name]))
    assert rows["at"].astype(str).tolist() == [utc]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Paris", "Asia/Tokyo"])
def test_instants_become_utc_wherever_the_job_runs(
    open_file: Open, rows_of: Rows, db: DuckDB, zone: str
) -> None:
    """A column with a time zone is read alike in any time zone of the session."""
    frame = pd.DataFrame(
        {"who": ["a"], "day": pd.to_datetime(["2011-02-01 00:30"]).tz_localize("Europe/Paris")}
    )
    db.backend.raw_sql(f"set timezone = '{zone}'")
    try:
        rows = rows_of(open_file("s.parquet", frame))
    finally:
        db.backend.raw_sql("set timezone = 'UTC'")
    assert rows["at"].astype(str).tolist() == ["2011-01-31 23:30:00"]


def test_dates_as_the_study_says_they_are_written(open_file: Open, rows_of: Rows) -> None:
    """Day first, with and without a time; the thirty-first of February is no date."""
    text = "who,day\na,02/03/2011\nb,28/02/2011\nc,31/02/2011\n"
    at = {"column": "day", "format": "%d/%m/%Y"}
    log = open_file("s.csv", text, columns={"customer": "who", "at": at}, on_bad_date="drop")
    rows = rows_of(log)
    assert rows["at"].astype(str).tolist() == ["2011-02-28", "2011-03-02"]
    assert [f.positions for f in log.findings if f.check == "unreadable date"] == [(3,)]


def test_fractions_of_a_second_never_reach_the_next_day(open_file: Open, rows_of: Rows) -> None:
    """23:59:59.7 is cut, not rounded: the cutoff of the next midnight sees it."""
    frame = pd.DataFrame({"who": ["a"], "day": pd.to_datetime(["2011-02-01 23:59:59.999999"])})
    assert rows_of(open_file("s.parquet", frame))["at"].astype(str).tolist() == [
        "2011-02-01 23:59:59"
    ]


def test_an_event_is_known_when_the_later_of_its_dates_has_come(
    open_file: Open, rows_of: Rows
) -> None:
    """Nothing written: at once. Earlier than the event: with the event."""
    text = "who,day,late\na,2011-02-01,2011-02-10\nb,2011-02-02,\nc,2011-02-03,2011-01-01\n"
    columns = {"customer": "who", "at": "day", "available_at": "late"}
    rows = rows_of(open_file("s.csv", text, columns=columns))
    assert rows["known"].astype(str).tolist() == ["2011-02-10", "2011-02-02", "2011-02-03"]


def test_nobody_knows_when_an_unreadable_available_at_came(open_file: Open, rows_of: Rows) -> None:
    """Taken as known at once it would leak: refused, or dropped where the study says so."""
    text = "who,day,late\na,2011-02-01,soon\nb,2011-02-02,2011-02-03\n"
    columns = {"customer": "who", "at": "day", "available_at": "late"}
    with pytest.raises(DataError, match='date in column "late"') as raised:
        open_file("s.csv", text, columns=columns)
    assert "available_at: {column: late" in str(raised.value.hint)
    log = open_file("s.csv", text, columns=columns, on_bad_date="drop")
    assert rows_of(log)["customer_id"].tolist() == ["b"]
    assert [f.positions for f in log.findings if f.check == "unreadable available_at"] == [(1,)]


def test_machine_rows_are_left_out_and_counted(open_file: Open, rows_of: Rows) -> None:
    """A null is a person."""
    text = "who,day,bot\na,2011-02-01,true\nb,2011-02-01,false\nc,2011-02-01,\n"
    log = open_file("s.csv", text, columns={"customer": "who", "at": "day", "is_machine": "bot"})
    assert rows_of(log)["customer_id"].tolist() == ["b", "c"]
    assert [(f.rows, f.positions) for f in log.findings if f.check == "machine"] == [(1, (1,))]


def test_kinds_by_constant(open_file: Open) -> None:
    assert open_file("s.csv", "who,day\na,2011-02-01\n", kind="visit").kinds == ("visit",)


def test_kinds_by_column(open_file: Open, rows_of: Rows) -> None:
    """The source's words are translated; a word without translation is the kind itself."""
    text = "who,day,what\na,2011-02-01,achat\nb,2011-02-02,visit\nc,2011-02-03,\n"
    kind = {"column": "what", "values": {"achat": "purchase"}}
    log = open_file("s.csv", text, kind=kind)
    assert rows_of(log)["kind"].tolist() == ["purchase", "visit"]
    assert [(f.rows, f.positions) for f in log.findings if f.check == "no kind"] == [(1, (3,))]


def test_kinds_by_column_without_translation(open_file: Open) -> None:
    """The short form names the column and nothing else."""
    text = "who,day,what\na,2011-02-01,visit\nb,2011-02-02,purchase\n"
    assert open_file("s.csv", text, kind={"column": "what"}).kinds == ("purchase", "visit")


def test_kinds_by_conditions(open_file: Open, rows_of: Rows) -> None:
    """The first condition that holds names the row; rows that none names are left out."""
    frame = pd.DataFrame({"who": list("abcd"), "day": ["2011-02-01"] * 4, "n": [5, -1, 0, None]})
    log = open_file("s.parquet", frame, kind={"purchase": '"n" > 0', "return": '"n" <> 0'})
    assert dict(zip(*rows_of(log)[["customer_id", "kind"]].T.to_numpy(), strict=True)) == {
        "a": "purchase",
        "b": "return",
    }
    assert [f.rows for f in log.findings if f.check == "no kind"] == [2]


def test_where_filters_and_counts(open_file: Open, rows_of: Rows) -> None:
    """A null condition is not true."""
    frame = pd.DataFrame({"who": list("abc"), "day": ["2011-02-01"] * 3, "n": [5, -1, None]})
    log = open_file("s.parquet", frame, where='"n" > 0')
    assert rows_of(log)["customer_id"].tolist() == ["a"]
    assert [(f.rows, f.positions) for f in log.findings if f.check == "filtered"] == [(2, (2, 3))]


def test_bad_dates_among_filtered_rows_do_not_matter(open_file: Open) -> None:
    """What `where` left out is not read for its date, customer or kind."""
    text = "who,day,n\na,2011-02-01,1\n,never,0\n"
    assert open_file("s.csv", text, where="\"n\" = '1'").kinds == ("purchase",)


def test_coverage_includes_its_start_and_not_its_end(open_file: Open, rows_of: Rows) -> None:
    """`[start, end)`, to the second."""
    text = (
        "who,day\na,2010-12-31 23:59:59\nb,2011-01-01 00:00:00\n"
        "c,2011-12-31 23:59:59\nd,2012-01-01 00:00:00\n"
    )
    log = open_file("s.csv", text)
    assert rows_of(log)["customer_id"].tolist() == ["b", "c"]
    found = {f.check: f.positions for f in log.findings}
    assert found["before the coverage"] == (1,)
    assert found["after the coverage"] == (4,)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.integers(-(10**13), 10**13), min_size=1, max_size=30))
def test_money_is_exact(db: DuckDB, units: list[int]) -> None:
    """Ten-thousandths written as decimals, doubles or text come back as the same integers."""
    texts = [f"{Decimal(n) / 10_000:f}" for n in units]
    table = pa.table(
        {
            "text": texts,
            "double": [float(t) for t in texts],
            "decimal": pa.array([Decimal(t) for t in texts], pa.decimal128(20, 4)),
        }
    )
    raw = db.backend.create_table("money", table, overwrite=True)
    read = raw.select(
        **{name: money(raw[name].try_cast("float64")) for name in raw.columns}
    ).to_pyarrow()
    assert all(read[name].to_pylist() == units for name in raw.columns)


def test_sums_of_lines_are_exact(open_file: Open, rows_of: Rows) -> None:
    """Ten times ten cents is one."""
    frame = pd.DataFrame({"who": "a", "day": "2011-02-01", "no": "1", "sum": [0.1] * 10})
    columns = {**COLUMNS, "order": "no"}
    assert rows_of(open_file("s.parquet", frame, columns=columns))["amount"].tolist() == [10_000]


@pytest.mark.parametrize("amount", ["1e30", "-1e30", "n.c.", "nan", "inf", "12,50"])
def test_an_amount_that_is_no_amount_is_counted(
    open_file: Open, rows_of: Rows, amount: str
) -> None:
    """It becomes null and the audit says where."""
    frame = pd.DataFrame({"who": ["a", "b"], "day": ["2011-02-01"] * 2, "sum": ["3", amount]})
    log = open_file("s.parquet", frame, columns=COLUMNS)
    assert rows_of(log)["amount"].isna().tolist() == [False, True]
    found = [f.positions for f in log.findings if f.check == "unreadable amount"]
    assert found == [(2,)]


def test_french_amounts_can_be_read(open_file: Open, rows_of: Rows) -> None:
    """A decimal comma is an expression away."""
    text = 'who;day;sum\na;2011-02-01;"1234,56"\n'
    amount = {"expression": "cast(replace(\"sum\", ',', '.') as double)"}
    rows = rows_of(open_file("s.csv", text, columns={**COLUMNS, "amount": amount}))
    assert rows["amount"].tolist() == [12_345_600]
