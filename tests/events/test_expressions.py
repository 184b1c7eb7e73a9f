"""An expression of a study computes on one row, as SQL would, or is refused in words."""

from __future__ import annotations

import duckdb
import ibis
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reveil.engine.duckdb import DuckDB
from reveil.errors import StudyError
from reveil.events.expressions import row_condition, row_expression

ROWS = pa.table(
    {
        "Quantity": pa.array([3, -2, None, 0], pa.int64()),
        "Price": [2.5, 1.25, 10.0, None],
        "Stock Code": ["85123A", "POST", None, "  m "],
        "ok": [True, False, None, True],
        "day": ["2011-01-05", "nope", None, "2012-02-29"],
    }
)
TABLE = ibis.table(
    {"Quantity": "int64", "Price": "float64", "s": "string", "st": "struct<a: int64>",
     "arr": "array<int64>", "d": "timestamp", "ok": "boolean"},
    name="lines",
)  # fmt: skip

ALLOWED = [
    '"Quantity" * "Price"', '-"Quantity" + 1', '"Price" - 0.5', '"Price" / 2', '"Quantity" % 2',
    '"Quantity" > 0 and "Price" > 2', '"Quantity" > 0 or ok', "not ok", '"Quantity" is null',
    '"Quantity" is not null', "ok is true", "not (ok is true)", "ok is false",
    '"Quantity" in (3, 0)', '"Quantity" not in (3, 0)', '"Quantity" between 0 and 3',
    'case when "Quantity" > 0 then 1 when "Quantity" < 0 then 2 else 3 end',
    'case "Quantity" when 3 then \'x\' end', 'coalesce("Price", 0)', 'greatest("Price", 2.0)',
    'least("Price", "Quantity")', 'nullif("Quantity", 0)', "\"Stock Code\" like '85%'",
    "\"Stock Code\" ilike 'po_t'", "regexp_matches(\"Stock Code\", '^[0-9]{5}')",
    "starts_with(\"Stock Code\", 'P')", 'lower("Stock Code")', 'upper("Stock Code")',
    'trim("Stock Code")', 'length("Stock Code")', 'abs("Quantity")', 'floor("Price")',
    'ceil("Price")', 'round("Price", 1)', 'left("Stock Code", 2)', 'right("Stock Code", 2)',
    'substring("Stock Code", 2, 3)', "\"Stock Code\" || '-x'", "concat(\"Stock Code\", '-x')",
    'cast("Quantity" as double)', 'try_cast(day as date)', 'try_cast(day as timestamp)',
    "replace(\"Stock Code\", '8', '')", "'a text'", "1.5e2", "true", "null",
    'cast("Quantity" as varchar)', '"Price"::bigint', '"Quantity" <> 3', '"Quantity" <= 0',
]  # fmt: skip


@pytest.mark.parametrize("text", ALLOWED)
def test_what_is_allowed_means_what_it_means_in_sql(db: DuckDB, text: str) -> None:
    """Translated, it gives what the text gives when run as SQL."""
    table = db.backend.create_table("expression_rows", ROWS, overwrite=True)
    value = row_expression(text, table, key="amount")
    found = table.select(x=value).to_pyarrow()["x"].to_pylist()
    with duckdb.connect() as plain:
        plain.register("rows", ROWS)
        meant = [row[0] for row in plain.sql(f"select {text} from rows").fetchall()]
    assert found == meant


def test_capitals_decide_only_where_they_must(db: DuckDB) -> None:
    """Two columns that differ by capitals are told apart; else capitals do not matter."""
    table = ibis.table({"Price": "float64", "price": "int64", "Stock": "string"}, name="t")
    assert row_expression('"Price"', table, key="k").equals(table.Price)
    assert row_expression('"price"', table, key="k").equals(table.price)
    assert row_expression("STOCK", table, key="k").equals(table.Stock)


REFUSED = [
    "(select 1)", "exists(select 1)", "s in (select s from lines)", "\"Price\" > any(select 1)",
    "read_csv('/etc/passwd')", "read_text('/etc/passwd')", "glob('*')", "getenv('HOME')",
    "current_setting('threads')", "sum(\"Price\")", "count(*)", "max(\"Price\") over ()",
    "row_number() over ()", "lag(\"Price\") over (order by d)", "1; drop table lines",
    "1; select 1", "\"Price\"; --", "x -> x + 1", "list_transform(arr, x -> x)", "st.a",
    '"st"."a"', '"lines"."Price"', "arr[1]", "s[1:2]", "{'a': 1}", "[1, 2]", "row(1, 2)",
    "unnest(arr)", "cast(s as blob)", "cast(s as int[])", "cast(s as json)",
    "cast(s as struct(a int))", "cast('lines' as regclass)", "s collate nocase", "now()",
    "current_date", "random()", "uuid()", "interval 1 day", "d + interval 1 day", "*",
    "columns(*)", "s as t", "$1", "?", ":x", "nope", "set threads = 8", "attach 'x.db'",
    "copy lines to 'x'", "install httpfs", "pragma version", "create table t (a int)",
    "s in arr", "s in ()", "trim(s, 'x')", "trim(both 'x' from s)", "regexp_matches(s, 'a', 'i')",
    "regexp_matches(s, s)", "s like s", "s like 'a' escape '!'", "\"Price\" between symmetric 2 and 1",
    "floor(\"Price\", 2)", "round(\"Price\", 1.5)", "left(s, 1.5)", "left(s, -1)", "substr(s, 0)",
    "s * 2", "2 * s", "s + s", "s + 1", "s > 0", "s || 1", "\"Price\" and ok", "not \"Price\"",
    "-s", "-ok", "abs(s)", "lower(\"Price\")", "", "   ", "-- only a comment", "(", "1 +",
    "\"Price", "²", "10000000000000000000000000000000", "(" * 3_000 + "1" + ")" * 3_000,
    "-".join(["1"] * 3_000), "ok is distinct from true", "\"Price\" // 2", "\"Price\" ^ 2",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
def test_everything_else_is_refused(text: str) -> None:
    """With the key, what was found, and a hint; never half understood."""
    with pytest.raises(StudyError, match=r"`shop\.amount`") as raised:
        row_expression(text, TABLE, key="shop.amount")
    assert raised.value.hint


def test_comments_hide_nothing() -> None:
    """What stands behind a comment does not exist."""
    assert row_expression('"Price" /* ; drop */ -- x', TABLE, key="k").equals(TABLE.Price)


def test_a_mistyped_column_has_a_hint() -> None:
    with pytest.raises(StudyError) as raised:
        row_expression('"Pirce" * 2', TABLE, key="k")
    assert raised.value.hint == "did you mean `Price`?"


@pytest.mark.parametrize("text", ['"Price"', "s", "1", "d"])
def test_a_condition_is_true_or_false(text: str) -> None:
    with pytest.raises(StudyError, match="a condition is required"):
        row_condition(text, TABLE, key="where")


TOKENS = st.sampled_from(
    ['"Price"', '"Quantity"', "s", "d", "arr", "st", "ok", "(", ")", ",", "+", "-", "*", "/", "%",
     "=", "<>", "<", "and", "or", "not", "is", "null", "true", "in", "between", "case", "when",
     "then", "else", "end", "like", "'x'", "1", "2.5", "-1", "cast(", "as", "int", "double",
     "coalesce(", "round(", "left(", "substr(", "regexp_matches(", "select", "from", "lines", ";",
     "||", "::", "sum(", "over", ".", "[", "]", "->", "trim(", "concat(", "nullif(", "greatest("]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(TOKENS, min_size=1, max_size=12).map(" ".join) | st.text(max_size=30))
@example("0x1F")
@example("'")
def test_any_text_is_a_value_or_a_study_error(text: str) -> None:
    """Whatever is written, nothing else comes out, and a value reads this table alone."""
    try:
        value = row_expression(text, TABLE, key="k")
    except StudyError:
        return
    assert isinstance(value, ibis.Value)
    # A value of one row compiles beside the columns without an aggregate or another table.
    sql = ibis.to_sql(TABLE.select("s", value.name("v")), dialect="duckdb").lower()
    assert "group by" not in sql
    assert sql.count("select") == 1
