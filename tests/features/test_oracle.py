"""Every built-in feature equals what its name and meaning say, computed plainly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from oracle import answer
from oracle_past import Past
from orderly import Case, case, opened, shop, told, written

from reveil.engine.duckdb import DuckDB
from reveil.events.roles import Role, roles_of

CASES: dict[str, Callable[[], Case]] = {
    "leap": lambda: case(700, 11, date(2020, 3, 1), 364),
    "two years": lambda: case(500, 12, date(2021, 2, 28), 728),
    "half a year": lambda: case(300, 13, date(2020, 3, 29), 168),
    "shop": lambda: shop(500, 14, date(2020, 3, 1)),
}
"""A cutoff the day after a leap day; one that has none; one on the night clocks go forward."""


@dataclass(frozen=True, kw_only=True)
class Computed:
    """Histories beside what the engine made of them."""

    case: Case
    pasts: dict[str, Past]
    matrix: pd.DataFrame


@pytest.fixture(scope="module", params=["direct"])
def plan(request: pytest.FixtureRequest) -> str:
    """How the engine computes; whichever it chooses gives the same bits."""
    return str(request.param)


def compute(db: DuckDB, one: Case, folder: Path, plan: str) -> pd.DataFrame:
    """Compute a case's matrix from files."""
    log = opened(db, one.rows, one.people, folder)
    everyone = ibis.memtable({"customer_id": list(one.customers)})
    assert plan == "direct"
    table = one.features.matrix(log, everyone, one.told.cutoff)
    return table.to_pyarrow().to_pandas().set_index("customer_id").loc[list(one.customers)]


@pytest.fixture(scope="module")
def computed(
    db: DuckDB, plan: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Computed]:
    found = {}
    for name, draw in CASES.items():
        one = draw()
        matrix = compute(db, one, tmp_path_factory.mktemp("rows"), plan)
        found[name] = Computed(case=one, pasts=one.pasts(), matrix=matrix)
    return found


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
def test_feature_is_what_it_says(name: str, computed: dict[str, Computed]) -> None:
    """On 2,000 small histories: nobody's, one event, ties, edges of windows, orders in pieces."""
    spoken = [one for one in computed.values() if name in one.matrix]
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


def test_every_feature_of_a_case_is_compared(computed: dict[str, Computed]) -> None:
    """What only a smaller log has would otherwise go unseen."""
    for found in computed.values():
        assert set(found.matrix) <= set(EVERY)


def test_matrix_is_float32(computed: dict[str, Computed]) -> None:
    """Stored as float32, every feature, in the order of the names."""
    for found in computed.values():
        assert set(found.matrix.dtypes) == {np.dtype("float32")}
        assert tuple(found.matrix.columns) == found.case.features.names
