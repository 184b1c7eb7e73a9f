"""Every built-in feature equals what its name and meaning say, computed plainly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from oracle import answer
from oracle_past import Past
from orderly import Case, case, in_time, opened, shop, told, written

from reveil.engine.duckdb import DuckDB
from reveil.engine.plan import Plan
from reveil.events.log import EventLog
from reveil.events.roles import Role, roles_of

CASES: dict[str, Callable[[], Case]] = {
    "leap": lambda: case(700, 11, date(2020, 3, 1), 364),
    "two years": lambda: case(500, 12, date(2021, 2, 28), 728),
    "half a year": lambda: case(300, 13, date(2020, 3, 29), 168),
    "shop": lambda: shop(500, 14, date(2020, 3, 1)),
    "leap, in time": lambda: in_time(case(200, 15, date(2020, 3, 1), 364)),
    "two years, in time": lambda: in_time(case(200, 16, date(2021, 2, 28), 728)),
}
"""A cutoff the day after a leap day; one that has none; one on the night clocks go forward."""

CUTOFFS = 3
"""Of one grid, 28 days apart, where every cutoff is computed from the same periods."""


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Histories at one cutoff beside what the engine made of them."""

    case: Case
    pasts: dict[str, Past]
    matrix: pd.DataFrame


@pytest.fixture(scope="module", params=["direct", "periods"])
def plan(request: pytest.FixtureRequest) -> str:
    """How the engine computes; whichever it chooses gives the same bits."""
    return str(request.param)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A case as the engine holds it."""

    case: Case
    log: EventLog
    everyone: ir.Table


def compute(held: Opened, one: Case) -> list[Computed]:
    """Compute a case's matrix from its events."""
    table = one.features.matrix(held.log, held.everyone, one.told.cutoff).to_pyarrow()
    return [Computed(case=one, pasts=one.pasts(), matrix=by_customer(table, one))]


def compute_all(held: Opened) -> list[Computed]:
    """Compute a case's matrix at several cutoffs from events added up by customer and period."""
    last = held.case
    days = [last.told.cutoff - timedelta(28 * n) for n in range(CUTOFFS)]
    made = Plan(name="periods", why="asked", cutoffs=CUTOFFS)
    parts: dict[date, list[pa.Table]] = {day: [] for day in days}
    people = dict.fromkeys(days, held.everyone)
    for day, part in last.features.batches(held.log, people, plan=made, customers=70):
        parts[day].append(part)
    cases = [replace(last, told=replace(last.told, cutoff=day)) for day in days]
    return [
        Computed(
            case=one,
            pasts=one.pasts(),
            matrix=by_customer(pa.concat_tables(parts[one.told.cutoff]), one),
        )
        for one in cases
    ]


def by_customer(table: pa.Table, one: Case) -> pd.DataFrame:
    """Put the rows in the order of the case."""
    return table.to_pandas().set_index("customer_id").loc[list(one.customers)]


@pytest.fixture(scope="module")
def logs(db: DuckDB, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Opened]:
    found = {}
    for name, draw in CASES.items():
        one = draw()
        log = opened(db, one.rows, one.people, tmp_path_factory.mktemp("rows"))
        everyone = db.store(ibis.memtable({"customer_id": list(one.customers)}))
        found[name] = Opened(case=one, log=log, everyone=everyone)
    return found


@pytest.fixture(scope="module")
def added(logs: dict[str, Opened]) -> dict[str, list[Computed]]:
    """Compute by periods what they can: events known when they happen."""
    return {name: compute_all(held) for name, held in logs.items() if "in time" in name}


@pytest.fixture(scope="module")
def computed(
    plan: str, logs: dict[str, Opened], added: dict[str, list[Computed]]
) -> list[Computed]:
    """Compute every case that a plan can."""
    if plan == "periods":
        return [one for case in added.values() for one in case]
    return [one for held in logs.values() for one in compute(held, held.case)]


EVERY = written(told(date(2020, 3, 1), 728)).names


def wrong(name: str, found: Computed) -> np.ndarray:
    """Say for which customers a feature is not what it says, as float32, nulls included."""
    means = answer(name, found.case.told.roles)
    meant = np.array([means(found.pasts[c]) for c in found.matrix.index], dtype=float)
    values = found.matrix[name].to_numpy(dtype=float)
    return ~np.isclose(values, meant.astype("float32"), rtol=3e-7, atol=1e-7, equal_nan=True)


def shortest(name: str, found: Computed, at: np.ndarray) -> str:
    """Show the customer with the fewest rows of those a feature is wrong for."""
    rows = {c: [r for r in found.case.rows if r.customer == c] for c in found.matrix.index[at]}
    customer = min(rows, key=lambda c: len(rows[c]))
    told = [f"  {row}" for row in sorted(rows[customer], key=lambda row: row.at)]
    told += [f"  {row}" for row in found.case.people if row.customer == customer]
    meant = answer(name, found.case.told.roles)(found.pasts[customer])
    value = found.matrix.loc[customer, name]
    return "\n".join([f"{at.sum()} wrong; {customer} has {value}, meant {meant}:", *told])


@pytest.mark.parametrize("name", EVERY)
def test_feature_is_what_it_says(name: str, computed: list[Computed]) -> None:
    """On 2,000 small histories: nobody's, one event, ties, edges of windows, orders in pieces."""
    spoken = [one for one in computed if name in one.matrix]
    assert spoken
    for found in spoken:
        at = wrong(name, found)
        assert not at.any(), shortest(name, found, at)
    values = pd.concat([found.matrix[name] for found in spoken]).dropna()
    assert values.nunique() > 1, "a constant would prove nothing"


def test_every_feature_has_an_oracle() -> None:
    """With every kind there is in the log, no feature is left out."""
    roles = roles_of({"garden_tour": Role.ENGAGEMENT, "leaflet": Role.MARKETER})
    every = written(told(date(2020, 3, 1), 728, roles), tuple(roles))
    for name in every.names:
        assert answer(name, roles) is not None


def test_every_feature_of_a_case_is_compared(computed: list[Computed]) -> None:
    """What only a smaller log has would otherwise go unseen."""
    for found in computed:
        assert set(found.matrix) <= set(EVERY)


def test_matrix_is_float32(computed: list[Computed]) -> None:
    """Stored as float32, every feature, in the order of the names."""
    for found in computed:
        assert set(found.matrix.dtypes) == {np.dtype("float32")}
        assert tuple(found.matrix.columns) == found.case.features.names


def test_plans_give_the_same_bits(
    logs: dict[str, Opened], added: dict[str, list[Computed]]
) -> None:
    """At every cutoff, periods added up give the float32 that the events give one by one."""
    for one in added["leap, in time"]:
        (read,) = compute(logs["leap, in time"], one.case)
        pd.testing.assert_frame_equal(one.matrix, read.matrix, check_exact=True)
        assert one.matrix.to_numpy().tobytes() == read.matrix.to_numpy().tobytes()
