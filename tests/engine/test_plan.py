"""What the engine counts, sums and finds for a customer, exactly."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import ibis
import numpy as np
import pyarrow as pa
import pytest
from dirty import ROLES

from reveil.engine.asof import WEIGHT_UNIT, AsOf
from reveil.engine.duckdb import DuckDB
from reveil.engine.plan import aggregate
from reveil.engine.settings import EngineSettings
from reveil.events.log import DAY, EventLog, seconds
from reveil.windows import Coverage

CUTOFF = date(2020, 3, 1)
T = seconds(CUTOFF)
Row = tuple[str, int, dict[str, object]]


def log_of(db: DuckDB, rows: list[dict[str, object]]) -> EventLog:
    """Lay out a log of events of customer `a`, everything not said being ordinary."""
    usual = {"customer_id": "a", "kind": "purchase", "at_s": T - DAY, "amount": None,
             "order_id": None, "channel": None, "campaign": None, "offer": None, "rating": None,
             "is_start": True, "item": None, "category": None}  # fmt: skip
    full = [{**usual, **row} for row in rows]
    full = [{"known_s": row["at_s"], **row} for row in full]
    names = {"amount": pa.int64(), "at_s": pa.int64(), "known_s": pa.int64(),
             "is_start": pa.bool_(), "rating": pa.float64()}  # fmt: skip
    columns = [*usual, "known_s"]
    schema = pa.schema([(name, names.get(name, pa.string())) for name in columns])
    table = db.store(ibis.memtable(pa.Table.from_pylist(full, schema=schema)))
    return EventLog(
        events=table.drop("item", "category"),
        lines=table.select("customer_id", "kind", "at_s", "known_s", "item", "category"),
        customers=None,
        coverage=Coverage(start=date(2010, 1, 1), end=date(2021, 1, 1)),
        roles=ROLES,
        kinds=tuple(sorted(ROLES)),
        columns=(),
        findings=(),
    )


def value(log: EventLog, asof: AsOf, asked: ibis.Deferred, observation: int = 364) -> float | None:
    population = ibis.memtable({"customer_id": ["a"]})
    table = aggregate(
        log, population, CUTOFF, asof.aggregates.values(), observation=timedelta(observation)
    )
    return table.select(x=asked.cast("float64")).to_pyarrow()["x"][0].as_py()


@pytest.fixture
def asof() -> AsOf:
    return AsOf(dict(ROLES))


@pytest.mark.parametrize("threads", [1, 2])
def test_decayed_amounts_are_exact_integers(asof: AsOf, threads: int) -> None:
    """The engine's sum is the integer a person would get, in any order of rows and threads."""
    rng = np.random.default_rng(threads)
    days = rng.integers(1, 360, 20_000)
    cents = rng.integers(-(10**9), 10**9, 20_000)
    rows = [
        {"at_s": T - int(day) * DAY, "amount": int(amount)}
        for day, amount in zip(days, cents, strict=True)
    ]
    log = log_of(DuckDB(EngineSettings(threads=threads)), rows)
    asof.decayed("purchase", half_life=28, column="amount")
    (wanted,) = asof.aggregates.values()
    table = aggregate(log, ibis.memtable({"customer_id": ["a"]}), CUTOFF, [wanted])
    meant = sum(
        math.floor(0.5 ** ((int(day) - 1) / 28) * WEIGHT_UNIT + 0.5) * int(amount)
        for day, amount in zip(days, cents, strict=True)
    )
    assert table.to_pyarrow()[wanted.key].to_pylist() == [meant]


def test_attempts_that_name_an_offer(db: DuckDB, asof: AsOf) -> None:
    """Only contacts with an offer are attempts; only those after the last answer count."""
    rows = [
        {"kind": "email_sent", "at_s": T - 9 * DAY, "offer": "x"},
        {"kind": "email_click", "at_s": T - 8 * DAY},
        {"kind": "email_sent", "at_s": T - 8 * DAY, "offer": "x"},
        {"kind": "email_sent", "at_s": T - 7 * DAY, "offer": "x"},
        {"kind": "sms_sent", "at_s": T - 6 * DAY, "offer": "y"},
        {"kind": "email_sent", "at_s": T - 5 * DAY},
        {"kind": "email_sent", "at_s": T, "offer": "x"},
    ]
    log = log_of(db, rows)
    answers = ("engagement", "commercial")
    assert value(log, asof, asof.since("marketer", after=answers, naming="offer")) == 2
    assert value(log, asof, asof.since("marketer", after=answers)) == 3
    assert value(log, asof, asof.since("marketer", after=())) == 5


def test_events_of_one_channel(db: DuckDB, asof: AsOf) -> None:
    log = log_of(db, [{"channel": "shop"}, {"channel": "web"}, {"channel": None}])
    assert value(log, asof, asof.count("purchase", channel="shop")) == 1
    assert value(log, asof, asof.count("purchase")) == 3


def test_nothing_is_zero_and_never_is_null(db: DuckDB, asof: AsOf) -> None:
    """Counts and sums of nothing are 0; dates and gaps of nothing are null."""
    log = log_of(db, [{"customer_id": "b"}])
    assert value(log, asof, asof.count("purchase")) == 0
    assert value(log, asof, asof.sum("purchase", column="amount")) == 0
    assert value(log, asof, asof.decayed("purchase", half_life=28)) == 0
    assert value(log, asof, asof.distinct("purchase", column="item")) == 0
    assert value(log, asof, asof.since("purchase", after=("visit",))) == 0
    assert value(log, asof, asof.recency("purchase")) is None
    assert value(log, asof, asof.gaps("purchase").mean()) is None
    assert value(log, asof, asof.count("no such kind")) == 0
    assert value(log, asof, asof.recency("no such kind")) is None


def test_gaps_are_between_orders(db: DuckDB, asof: AsOf) -> None:
    """Days as fractions; a later row of an order is no order."""
    rows = [
        {"at_s": T - 10 * DAY}, {"at_s": T - 7 * DAY}, {"at_s": T - 6 * DAY, "is_start": False},
        {"at_s": T - 2 * DAY}, {"at_s": T - 2 * DAY}, {"kind": "visit", "at_s": T - DAY},
        {"at_s": T + DAY},
    ]  # fmt: skip
    log, gaps = log_of(db, rows), asof.gaps("purchase")
    assert value(log, asof, gaps.mean()) == pytest.approx(8 / 3)
    assert value(log, asof, gaps.max()) == 5
    spread = float(np.std([3, 5, 0]) / np.mean([3, 5, 0]))
    assert value(log, asof, gaps.coefficient_of_variation()) == pytest.approx(spread)


def test_a_population_keeps_its_columns_and_rows(db: DuckDB, asof: AsOf) -> None:
    """One row per customer asked for, known to the log or not."""
    log = log_of(db, [{}, {}])
    asof.count("purchase")
    asof.recency("visit")
    population = ibis.memtable({"customer_id": ["z", "a"], "state": ["x", "y"]})
    table = aggregate(log, population, CUTOFF, asof.aggregates.values()).to_pyarrow()
    assert sorted(zip(table["customer_id"].to_pylist(), table["state"].to_pylist(), strict=True)) == [
        ("a", "y"), ("z", "x"),
    ]  # fmt: skip


def test_the_engine_keeps_its_spill_folder_while_its_tables_live(tmp_path: Path) -> None:
    """A table may outlive the object that opened it."""
    import gc  # noqa: PLC0415

    table = DuckDB(EngineSettings(threads=1)).store(ibis.memtable({"x": [1, 2]}))
    gc.collect()
    backend = table.get_backend()
    folder = Path(str(backend.raw_sql("select current_setting('temp_directory')").fetchall()[0][0]))
    assert folder.is_dir()
    assert table.count().to_pyarrow().as_py() == 2
