"""Bad input is refused in words a person can act on, and never shows a customer."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from reveil.engine.duckdb import DuckDB
from reveil.errors import DataError, ReveilError, StudyError, nearest
from reveil.events.coverage import LONG_HOLE_DAYS
from reveil.events.log import EventLog
from reveil.events.roles import Role
from reveil.events.settings import CustomersSettings

Open = Callable[..., EventLog]
SECRET = "SECRET-4711"


def refused(open_file: Open, *args: object, **said: object) -> ReveilError:
    """Open what must be refused; no text of the error may name the customer."""
    with pytest.raises(ReveilError) as raised:
        open_file(*args, **said)
    error = raised.value
    assert isinstance(error, DataError | StudyError)
    assert error.hint
    assert SECRET not in "".join(traceback.format_exception(error, chain=True, limit=0))
    return error


def test_missing_file(open_file: Open, tmp_path: Path) -> None:
    error = refused(open_file, "nowhere.csv")
    assert error.message == f"{tmp_path / 'nowhere.csv'} does not exist"
    assert "relative path starts from the folder of the study file" in error.hint


def test_folder_without_files(open_file: Open, tmp_path: Path) -> None:
    (tmp_path / "shop.csv").mkdir()
    assert refused(open_file, "shop.csv").message.endswith("shop.csv is a folder without files")


def test_empty_file(open_file: Open) -> None:
    error = refused(open_file, "shop.csv", b"")
    assert error.message == "shop.csv is empty; a header and at least one row are required"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("shop.csv", "who,day\n"),
        ("shop.csv", "who,day"),
        ("shop.parquet", pa.table({"who": pa.array([], "str"), "day": pa.array([], "str")})),
    ],
)
def test_header_without_rows(open_file: Open, name: str, content: object) -> None:
    assert (
        refused(open_file, name, content).message
        == f"{name} is empty; at least one row is required"
    )


def test_unknown_type_of_file(open_file: Open) -> None:
    error = refused(open_file, "shop.xlsx", b"PK")
    assert ".parquet, .csv, .jsonl, .duckdb and .sqlite are read" in error.message


def test_missing_column_is_named_with_what_there_is(open_file: Open) -> None:
    error = refused(open_file, "shop.csv", f"who,dya\n{SECRET},2011-02-01\n")
    assert error.message == 'shop.csv has no column "day"; it has: who, dya'
    assert error.hint == "did you mean `dya`?"


@pytest.mark.parametrize(
    "said",
    [
        {"kind": {"column": "sort"}},
        {"columns": {"customer": "who", "at": "day", "amount": "sum"}},
        {"columns": {"customer": "who", "at": {"column": "when"}}},
        {"columns": {"customer": "id", "at": "day"}},
        {"where": '"sum" > 0'},
        {"kind": {"purchase": '"sum" > 0'}},
        {"columns": {"customer": "who", "at": "day", "amount": {"expression": '"sum"'}}},
    ],
)
def test_every_mention_of_a_column_is_checked(open_file: Open, said: dict[str, object]) -> None:
    error = refused(open_file, "shop.csv", f"who,day\n{SECRET},2011-02-01\n", **said)
    assert "column" in error.message


def test_unreadable_dates_with_numbers_rows_and_the_line_to_write(open_file: Open) -> None:
    rows = [f"{SECRET},2011-02-01"] * 3 + [f"{SECRET},31/02/2024", f"{SECRET},", f"{SECRET},n.c."]
    error = refused(open_file, "shop.csv", "who,day\n" + "\n".join(rows) + "\n")
    assert error.message == (
        '3 of 6 rows of shop.csv have no readable date in column "day".\n'
        'First at rows 4, 5, 6: "31/02/2024", "", "n.c.".'
    )
    assert 'at: {column: day, format: "%d/%m/%Y"}' in error.hint
    assert "on_bad_date: drop" in error.hint


def test_positions_are_data_rows_counted_from_one(open_file: Open) -> None:
    """In a large file read by several threads, and before any row is left out."""
    n = 200_000
    frame = pd.DataFrame({"who": "a", "day": "2011-02-01", "n": 1}, index=range(n))
    frame.loc[[16, 150_000, n - 1], "day"] = "?"
    frame.loc[[3], "who"] = None
    for name, content in (("a.csv", frame.to_csv(index=False)), ("a.parquet", frame)):
        log = open_file(name, content, on_bad_date="drop")
        found = {f.check: f.positions for f in log.findings}
        assert found["unreadable date"] == (17, 150_001, n)
        assert found["missing customer"] == (4,)


def test_numbers_are_no_dates(open_file: Open) -> None:
    frame = pd.DataFrame({"who": [SECRET], "day": [20_110_201]})
    error = refused(open_file, "shop.parquet", frame)
    assert "holds numbers (int64), a date is required for `columns.at`" in error.message


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_truncated_parquet(open_file: Open, tmp_path: Path, keep: float) -> None:
    frame = pd.DataFrame({"who": [SECRET] * 1000, "day": ["2011-02-01"] * 1000})
    frame.to_parquet(tmp_path / "whole.parquet")
    content = (tmp_path / "whole.parquet").read_bytes()
    error = refused(open_file, "shop.parquet", content[: int(len(content) * keep)])
    assert error.message.startswith("shop.parquet cannot be read")


def test_damage_in_the_middle_of_a_parquet_file(open_file: Open, tmp_path: Path) -> None:
    """The footer is whole, the pages are not: found only when the rows are read."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"who": rng.integers(0, 10**9, 50_000).astype(str), "day": "2011-02-01"})
    frame.to_parquet(tmp_path / "whole.parquet")
    content = bytearray((tmp_path / "whole.parquet").read_bytes())
    content[5_000:100_000] = b"\xff" * 95_000
    error = refused(open_file, "shop.parquet", bytes(content))
    assert error.message.startswith("shop.parquet cannot be read")


def test_text_that_is_not_utf8(open_file: Open) -> None:
    text = "who,day\n" + f"{SECRET},2011-02-01\n" * 3 + f"é{SECRET},2011-02-01\n"
    error = refused(open_file, "shop.csv", text.encode("latin-1"))
    assert "encoding: cp1252" in error.hint


@pytest.mark.parametrize("row", [f"{SECRET},2011-02-01,5,6", f"{SECRET},2011-02-01,5,6,7"])
def test_rows_longer_than_the_header(open_file: Open, row: str) -> None:
    """Near the top, where the dialect is guessed, and far below."""
    good = f"{SECRET},2011-02-01,5\n"
    for above in (1, 30_000):
        refused(open_file, "shop.csv", "who,day,sum\n" + good * above + row + "\n" + good)


@pytest.mark.parametrize("text", ["{", '{"who": "a"', "[1, 2", "who,day\na,2011-02-01\n"])
def test_broken_json_lines(open_file: Open, text: str) -> None:
    refused(open_file, "shop.jsonl", text)


def test_a_file_of_another_type_than_its_name(open_file: Open) -> None:
    refused(open_file, "shop.parquet", f"who,day\n{SECRET},2011-02-01\n")


def test_a_value_an_expression_cannot_convert(open_file: Open) -> None:
    """The value may be a customer's id: it is not shown."""
    amount = {"expression": 'cast("who" as double)'}
    error = refused(
        open_file, "shop.csv", f"who,day\n{SECRET},2011-02-01\n",
        columns={"customer": "who", "at": "day", "amount": amount},
    )  # fmt: skip
    assert "try_cast" in error.hint


def test_unknown_kinds_are_named_with_a_line_to_write(open_file: Open) -> None:
    text = f"who,day,what\n{SECRET},2011-02-01,purchse\n{SECRET},2011-02-01,garden_tour\n"
    error = refused(open_file, "shop.csv", text, kind={"column": "what"})
    assert error.message == (
        "2 rows of shop.csv are of a kind nobody declared: garden_tour, purchse"
    )
    assert "`kinds: {garden_tour: engagement}`" in error.hint


def test_a_kind_the_study_declares_is_known(open_file: Open) -> None:
    roles = {"garden_tour": Role.ENGAGEMENT}
    log = open_file("s.csv", "who,day\na,2011-02-01\n", kind="garden_tour", roles=roles)
    assert [kind for kind in log.kinds if log.roles[kind] is Role.ENGAGEMENT] == ["garden_tour"]


def test_missing_customers_are_refused_where_the_study_says_so(open_file: Open) -> None:
    text = "who,day\na,2011-02-01\n,2011-02-01\n"
    error = refused(open_file, "shop.csv", text, on_missing_customer="refuse")
    assert (
        error.message
        == '1 of 2 rows of shop.csv have no customer in column "who". First at rows 2.'
    )


def test_no_customer_at_all(open_file: Open) -> None:
    error = refused(open_file, "shop.csv", "who,day\n,2011-02-01\n,2011-02-02\n")
    assert error.message == 'no row of shop.csv has a customer in column "who"'


def test_a_filter_that_leaves_nothing(open_file: Open) -> None:
    """It is the filter that is named, not the customers."""
    error = refused(open_file, "shop.csv", f"who,day\n{SECRET},2011-02-01\n", where="\"who\" = 'x'")
    assert error.message == "`where` leaves none of the 1 rows of shop.csv: \"who\" = 'x'"


def test_many_missing_customers_are_a_warning_few_are_not(open_file: Open) -> None:
    """The line is at 5 %."""
    for missing, state in ((5, "info"), (6, "warning")):
        text = "who,day\n" + ",2011-02-01\n" * missing + "a,2011-02-01\n" * (100 - missing)
        log = open_file("shop.csv", text)
        assert [f.state for f in log.findings if f.check == "missing customer"] == [state]


def test_findings_come_worst_first(open_file: Open) -> None:
    log = open_file("s.csv", "who,day\na,2010-02-01\n,2011-02-01\na,2011-02-01\n")
    states = [f.state for f in log.findings]
    assert states == sorted(states, key=["error", "warning", "info", "ok"].index)


@pytest.mark.parametrize(
    ("length", "state"), [(LONG_HOLE_DAYS, "info"), (LONG_HOLE_DAYS + 1, "warning")]
)
def test_holes_in_the_coverage(open_file: Open, length: int, state: str) -> None:
    """Days without any event of a source, the longest run with its start."""
    days = pd.date_range("2011-01-01", "2011-12-31")
    missing = days[
        (days >= "2011-05-01") & (days < pd.Timestamp("2011-05-01") + pd.Timedelta(days=length))
    ]
    missing = missing.union(days[days == "2011-12-31"])
    log = open_file("s.parquet", pd.DataFrame({"who": "a", "day": days.difference(missing)}))
    (hole,) = [f for f in log.findings if f.check == "days without events"]
    assert (hole.rows, hole.state) == (length + 1, state)
    assert f"longest: {length} days from 2011-05-01" in hole.fix


def test_repeated_rows_are_counted(open_file: Open) -> None:
    log = open_file("s.csv", "who,day\na,2011-02-01\na,2011-02-01\na,2011-02-02\n")
    assert [(f.rows, f.state) for f in log.findings if f.check == "repeated row"] == [
        (1, "warning")
    ]


def customers(tmp_path: Path, table: dict[str, list[object]], **said: object) -> CustomersSettings:
    path = tmp_path / "people.parquet"
    pd.DataFrame(table).to_parquet(path, index=False)
    return CustomersSettings(path=path, customer="id", **said)


SHOP = "who,day\na,2011-02-01\n13,2011-02-01\n"


def test_customers_meet_their_events(open_file: Open, tmp_path: Path) -> None:
    """Ids are read as those of events are: 13.0 is 13, padding goes, blank rows go."""
    for ids in ([13.0, 7.0, None], [" 13", "a ", ""]):
        log = open_file("s.csv", SHOP, customers=customers(tmp_path, {"id": ids}))
        assert log.customers is not None
        met = log.events.select("customer_id").distinct().inner_join(log.customers, "customer_id")
        assert "13" in met.to_pyarrow()["customer_id"].to_pylist()
        assert log.customers.count().to_pyarrow().as_py() == 2


def test_consent_is_given_only_by_a_clear_yes(open_file: Open, tmp_path: Path) -> None:
    """Neither nothing nor not-a-number is a yes."""
    for column in ([1.0, 0.0, None, np.nan], ["yes", "no", "", None], [True, False, None, None]):
        table = {"id": list("abcd"), "ok": column}
        said = customers(tmp_path, table, consent={"email": "ok"}, usable={"email": "ok"})
        log = open_file("s.csv", SHOP, customers=said)
        assert log.customers is not None
        rows = log.customers.order_by("customer_id").to_pyarrow()
        assert rows["consent_email"].to_pylist() == [True, False, False, False]
        assert rows["usable_email"].to_pylist() == [True, False, False, False]


def test_nan_in_a_column_of_doubles_is_no_consent(open_file: Open, tmp_path: Path) -> None:
    """Parquet keeps not-a-number apart from null."""
    path = tmp_path / "people.parquet"
    pa.parquet.write_table(pa.table({"id": ["a", "b"], "ok": pa.array([np.nan, 1.0])}), path)
    said = CustomersSettings(path=path, customer="id", consent={"email": "ok"})
    log = open_file("s.csv", SHOP, customers=said)
    assert log.customers is not None
    rows = log.customers.order_by("customer_id").to_pyarrow()
    assert rows["consent_email"].to_pylist() == [False, True]


def test_a_consent_in_other_words_is_refused(open_file: Open, tmp_path: Path) -> None:
    """A silent no for everybody would empty the list."""
    said = customers(tmp_path, {"id": ["a"], "ok": ["peut-être"]}, consent={"email": "ok"})
    error = refused(open_file, "s.csv", SHOP, customers=said)
    assert error.message == '1 rows of people.parquet have no true or false in column "ok"'


def test_since_is_a_date(open_file: Open, tmp_path: Path) -> None:
    """Unreadable or a number: refused, since nobody would know when the row was known."""
    for since, words in ((["01/02/2010"], "date such as"), ([2010], "holds numbers")):
        said = customers(tmp_path, {"id": ["a"], "since": since}, since="since")
        assert words in refused(open_file, "s.csv", SHOP, customers=said).message


def test_since_is_an_instant_in_any_time_zone(open_file: Open, tmp_path: Path) -> None:
    since = pd.to_datetime(["2011-02-01 00:30"]).tz_localize("Europe/Paris")
    said = customers(tmp_path, {"id": ["a"], "since": since}, since="since")
    log = open_file("s.csv", SHOP, customers=said)
    assert log.customers is not None
    assert log.customers.since_s.to_pyarrow().to_pylist() == [1_296_516_600]


def test_a_customer_has_one_row(open_file: Open, tmp_path: Path) -> None:
    said = customers(tmp_path, {"id": [SECRET, f"{SECRET} "]})
    error = refused(open_file, "s.csv", SHOP, customers=said)
    assert "has 2 rows for 1 values" in error.message


def test_customers_without_ids_or_columns(open_file: Open, tmp_path: Path) -> None:
    assert "no row" in refused(
        open_file, "s.csv", SHOP, customers=customers(tmp_path, {"id": ["", None]})
    ).message  # fmt: skip
    said = customers(tmp_path, {"id": ["a"]}, consent={"email": "optin"})
    assert 'no column "optin"' in refused(open_file, "s.csv", SHOP, customers=said).message


def test_a_database_that_runs_out_of_memory_says_so(db: DuckDB) -> None:
    """The hint is about memory, not about the file."""
    from reveil.events.reader import reading  # noqa: PLC0415

    with pytest.raises(DataError) as raised, reading("shop.csv"):
        raise RuntimeError("Out of Memory Error: could not allocate block")
    assert raised.value.hint == "raise `engine.memory`"


def test_a_mistake_of_ours_is_not_blamed_on_the_file() -> None:
    """It keeps its type and traceback, whether here or in the expression that was asked for."""
    from reveil.events.reader import reading  # noqa: PLC0415

    with pytest.raises(TypeError), reading("shop.csv"):
        nearest("a", ["b", 1])  # type: ignore[list-item]
    with pytest.raises(AttributeError), reading("shop.csv"):
        ibis.table({"amount": "string"}, name="shop").amonut  # noqa: B018


def test_what_a_backend_says_is_about_the_file() -> None:
    """Whatever class it chose, a derived one included."""
    from reveil.events.reader import reading  # noqa: PLC0415

    class TypeMismatchError(TypeError):
        """As Arrow's."""

    for error in (TypeMismatchError("int and text"), ValueError("not a date")):
        with pytest.raises(DataError, match=r"shop\.csv cannot be read"), reading("shop.csv"):
            raise error
    with pytest.raises(DataError, match=r"shop\.csv cannot be read"), reading("shop.csv"):
        pa.array([1, "a"])
    # A frame's own code: neither ours nor Ibis's.
    foreign: dict[str, object] = {"__name__": "polars.frame"}
    exec("def collect():\n    return None.rows", foreign)
    with pytest.raises(DataError, match=r"shop\.csv cannot be read"), reading("shop.csv"):
        foreign["collect"]()  # type: ignore[operator]
