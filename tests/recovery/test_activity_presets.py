"""Who is called inactive, against who is: the simulation knows which customers are gone.

Gone is dead in the simulation's sense: no order will ever come. Living customers called inactive
are those a shop gives up too early; gone ones called active are those it goes on writing to.
"""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from reveil.activity.engagement import BANDS
from reveil.activity.presets import PRESETS
from reveil.activity.settings import ActivitySettings
from reveil.activity.standing import standing_table
from reveil.activity.states import states
from reveil.activity.wrongly import wrongly_inactive
from reveil.engine.duckdb import DuckDB
from reveil.events.log import EventLog, open_log
from reveil.events.roles import roles_of
from reveil.events.settings import CustomersSettings, SourceSettings
from reveil.simulation.settings import SimulationSettings
from reveil.simulation.simulate import simulate, write
from reveil.simulation.truth import truth_at

CUTOFF = date(2024, 7, 1)
SIMULATED = SimulationSettings(customers=2_500, seed=5)
COLUMNS = {
    "customer": "customer_id", "at": "at", "amount": "amount", "order": "order_id",
    "channel": "channel", "campaign": "campaign", "offer": "offer", "is_machine": "is_machine",
}  # fmt: skip


@pytest.fixture(scope="module")
def log(db: DuckDB, tmp_path_factory: pytest.TempPathFactory) -> EventLog:
    folder = tmp_path_factory.mktemp("base")
    write(simulate(SIMULATED), folder)
    source = SourceSettings(
        name="events", path=folder / "events.parquet", columns=COLUMNS, kind={"column": "kind"}
    )
    people = CustomersSettings(
        path=folder / "customers.parquet", customer="customer_id", since="created_on"
    )
    return open_log(db, [source], people, SIMULATED.coverage, roles_of({}))


@pytest.fixture(scope="module")
def truth() -> pd.DataFrame:
    latent = simulate(SIMULATED).truth.to_pandas().set_index("customer_id")
    now = truth_at(SIMULATED, CUTOFF, 90).to_pandas().set_index("customer_id")
    return now.join(latent[["engaged_non_buyer"]])


def called(log: EventLog, truth: pd.DataFrame, settings: ActivitySettings) -> pd.DataFrame:
    """Take who ordered inside the log: `active` as the study says, `alive` as it is."""
    frame = states(log, settings, CUTOFF).to_pyarrow().to_pandas().set_index("customer_id")
    frame = frame[frame["orders"] > 0]
    return truth.loc[frame.index].assign(active=frame["state"] == "active")


@pytest.fixture(scope="module", params=list(PRESETS))
def pair(
    request: pytest.FixtureRequest, log: EventLog, truth: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """By the preset, and by a rule on orders alone with the same limit."""
    preset = ActivitySettings(preset=request.param)
    orders = ActivitySettings(any_of=("purchase",), within=preset.within)
    return called(log, truth, preset), called(log, truth, orders)


def test_presets_give_up_far_fewer_living_customers(
    pair: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    """At most two thirds of those that orders alone give up, and more are called rightly."""
    preset, orders = pair
    missed, missed_before = (int((c["alive"] & ~c["active"]).sum()) for c in pair)
    assert missed_before > 100
    assert missed < 0.65 * missed_before
    assert (preset["alive"] == preset["active"]).mean() > (
        orders["alive"] == orders["active"]
    ).mean()


def test_living_readers_are_seen(pair: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Customers who read and visit without buying: orders alone lose most, presets next to none."""
    lost = [float((~c["active"])[c["alive"] & c["engaged_non_buyer"]].mean()) for c in pair]
    assert lost[0] < 0.05
    assert lost[1] > 0.3


def test_whom_orders_alone_call_inactive_are_mostly_alive(
    log: EventLog, truth: pd.DataFrame
) -> None:
    """As alive as two actives in three at least, and worth money; the other inactives are not."""
    settings = ActivitySettings()
    wrong = wrongly_inactive(
        log, settings, CUTOFF, margin_rate=0.4, observation=timedelta(days=728)
    )
    frame = wrong.to_pyarrow().to_pandas()
    everyone = called(log, truth, settings)
    assert len(frame) > 100
    assert frame["margin"].sum() > 0
    alive = truth["alive"].loc[frame["customer_id"]].mean()
    assert alive > 0.65
    assert everyone["alive"][~everyone["active"]].mean() < 0.25


def test_higher_bands_hold_more_of_the_living(log: EventLog, truth: pd.DataFrame) -> None:
    """And those who will order: the high band at least twice as often as the medium one.

    Of customers who have ordered; a band that holds too few is no band.
    """
    frame = standing_table(log, ActivitySettings(), CUTOFF).to_pyarrow().to_pandas()
    frame = frame[frame["orders"] > 0].set_index("customer_id")
    by_band = truth.loc[frame.index].groupby(frame["engagement_band"]).agg(
        n=("alive", "size"), alive=("alive", "mean"), order=("p_order", "mean")
    ).reindex(list(BANDS))  # fmt: skip
    assert (by_band["n"] > 100).all()
    assert by_band["alive"].is_monotonic_increasing
    assert by_band["order"].is_monotonic_increasing
    assert by_band["order"]["high"] > 2 * by_band["order"]["medium"]
