"""What the engine counts, sums and finds for a customer, exactly."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import ibis
import numpy as np
import pytest
from bare import CUTOFF, T, log_of
from dirty import ROLES
from small import small_log

from reveil.engine.aggregate import WEIGHT_UNIT
from reveil.engine.asof import AsOf
from reveil.engine.duckdb import DuckDB
from reveil.engine.plan import aggregate, gap_days
from reveil.engine.settings import EngineSettings
from reveil.events.log import DAY, EventLog, seconds
from reveil.events.roles import Role


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

    def weight(age: int) -> int:
        parts = (0.5 ** (age % 28 / 28), 0.5 ** (age // 28))
        return math.prod(math.floor(part * WEIGHT_UNIT + 0.5) for part in parts)

    meant = sum(weight(int(day) - 1) * int(amount) for day, amount in zip(days, cents, strict=True))
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


def test_the_last_event_and_its_kind(db: DuckDB, asof: AsOf) -> None:
    """To the second; at one second the signal named first wins; year 1 and 9999 keep theirs."""
    rows = [
        {"kind": "visit", "at_s": T - 2 * DAY}, {"kind": "purchase", "at_s": T - 2 * DAY},
        {"kind": "purchase", "at_s": T - DAY, "is_start": False}, {"kind": "login", "at_s": T - 3 * DAY},
        {"kind": "visit", "at_s": T}, {"kind": "visit", "at_s": T - 1, "known_s": T},
    ]  # fmt: skip
    population = ibis.memtable({"customer_id": ["a", "b"]})
    log, shop, web = (
        log_of(db, rows),
        asof.last_kind("commercial", "visit"),
        asof.last_kind("visit", "purchase"),
    )
    never = asof.last_kind("no such kind")
    table = aggregate(log, population, CUTOFF, asof.aggregates.values()).select(
        "customer_id",
        shop=shop.kind(),
        web=web.kind(),
        days=web.days(),
        at=web.seconds(),
        never=never.kind(),
    )
    assert table.order_by("customer_id").to_pyarrow().to_pylist() == [
        {"customer_id": "a", "shop": "purchase", "web": "visit", "days": 2.0, "at": T - 2 * DAY,
         "never": None},
        {"customer_id": "b", "shop": None, "web": None, "days": None, "at": None, "never": None},
    ]  # fmt: skip
    for at_s in (seconds(date(1, 1, 1)), seconds(date(1969, 12, 31)) + 5):
        old = aggregate(log_of(db, [{"at_s": at_s}]), population, CUTOFF, asof.aggregates.values())
        found = (
            old.select("customer_id", at=shop.seconds(), kind=shop.kind()).to_pyarrow().to_pylist()
        )
        assert {"customer_id": "a", "at": at_s, "kind": "purchase"} in found


@pytest.mark.parametrize(
    ("channels", "meant"), [([None], 0), (["web", None, "web"], 1), (["web", "shop"], 2)]
)
def test_several_values_or_one(
    channels: list[str | None], meant: int, db: DuckDB, asof: AsOf
) -> None:
    log = log_of(db, [{"channel": channel} for channel in channels])
    assert value(log, asof, asof.several("purchase", column="channel")) == meant


def test_distinct_values_of_each_window_and_kind(db: DuckDB, asof: AsOf) -> None:
    """Counted together, each by its own kinds and days; on events and on lines alike."""
    rows = [
        {"channel": c, "item": c, "kind": k, "at_s": T - d * DAY}
        for c, k, d in (
            ("x", "purchase", 1), ("x", "purchase", 2), ("y", "purchase", 30), ("z", "visit", 1),
            (None, "purchase", 1), ("y", "visit", 50), ("w", "purchase", 0),
        )
    ]  # fmt: skip
    for column in ("channel", "item"):
        log, own = log_of(db, rows), AsOf(dict(ROLES))
        asked = [
            own.distinct("purchase", column=column, days=28), own.distinct("purchase", column=column),
            own.distinct("purchase", "visit", column=column), own.distinct("login", column=column),
        ]  # fmt: skip
        assert [value(log, own, one) for one in asked] == [1, 2, 3, 0]


def test_decayed_events_of_one_channel(db: DuckDB, asof: AsOf) -> None:
    log = log_of(
        db, [{"channel": "shop"}, {"channel": "web", "at_s": T - 29 * DAY}, {"channel": None}]
    )
    assert value(log, asof, asof.decayed("purchase", half_life=28, channel="web")) == 0.5
    assert value(log, asof, asof.decayed("purchase", half_life=28)) == 2.5


def test_everybody_is_known_by_events_or_the_customers_table(db: DuckDB, asof: AsOf) -> None:
    """Whatever the kind of the event; once each; not before, nor in an observation window only."""
    rows = [
        {"customer_id": "buyer", "at_s": T - 900 * DAY}, {"customer_id": "mailed", "kind": "email_sent"},
        {"customer_id": "tomorrow", "at_s": T}, {"customer_id": "both"},
    ]  # fmt: skip
    people = {"customer_id": ["both", "quiet", "later"], "since_s": [T - DAY, T - 1, T]}
    log = replace(log_of(db, rows), customers=ibis.memtable(people))
    asof.count("purchase")
    for asked in (asof.aggregates.values(), []):
        table = aggregate(log, None, CUTOFF, asked).to_pyarrow()
        assert sorted(table["customer_id"].to_pylist()) == ["both", "buyer", "mailed", "quiet"]
        assert set(table["cutoff_s"].to_pylist()) == {T}
    with pytest.raises(ValueError, match="leave `observation` out"):
        aggregate(log, None, CUTOFF, [], observation=timedelta(days=364))


def test_gaps_by_length_count_begun_days(db: DuckDB) -> None:
    """Of every customer, between orders that were known; none of a gap is lost."""
    rows = [
        {"customer_id": who, "at_s": T - int(days * DAY)}
        for who, days in (("a", 9), ("a", 8), ("a", 8), ("b", 5.5), ("b", 4), ("b", 1), ("c", 1), ("b", 0))
    ]  # fmt: skip
    counted = gap_days(log_of(db, rows), ("purchase",), CUTOFF).to_pyarrow().to_pylist()
    assert {row["days"]: row["gaps"] for row in counted} == {0: 1, 1: 1, 2: 1, 3: 1}


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


def test_large_amounts_decay_without_overflow(db: DuckDB, tmp_path: Path) -> None:
    """A hundred orders of a thousand million, in a currency of large numbers."""
    rows = [("a", "purchase", f"2011-0{m}-{d:02}", 1e9) for m in (4, 5) for d in range(1, 29)]
    log = small_log(db, tmp_path, rows)
    asof = AsOf({"purchase": Role.COMMERCIAL})
    total = asof.decayed("purchase", half_life=28, column="amount")
    people = log.events.select("customer_id").distinct()
    table = aggregate(log, people, date(2011, 6, 1), asof.aggregates.values())
    found = table.select(total=total).to_pyarrow()["total"][0].as_py()
    days = [(date(2011, 5, 31) - date.fromisoformat(str(row[2]))).days for row in rows]
    assert found == pytest.approx(sum(1e9 * 0.5 ** (day / 28) for day in days), rel=1e-6)
