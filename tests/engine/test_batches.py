"""Many customers and cutoffs: one set of bits whatever the plan, the chunk and the neighbors."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import zip_longest
from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pytest
from bare import CUTOFF, T, log_of
from dirty import ROLES
from ibis.common.deferred import Deferred

from reveil.engine.asof import AsOf
from reveil.engine.chunks import CHUNK
from reveil.engine.duckdb import DuckDB
from reveil.engine.plan import Plan, aggregate, chosen, computed
from reveil.events.log import DAY, EventLog

OBSERVATION = timedelta(days=364)
CUTOFFS = tuple(CUTOFF - timedelta(days=28 * n) for n in (2, 1, 0))
PLANS: tuple[Plan, ...] = tuple(
    Plan(name=name, why="a test says so", cutoffs=len(CUTOFFS)) for name in ("direct", "periods")
)
KINDS = [f"kind {n}" for n in range(70)]
IDS = ["a", "A", "", "é", "q\"'x", "%s", "{}", "\U0001f600", "z"]


@pytest.fixture
def log(db: DuckDB) -> EventLog:
    """Nine customers whose events lie on the edges of days, periods and windows."""
    rng = np.random.default_rng(7)
    edges = [n * DAY + s for n in (0, 1, 7, 28, 45, 56, 84, 364, 365, 420) for s in (-1, 0, 1)]
    rows: list[dict[str, object]] = [
        {
            "customer_id": IDS[int(rng.integers(len(IDS) - 1))],
            "kind": str(rng.choice(["purchase", "visit", "email_sent", *KINDS[:3]])),
            "at_s": T - int(rng.choice(edges)),
            "amount": int(rng.integers(-(10**16), 10**16)),
            "channel": rng.choice([None, "web", "shop"]),
            "offer": rng.choice([None, "ten"]),
            "item": rng.choice([None, "i1", "i2"]),
            "rating": rng.choice([None, 1.5, -3.0]),
            "is_start": bool(rng.random() < 0.8),
        }
        for _ in range(400)
    ]
    return log_of(db, rows)


def everybody(log: EventLog) -> dict[date, ir.Table]:
    return dict.fromkeys(CUTOFFS, log.events.select("customer_id").distinct())


def asked(asof: AsOf) -> dict[str, Deferred]:
    """Ask one value of each kind, in windows that periods give and in others."""
    gaps, spells = asof.gaps("purchase", "visit"), asof.spells("visit", longer_than=45)
    last = asof.last_kind("purchase", "visit", "email_sent")
    return {
        **{f"n_{d}": asof.count("purchase", "visit", days=d) for d in (0, 1, 7, 28, 45, 84, 560)},
        "n_between": asof.count("purchase", days=56, until=28),
        "n_late": asof.count("purchase", days=28, until=7),
        "n_shop": asof.count("purchase", channel=("shop", "Shop")),
        "n_offer": asof.count("email_sent", naming="offer"),
        "money": asof.sum("purchase", column="amount"),
        "money_7": asof.sum("purchase", column="amount", days=7),
        "most": asof.max("purchase", column="amount", days=45),
        "faded": asof.decayed("purchase", half_life=28),
        "faded_money": asof.decayed("purchase", half_life=84, column="amount"),
        "recency": asof.recency("visit"),
        "tenure": asof.tenure("visit"),
        "last_kind": last.days(),
        "rating": asof.last_value("purchase", column="rating"),
        "items": asof.distinct("purchase", column="item", days=84),
        "items_45": asof.distinct("purchase", column="item", days=45),
        "channels": asof.distinct("visit", column="channel"),
        "lines": asof.lines("purchase", column="item"),
        "several": asof.several("purchase", column="channel"),
        "unanswered": asof.since("email_sent", after=("visit",)),
        "gap": gaps.mean(),
        "gap_latest": gaps.latest(),
        "gap_clumps": gaps.clumpiness(),
        "spells": spells.ended,
    }


def by_events(
    log: EventLog, people: Mapping[date, ir.Table], asof: AsOf, values: Mapping[str, Deferred]
) -> dict[date, pa.Table]:
    """Ask one cutoff at a time, lazily, as `FeatureSet.matrix` does."""
    wanted = asof.aggregates.values()
    return {
        cutoff: aggregate(log, one, cutoff, wanted, observation=OBSERVATION)
        .select(*one.columns, **values)
        .order_by("customer_id")
        .to_pyarrow()
        for cutoff, one in people.items()
    }


def by_batches(
    log: EventLog,
    people: Mapping[date, ir.Table],
    asof: AsOf,
    values: Mapping[str, Deferred],
    *,
    plan: Plan | None = None,
    customers: int = CHUNK,
) -> dict[date, pa.Table]:
    """Put the chunks of each cutoff together."""
    found: dict[date, list[pa.Table]] = {cutoff: [] for cutoff in people}
    for cutoff, table in computed(
        log, people, asof.aggregates.values(), values, observation=OBSERVATION, plan=plan,
        customers=customers,
    ):  # fmt: skip
        found[cutoff].append(table)
    return {cutoff: pa.concat_tables(tables) for cutoff, tables in found.items() if tables}


def made(db: DuckDB) -> set[str]:
    """List what stands in the connection, but for what Ibis puts there for a frame."""
    found = db.backend.raw_sql("SELECT table_name FROM information_schema.tables").fetchall()
    return {str(name) for (name,) in found if "memtable" not in str(name)}


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_plans_and_chunks_give_the_bits_of_one_cutoff(log: EventLog, plan: Plan) -> None:
    """Every statistic, for ids of any letters, those without an event among them."""
    asof = AsOf(dict(ROLES))
    values = asked(asof)
    people = dict.fromkeys(CUTOFFS, ibis.memtable({"customer_id": IDS, "state": list("abcdefghi")}))
    meant = by_events(log, people, asof, values)
    for customers in (1, 4, CHUNK):
        found = by_batches(log, people, asof, values, plan=plan, customers=customers)
        for cutoff in CUTOFFS:
            assert meant[cutoff].equals(found[cutoff])
    assert len({tuple(meant[cutoff]["faded_money"].to_pylist()) for cutoff in CUTOFFS}) > 1


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_more_matches_than_one_number_tells(log: EventLog, plan: Plan) -> None:
    """Seventy questions about seventy kinds, of which the log holds three."""
    asof = AsOf(dict.fromkeys(KINDS, ROLES["visit"]))
    values = {f"n_{n}": asof.count(kind) for n, kind in enumerate(KINDS)}
    meant = by_events(log, everybody(log), asof, values)
    found = by_batches(log, everybody(log), asof, values, plan=plan)
    assert all(meant[cutoff].equals(found[cutoff]) for cutoff in CUTOFFS)
    assert sum(meant[CUTOFF]["n_2"].to_pylist()) > 0


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
@pytest.mark.parametrize("narrowed", ["channel", "naming"])
def test_a_signal_that_the_log_lacks_counts_nothing(
    log: EventLog, plan: Plan, narrowed: Literal["channel", "naming"]
) -> None:
    """However narrowed, beside a signal that is there."""
    asof = AsOf(dict(ROLES))
    none = (
        asof.count("no such kind", channel="web")
        if narrowed == "channel"
        else asof.count("no such kind", naming="offer")
    )
    found = by_batches(
        log, everybody(log), asof, {"none": none, "n": asof.count("purchase")}, plan=plan
    )
    assert set(found[CUTOFF]["none"].to_pylist()) == {0.0}
    assert sum(found[CUTOFF]["n"].to_pylist()) > 0


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan.name)
def test_attempts_that_name_an_offer_beside_the_last_kind(log: EventLog, plan: Plan) -> None:
    """The kind of an event is kept for one question, the offer for none."""
    asof = AsOf(dict(ROLES))
    values = {
        "kind": asof.last_kind("purchase", "visit").kind(),
        "open": asof.since("email_sent", after=("visit",), naming="offer"),
    }
    found = by_batches(log, everybody(log), asof, values, plan=plan)
    meant = by_events(log, everybody(log), asof, values)
    assert all(meant[cutoff].equals(found[cutoff]) for cutoff in CUTOFFS)
    assert sum(found[CUTOFF]["open"].to_pylist()) > 0


@pytest.mark.parametrize("column", ["number", "told_id", "period", "kind", "age_s", "of_a"])
def test_columns_of_a_population_may_be_called_anything(log: EventLog, column: str) -> None:
    """They come out as they went in."""
    asof = AsOf(dict(ROLES))
    values = {"n": asof.count("purchase")}
    one = ibis.memtable({"customer_id": ["a", "z"], column: [5, 6]})
    for plan in PLANS:
        found = by_batches(log, dict.fromkeys(CUTOFFS, one), asof, values, plan=plan)
        assert found[CUTOFF].select(["customer_id", column]).to_pylist() == [
            {"customer_id": "a", column: 5}, {"customer_id": "z", column: 6},
        ]  # fmt: skip


def test_a_cutoff_without_anybody_leaves_the_others_alone(log: EventLog) -> None:
    """It comes with no rows; with nobody at all, nothing comes."""
    asof = AsOf(dict(ROLES))
    values = {"n": asof.count("purchase")}
    people = everybody(log)
    whole = by_batches(log, people, asof, values, customers=3)
    nobody = people[CUTOFF].filter(ibis.literal(False))
    found = by_batches(log, {**people, CUTOFFS[1]: nobody}, asof, values, customers=3)
    assert found[CUTOFFS[1]].num_rows == 0
    assert found[CUTOFFS[1]].schema == whole[CUTOFFS[1]].schema
    assert found[CUTOFF].equals(whole[CUTOFF])
    assert by_batches(log, dict.fromkeys(CUTOFFS, nobody), asof, values) == {}


@pytest.mark.parametrize("end", ["read", "closed", "forgotten", "failed"])
def test_nothing_is_left_in_the_connection(db: DuckDB, log: EventLog, end: str) -> None:
    """However a generator ends."""
    asof = AsOf(dict(ROLES))
    values = {"n": asof.count("purchase", days=28), "gap": asof.gaps("purchase").mean()}
    if end == "failed":
        values["n"] = (asof.count("purchase").cast("string") + "x").cast("int64")
    people, before = everybody(log), made(db)
    batches = computed(
        log, people, asof.aggregates.values(), values, observation=OBSERVATION, plan=PLANS[1],
        customers=2,
    )  # fmt: skip
    if end == "failed":
        with pytest.raises(Exception, match="Conversion"):
            next(batches)
    else:
        next(batches)
        assert made(db) > before
        if end == "read":
            assert sum(1 for _ in batches) > 1
        elif end == "closed":
            batches.close()  # type: ignore[attr-defined]
    del batches
    gc.collect()
    assert made(db) == before


def test_two_batches_of_one_connection_do_not_meet(log: EventLog) -> None:
    """Read in turn, each is what it is alone."""
    asof = AsOf(dict(ROLES))
    values, wanted = {"n": asof.count("purchase", days=28)}, tuple(asof.aggregates.values())
    some = dict.fromkeys(CUTOFFS, ibis.memtable({"customer_id": ["z", "a"]}))
    alone = [
        list(computed(log, people, wanted, values, observation=OBSERVATION, plan=plan, customers=2))
        for people, plan in ((some, PLANS[0]), (everybody(log), PLANS[1]))
    ]
    first = computed(log, some, wanted, values, observation=OBSERVATION, plan=PLANS[0], customers=2)
    second = computed(
        log, everybody(log), wanted, values, observation=OBSERVATION, plan=PLANS[1], customers=2
    )
    turns = list(zip_longest(first, second))
    together = [[one for one in reader if one is not None] for reader in zip(*turns, strict=True)]
    for meant, found in zip(alone, together, strict=True):
        assert [day for day, _ in meant] == [day for day, _ in found]
        assert all(a.equals(b) for (_, a), (_, b) in zip(meant, found, strict=True))


def dense(db: DuckDB, a_period: int) -> EventLog:
    """Lay out so many purchases in each of 14 periods, of a hundred customers."""
    rows: list[dict[str, object]] = [
        {"customer_id": f"c{n}", "at_s": T - period * 28 * DAY - event * DAY - 1}
        for n in range(100)
        for period in range(14)
        for event in range(a_period)
    ]
    return log_of(db, rows)


def test_periods_are_chosen_where_they_pay(db: DuckDB) -> None:
    """From three cutoffs and three events a period on, on one grid, of events known at once."""
    asof = AsOf(dict(ROLES))
    asof.count("purchase", days=28)
    asof.count("purchase", days=45)
    asof.several("purchase", column="channel")
    wanted = asof.aggregates.values()
    full, thin = dense(db, 3), dense(db, 2)

    def plan(log: EventLog, *cutoffs: date, observation: timedelta = OBSERVATION) -> Plan:
        return chosen(log, cutoffs, wanted, observation=observation)

    paying = plan(full, *CUTOFFS)
    assert (paying.name, paying.cutoffs, paying.rows_per_period) == ("periods", 3, 3.0)
    assert paying.direct == tuple(
        sorted(a.key for a in wanted if a.start_days == 45 or a.statistic == "several")
    )
    for poor, why in (
        (plan(thin, *CUTOFFS), "2.0 events per customer"),
        (plan(full, *CUTOFFS[:2]), "2 of the 3 cutoffs"),
        (plan(full, CUTOFF, CUTOFF, CUTOFF), "1 of the 3 cutoffs"),
        (plan(full, *CUTOFFS, CUTOFF - timedelta(days=1)), "one grid of 28 days"),
        (plan(full, *CUTOFFS, observation=timedelta(days=365)), "one grid of 28 days"),
        (plan(replace(full, columns=("available_at",)), *CUTOFFS), "known after they happen"),
    ):
        assert (poor.name, poor.direct) == ("direct", ())
        assert why in poor.why


def test_periods_that_would_show_what_nobody_knew_are_refused(db: DuckDB) -> None:
    """An order of before a cutoff, known after it, is not seen at it; nor can periods be asked for."""
    late = log_of(db, [{"at_s": T - 29 * DAY, "known_s": T - DAY}])
    late = replace(late, columns=("available_at",))
    asof = AsOf(dict(ROLES))
    values, people = {"n": asof.count("purchase")}, everybody(late)
    found = by_batches(late, people, asof, values)
    assert [found[cutoff]["n"].to_pylist() for cutoff in CUTOFFS] == [[0.0], [0.0], [1.0]]
    with pytest.raises(ValueError, match="known after they happen"):
        by_batches(late, people, asof, values, plan=PLANS[1])
    off = {CUTOFF - timedelta(days=3): people[CUTOFF], CUTOFF: people[CUTOFF]}
    with pytest.raises(ValueError, match="one grid"):
        by_batches(replace(late, columns=()), off, asof, values, plan=PLANS[1])
