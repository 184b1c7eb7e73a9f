"""Machines of the simulated base are found without its flags, and people are not taken for them."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from reveil.engine.duckdb import DuckDB
from reveil.events.machines import without_machines
from reveil.events.settings import MachineSettings
from reveil.simulation import parameters as p
from reveil.simulation.settings import SimulationSettings
from reveil.simulation.simulate import simulate


@pytest.fixture(scope="module")
def mail() -> pd.DataFrame:
    """Simulate e-mails, with `is_machine` as it was before most flags were hidden.

    A flag is hidden by a draw of its own: with every flag shown, all else is the same base.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(p, "PREFETCH_FLAGGED", 1.0)
        patch.setattr(p, "SCANNER_FLAGGED", 1.0)
        shown = simulate(SimulationSettings(customers=1_500, seed=5)).events.to_pandas()
    usual = simulate(SimulationSettings(customers=1_500, seed=5)).events.to_pandas()
    pd.testing.assert_frame_equal(
        shown.drop(columns="is_machine"), usual.drop(columns="is_machine")
    )
    rows = shown[shown["kind"].isin(["email_sent", "email_open", "email_click"])]
    at_s = rows["at"].astype("datetime64[s]").astype("int64")
    return rows.assign(
        source="mail", at_s=at_s, known_s=at_s, is_machine=rows["is_machine"].eq(True)
    )


def precision_and_recall(
    db: DuckDB, mail: pd.DataFrame, kind: str, said: MachineSettings
) -> tuple[float, float]:
    columns = ["source", "customer_id", "kind", "campaign", "item", "at_s", "known_s"]
    clean = db.store(ibis.memtable(mail[[*columns, "is_machine"]]))
    people, _ = without_machines(db, clean, said)
    kept = people.filter(people.kind == kind).is_machine.to_pyarrow().to_pandas()
    reactions = mail[mail["kind"] == kind]
    machines, missed = reactions["is_machine"].sum(), kept.sum()
    found = len(reactions) - len(kept)
    return float((machines - missed) / found), float((machines - missed) / machines)


@pytest.mark.parametrize(
    ("kind", "least_precision", "least_recall"),
    [("email_open", 0.995, 0.99), ("email_click", 0.95, 0.99)],
)
def test_machines_are_found_and_people_are_not(
    db: DuckDB, mail: pd.DataFrame, kind: str, least_precision: float, least_recall: float
) -> None:
    """Prefetch within ten seconds, scanners within two: by the settings as they come."""
    precision, recall = precision_and_recall(db, mail, kind, MachineSettings(bulk=20))
    assert precision >= least_precision
    assert recall >= least_recall


def test_a_shorter_reach_finds_less_and_errs_less(db: DuckDB, mail: pd.DataFrame) -> None:
    """Two seconds find the prefetch of two seconds: about a fifth of one to ten."""
    _, short = precision_and_recall(
        db, mail, "email_open", MachineSettings(bulk=20, open_seconds=2)
    )
    first, last = p.PREFETCH_SECONDS
    assert short == pytest.approx(2 / (last - first + 1), abs=0.03)
