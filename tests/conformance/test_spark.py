"""Every feature gives the same bits on Spark as on DuckDB, from one declaration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dirty import CUTOFFS, OBSERVATION, catalogue, dirty_sources

from reveil.activity.rfm import RfmEdges, fit_rfm, rfm_cells
from reveil.activity.settings import ActivitySettings
from reveil.activity.standing import standing_table
from reveil.activity.transitions import Transitions, transitions
from reveil.activity.wrongly import wrongly_inactive
from reveil.engine import periods
from reveil.engine.aggregate import Aggregate
from reveil.engine.duckdb import DuckDB
from reveil.engine.spark import Spark
from reveil.errors import ReveilError
from reveil.events.audit import Finding
from reveil.events.identity import Identity, Link, reconciled
from reveil.events.log import EventLog, seconds
from reveil.events.lookalikes import audit_identity
from reveil.events.machines import without_machines
from reveil.events.settings import MachineSettings

if TYPE_CHECKING:
    from ibis.expr.types import Table

    from reveil.engine.spark_backend import SparkBackend

CUTOFF = CUTOFFS[1]


@pytest.fixture(scope="module")
def log(db: DuckDB, tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    """About 2,000 events in every kind and column, read by DuckDB."""
    return dirty_sources(5, customers=80).opened(db, tmp_path_factory.mktemp("sources"))


@pytest.fixture(scope="module")
def on_spark(
    spark: SparkBackend, log: EventLog, tmp_path_factory: pytest.TempPathFactory
) -> EventLog:
    """Move the same log to Spark."""
    folder = tmp_path_factory.mktemp("moved")

    def moved(name: str, table: Table | None) -> Table:
        assert table is not None
        path = folder / f"{name}.parquet"
        pq.write_table(table.to_pyarrow(), path)
        spark._session.read.parquet(str(path)).createOrReplaceTempView(f"log_{name}")
        return spark.table(f"log_{name}")

    return replace(
        log,
        events=moved("events", log.events),
        lines=moved("lines", log.lines),
        customers=moved("customers", log.customers),
    )


def test_spark_gives_the_bits_of_duckdb(
    spark: SparkBackend, log: EventLog, on_spark: EventLog, tmp_path: Path
) -> None:
    """The same events on both engines: equal float32 and equal nulls, feature by feature."""
    features = catalogue()
    assert log.events.count().to_pyarrow().as_py() > 1_500
    people = log.events.select("customer_id").distinct()
    here = features.matrix(log, people, CUTOFF).to_pyarrow()
    people = spark.kept(on_spark.events.select("customer_id").distinct())
    keep = partial(spark.written, folder=str(tmp_path / "aggregates"))
    there = spark.to_pyarrow(features.matrix(on_spark, people, CUTOFF, kept=keep))
    assert there.column_names == here.column_names == ["customer_id", *features.names]
    here, there = (table.sort_by("customer_id") for table in (here, there))
    assert there["customer_id"].to_pylist() == here["customer_id"].to_pylist()
    different = {}
    for name in features.names:
        mine, other = here[name].to_pylist(), there[name].to_pylist()
        assert here[name].type == there[name].type == pa.float32()
        # As written, not a number is equal to itself, and 0 is not -0.
        wrong = [pair for pair in zip(mine, other, strict=True) if repr(pair[0]) != repr(pair[1])]
        if wrong:
            different[name] = wrong[:3]
    assert different == {}


def test_periods_are_added_up_alike(spark: SparkBackend, log: EventLog, on_spark: EventLog) -> None:
    """Tables of periods, and what a cutoff makes of them: the same whole numbers."""
    asked: dict[str, list[Aggregate]] = {}
    for one in catalogue().aggregates:
        if periods.fits(one):
            asked.setdefault(one.statistic, []).append(one)
    # Planning hundreds of columns takes Spark long: some of each statistic say what all would.
    wanted = [a for some in asked.values() for a in some[:: max(1, len(some) // 3)]]
    assert {"count", "sum", "decayed", "distinct", "since", "gap_squares", "last"} <= {*asked}
    days = [CUTOFF - timedelta(days=28 * n) for n in range(3)]
    grid = periods.Grid.of(days, OBSERVATION)
    assert grid is not None

    def told(log: EventLog, keep: Callable[[Table], Table]) -> list[pa.Table]:
        events, lines = (t.filter(t.known_s < seconds(CUTOFF)) for t in (log.events, log.lines))
        added = periods.tables(events, lines, grid, wanted)
        added = {name: keep(table) for name, table in added.items()}
        found = []
        for day in days[:2]:
            seen = {name: grid.shown(table, day) for name, table in added.items()}
            found += periods.parts_of(seen, grid, wanted)
        return [part.to_pyarrow().sort_by("customer_id") for part in found]

    here, there = told(log, lambda table: table), told(on_spark, spark.kept)
    assert len(here) == 2 * 5
    for mine, other in zip(here, there, strict=True):
        assert mine.num_rows > 20
        assert other.to_pydict() == mine.to_pydict()


def test_training_on_spark_is_refused_in_words(on_spark: EventLog) -> None:
    """Before anything is computed; what would be done instead is told."""
    features, people = catalogue(), {CUTOFF: on_spark.events.select("customer_id").distinct()}
    with pytest.raises(ReveilError, match="training and scoring run on DuckDB"):
        features.batches(on_spark, people)
    assert features.plan_for(on_spark, [CUTOFF]).name == "direct"


def test_spark_says_where_customers_stand_as_duckdb_does(
    spark: SparkBackend, log: EventLog, tmp_path: Path
) -> None:
    """Every column of the standing table, RFM cells, moves, and the purchase-only rule."""
    people = log.customers
    assert people is not None
    # A contract for some, and a column for the campaigns that these sources do not name.
    people = people.mutate(contract_end_s=(people.since_s % 3 == 0).ifelse(people.since_s, None))
    events = log.events.mutate(campaign=log.events.offer)
    log = replace(log, events=events, customers=people, columns=(*log.columns, "campaign"))

    def moved(table: pa.Table, name: str) -> Table:
        pq.write_table(table, tmp_path / f"{name}.parquet")
        path = str(tmp_path / f"{name}.parquet")
        spark._session.read.parquet(path).createOrReplaceTempView(f"standing_{name}")
        return spark.table(f"standing_{name}")

    on_spark = replace(
        log,
        events=moved(events.to_pyarrow(), "events"),
        customers=moved(people.to_pyarrow(), "customers"),
    )
    study = ActivitySettings(
        preset="relational", within="84 days", personal={}, paid_by=("adjustment",)
    )

    def told(log: EventLog) -> tuple[RfmEdges, Transitions, list[pd.DataFrame]]:
        early, late = (standing_table(log, study, cutoff) for cutoff in CUTOFFS[:2])
        edges = fit_rfm(late)
        year = timedelta(days=364)
        wrong = wrongly_inactive(log, study, CUTOFF, margin_rate=0.4, observation=year)
        tables = (rfm_cells(late, edges), wrong)
        frames = [t.order_by("customer_id").to_pyarrow().to_pandas() for t in tables]
        return edges, transitions(early, late, "state"), frames

    here, there = told(log), told(on_spark)
    assert here[:2] == there[:2]
    for mine, other in zip(here[2], there[2], strict=True):
        pd.testing.assert_frame_equal(mine, other, check_exact=True)
    standing = here[2][0]
    assert standing["dormant"].any()
    assert standing["contact_kind"].nunique() > 5
    assert (standing["email_click_share"] > 0).any()


def test_decaying_weights_are_the_same_integers(spark: SparkBackend, db: DuckDB) -> None:
    """Ten years of ages: the fixed-point weight that each engine rounds to is one number."""
    import ibis  # noqa: PLC0415

    from reveil.engine.rows import PERIOD, decay  # noqa: PLC0415

    ages = ibis.range(3_660).unnest().name("age").as_table()
    for half_life in (7, 28, 84):
        weight = decay(ages.age % PERIOD, 1, half_life)
        weight *= decay(ages.age // PERIOD, PERIOD, half_life)
        table = ages.select("age", weight=weight).order_by("age")
        here, there = (c.to_pyarrow(table)["weight"].to_pylist() for c in (db.backend, spark))
        assert here == there


def test_who_is_who_and_what_machines_did_is_the_same(
    engine: Spark, db: DuckDB, tmp_path: Path
) -> None:
    """Ids written one way and linked, look-alikes, machines by every rule: equal rows and counts."""
    rng = np.random.default_rng(8)
    n = 3_000
    kinds = ["email_sent", "email_open", "email_click", "email_click", "purchase"]
    at = rng.integers(10, 13, n) * 86_400 + rng.choice([0, 0, 40_000], n) + rng.integers(-9, 9, n)
    rows = pa.table(
        {
            "source": rng.choice(["mail", "web"], n),
            "customer_id": rng.choice(["a1", " a1", "A1", "0a1", "b\u00a02", "B2", "c3"], n),
            "kind": rng.choice(kinds, n),
            "campaign": rng.choice(np.array(["spring", "summer", None], dtype=object), n),
            "item": rng.choice(np.array(["x", "y", "z", None], dtype=object), n),
            "at_s": at,
            "known_s": at + rng.choice([0, 0, 86_400], n),
        }
    )
    links = pa.table(
        {"link_id": ["A1", "B2"], "link_source": ["mail", "web"], "link_customer": ["B2", "C3"]}
    )
    said = MachineSettings(bulk=40, burst_links=3)

    def told(
        reader: DuckDB | Spark, clean: Table, linked: Table
    ) -> tuple[pd.DataFrame, list[list[Finding]]]:
        link = Link(table=linked, name="links", id="id", by_source=True)
        who = Identity(same=("case", "spaces", "leading_zeros"), links=(link,))
        people, machines = without_machines(reader, reconciled(clean, who), said)
        frame = people.order_by(people.columns).to_pyarrow().to_pandas()
        ids = clean.select("source", "customer_id").distinct()
        known = reconciled(ids, who).distinct()
        return frame, [machines, audit_identity(ids, Identity()), audit_identity(known, who)]

    for name, table in (("mail_rows", rows), ("links", links)):
        pq.write_table(table, tmp_path / f"{name}.parquet")
        path = str(tmp_path / f"{name}.parquet")
        engine.session.read.parquet(path).createOrReplaceTempView(name)
    here = told(
        db,
        db.backend.create_table("mail_rows", rows, temp=True),
        db.backend.create_table("mail_links", links, temp=True),
    )
    there = told(engine, engine.backend.table("mail_rows"), engine.backend.table("links"))
    assert here[1] == there[1]
    machines, look_alikes, unlinked = here[1]
    assert (len(machines), len(look_alikes), len(unlinked)) == (6, 4, 1)
    pd.testing.assert_frame_equal(here[0], there[0], check_exact=True)
    assert 100 < len(here[0]) < n - 100
