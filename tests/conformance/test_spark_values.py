"""Every operation that reading and cleaning use gives on Spark what it gives on DuckDB.

The values are those on which the two differ when nobody looks after it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reveil.engine.duckdb import DuckDB
from reveil.errors import StudyError
from reveil.events import values

if TYPE_CHECKING:
    from reveil.engine.spark_backend import SparkBackend

NUMBERS = (
    "1", "1.", "1.5", ".5", "1e5", "1E5", "1e", "+1", "-1", "--1", "1_000", "1d", "1f", "inf", "nan",
    "-Infinity", "1,5", " 1", "1 ", "\t1", "1e400", "", "- 1", "1.5.5", "1e-5", "12.5", "-2.5", "0012",
    "9223372036854775808", "1e20", "12,50", "1 234,5", "1\u202f234,5", "6.0e3",
)  # fmt: skip
WORDS = (
    " x ", "\x0bfav\x0c", "a\nb", "a\n", "straße", "été", "ÉTÉ", "ΟΔΟΣ", "İ", "ŉ", "a\\_b", "a_b", "100%",
    "true", "yes", "Oui", "t", "F", "no", "0", "C1", "=A1", "it's", "\u00a0", "\u2060x", "!",
)  # fmt: skip
DATES = (
    "2020-01-02", "2020/01/02", "2020-1-2", "2020-01", "2020", "20200102", "2020-01-02T03:04:05",
    "2020-01-02 03:04", "2020-01-02 03", "2020-01-02 3:4:5", "2020-01-02 03:04:05.5",
    "2020-01-02 03:04:05.1234567", "2020-01-02 03:04:05Z", "2020-01-02T03:04:05+02:00",
    "2020-01-02 24:00:00", "2020-01-02 23:59:60", "2020-02-30", "0001-01-01", "10000-01-01",
    "2020-01-02 BC", "2020-01-02x", "2020 01 02", "2020\\01\\02", "2020-01-02  03:04:05", "20-01-02",
    "2020-001-02", "2020-01-02T", "2020-01/02", "1969-12-31 23:59:59.5", "12:00", "2020-01-02-03",
    "2020-01-02 03:04:05.", "2020-01-02 03:04:05,5", "2020-01-02 03:04:05 UTC", "2020-01-02 03:04Z",
    "2020-01-02 03:04:05 +02", "2020-01-02 03:04:05+0230", "2020-01-02 03:04:05 Europe/Paris",
    "2020-01-02 03:04:05 xyz", "2020-01-02 03:04+01", "2020-01-02 03:04:055",
    "1/2/2020", "01/02/2020", "31/02/2020", "001/02/2020", "01/02/20", "01/02/20201", "01/02/68",
    "01/02/69", "1/2/5", "202001023", "2020012", "1/2/2020 3:4:5", "1/2/2020  3:4:5", "1/22020",
    "1/2/2020 24:00:00", "2 Jan 2020", "2 jan 2020", "2 January 2020", "2janvier2020",
    "03:04 PM 1/2/2020", "13:04 PM 1/2/2020", "12:04 am 1/2/2020", "12:04 PM 1/2/2020",
    "1/2/2020 +02:00", "1/2/2020 03:04+0200", "1/2/2020 03:04Z", "Mon 1/2/2020", "1x2.2020",
    "1.2.2020", "0/2/2020", "+1/2/2020", "2020-01-02T03:04:05.123456", "%2020", "1/2/20203:04:05",
)  # fmt: skip
PATTERNS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d/%m/%y", "%Y%m%d", "%d/%m/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f",
    "%d %b %Y", "%I:%M %p %d/%m/%Y", "%d/%m/%Y %z", "%d/%m/%Y %H:%M%z", "%a %d/%m/%Y", "%-d/%-m/%Y",
    "%%%Y", "%d.%m.%Y", "%Y-%m-%d  %H:%M:%S", "%m/%Y", "%Y-%m-%d",
)  # fmt: skip

Asked = Mapping[str, Callable[[ir.Value], ir.Value]]


@pytest.fixture
def compared(
    spark: SparkBackend, db: DuckDB, tmp_path: Path
) -> Callable[[pa.Array, Asked], dict[str, list[object]]]:
    """Ask both engines the same of some values; what differs, by question."""

    def differences(held: pa.Array, asked: Asked) -> dict[str, list[object]]:
        path = tmp_path / "values.parquet"
        pq.write_table(pa.table({"place": range(len(held)), "x": held}), path)
        spark._session.read.parquet(str(path)).createOrReplaceTempView("some_values")
        found = []
        for backend, table in (
            (db.backend, db.backend.read_parquet(path)),
            (spark, spark.table("some_values")),
        ):
            told = table.select("place", **{name: f(table.x) for name, f in asked.items()})
            found.append(backend.to_pyarrow(told.order_by("place")))
        here, there = (t.drop_columns("place").to_pydict() for t in found)
        wrong: dict[str, list[object]] = {}
        for name in asked:
            for value, a, b in zip(held.to_pylist(), here[name], there[name], strict=True):
                if a != b and repr(a) != repr(b):
                    # Not a number is not equal to itself, and is written alike.
                    wrong.setdefault(name, []).append((value, a, b))
        assert any(v is not None for name in asked for v in here[name])
        return wrong

    return differences


def wall(value: ir.TimestampValue) -> ir.IntegerValue:
    return values.wall_us(value)


def test_texts_read_alike(compared: Callable[[pa.Array, Asked], dict[str, list[object]]]) -> None:
    """As numbers, as yes or no, as ids; trimmed, cut, compared, in capitals."""
    texts = pa.array([*NUMBERS, *WORDS, *DATES, None])
    asked: Asked = {
        "number": lambda x: x.try_cast("float64"),
        "whole": lambda x: x.try_cast("int64"),
        "boolean": lambda x: x.try_cast("boolean"),
        "decimal comma": lambda x: values.spelled(x, ",").try_cast("float64"),
        "money": lambda x: values.money(x.try_cast("float64")),
        "flag": values.flag,
        "text": values.text_of,
        "last": lambda x: values.array_extract(x, -1),
        "upper": lambda x: x.upper(),
        "lower": lambda x: x.lower(),
        "length": lambda x: x.length(),
        "like": lambda x: x.like("a\\_b"),
        "like any": lambda x: x.like("%a_b%"),
        "ilike": lambda x: x.ilike("%É%"),
        "line": lambda x: x.re_search("a.b"),
        "end": lambda x: x.re_search("a$"),
        "dollar": lambda x: x.re_search(r"[$]|\$|b$"),
        "zoned": lambda x: x.re_search(values.ZONED),
        "cut": lambda x: x.substr(1, 2) + x.left(2) + x.right(2),
        "replaced": lambda x: x.replace("1", "\x0b'\\"),
        "before": lambda x: x < "!",
        "filled": lambda x: ibis.coalesce(x, ibis.literal("\x0c")),
        "member": lambda x: x.isin(["a\nb", "\x0bfav\x0c", "it's"]),
        "digit": lambda x: x.hexdigest("md5").right(1),
    }
    assert compared(texts, asked) == {}


def test_dates_read_alike(compared: Callable[[pa.Array, Asked], dict[str, list[object]]]) -> None:
    """ISO 8601 with and without a zone, and every pattern that Spark is asked for."""
    texts = pa.array([*DATES, *NUMBERS[:9], "C1", None])
    asked: dict[str, Callable[[ir.Value], ir.Value]] = {
        "iso": lambda x: wall(x.try_cast("timestamp(6)")),
        "second": lambda x: values.seconds_of(x.try_cast("timestamp(6)")),
        "instant": lambda x: (
            x.re_search(values.ZONED)
            .ifelse(values.epoch_us(x.try_cast("timestamp('UTC')")), ibis.null("int64"))
        ),
    }  # fmt: skip
    for pattern in PATTERNS:
        asked[str(PATTERNS.index(pattern))] = lambda x, p=pattern: wall(
            values.try_strptime(values.text_of(x), p)
        )
    assert compared(texts, asked) == {}


def test_numbers_are_alike(compared: Callable[[pa.Array, Asked], dict[str, list[object]]]) -> None:
    """Rounded, divided by zero, as text, as ids, as money."""
    rng = np.random.default_rng(1)
    drawn = rng.uniform(-1, 1, 500) * 10.0 ** rng.integers(-8, 15, 500)
    some = [
        0.0, 1.5, 2.5, 3.5, -2.5, 1.005, 2.675, 1e15, 1e16, 1e-4, 1e-5, 1.5e-7, 1.5e300, 13085.0,
        13085.5, float("nan"), float("inf"), -float("inf"), 1 / 3, 1e7, 0.001, 4.35, -1234.5, None,
    ]  # fmt: skip
    asked: Asked = {
        "text": lambda x: x.cast("string"),
        "whole": lambda x: x.try_cast("int64"),
        "cents": lambda x: x.round(2),
        "hundreds": lambda x: x.round(-2),
        "money": values.money,
        "divided": lambda x: x / 3,
        "by zero": lambda x: x / 0.0,
        "of zero": lambda x: 1 / x,
        "rest": lambda x: x % 3,
        "rest of zero": lambda x: x % (x * 0),
        "none": lambda x: x.isnull(),
        "some": lambda x: x.notnull(),
        "id": values.identifier,
        "flag": values.flag,
        "more": lambda x: x > 1e9,
    }
    assert compared(pa.array([*some, *drawn, *(drawn.round(2) + 0.0)]), asked) == {}


def test_whole_numbers_and_decimals_are_alike(
    compared: Callable[[pa.Array, Asked], dict[str, list[object]]],
) -> None:
    """Days before 1970, powers of two, halves."""
    whole = [0, 1, -1, 86_399, 86_400, -86_401, 2**53 + 1, -(2**62), None]
    whole += [2**k for k in range(54)] + [2**k - 1 for k in range(1, 50)]
    asked: Asked = {
        "power": lambda x: (
            (x > 0).ifelse(x, None).cast("float64").log2().floor().cast("int64")
        ),
        "day": lambda x: x // 86_400,
        "rest": lambda x: x % 7,
        "divided": lambda x: x / 7,
        "by zero": lambda x: x / (x * 0),
        "clipped": lambda x: x.clip(0, 5),
        "id": values.identifier,
        "moment": lambda x: wall(values.make_timestamp(x)),
    }  # fmt: skip
    assert compared(pa.array(whole, pa.int64()), asked) == {}
    amounts = [Decimal(v) for v in ("2.50", "3.50", "-2.50", "0.00", "1.99", "12345.67")]
    of_amounts: Asked = {
        "whole": lambda x: x.cast("int64"),
        "text": lambda x: x.cast("string"),
        "divided": lambda x: x / 3,
        "squared": lambda x: (x * x).try_cast("float64"),
        "money": lambda x: values.money(x.try_cast("float64")),
    }
    assert compared(pa.array(amounts, pa.decimal128(12, 2)), of_amounts) == {}


def test_rows_are_told_apart_by_where_a_null_stands(
    spark: SparkBackend, tmp_path: Path
) -> None:  # fmt: skip
    """A hash that skips nulls would take (1, null) and (null, 1) for one row."""
    pq.write_table(pa.table({"a": [1, None, 1], "b": [None, 1, None]}), tmp_path / "t.parquet")
    spark._session.read.parquet(str(tmp_path / "t.parquet")).createOrReplaceTempView("nulls")
    rows = spark.table("nulls")
    hashes = rows.select(h=ibis.struct({"a": rows.a, "b": rows.b}).hash())
    assert spark.to_pyarrow(hashes.h.nunique()).as_py() == 2


def test_a_pattern_that_only_duckdb_reads_is_refused(spark: SparkBackend) -> None:
    """Day of the year: the message names the sign, and the ones that are read."""
    text = ibis.literal("032 2020")
    with pytest.raises(StudyError, match="`%j`, which is not read on Spark"):
        spark.compile(values.try_strptime(text, "%j %Y"))
