"""Who is inactive by each preset and by a purchase-only rule, against what is known of the truth.

    python experiments/2026-11_who-is-inactive/run.py [--customers 20000]

Prints two Markdown tables: the simulated base, whose deaths are known; and, where REVEIL_DATA is
set, the two real studies, where the only truth is who ordered in the weeks after.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path

import pandas as pd

import reveil as rv
from reveil.activity.settings import ActivitySettings
from reveil.activity.states import states
from reveil.activity.wrongly import wrongly_inactive
from reveil.config import load_study
from reveil.engine.duckdb import DuckDB
from reveil.engine.settings import EngineSettings
from reveil.events.log import open_log
from reveil.events.roles import roles_of
from reveil.events.settings import CustomersSettings, MachineSettings, SourceSettings
from reveil.simulation.simulate import simulate, write
from reveil.simulation.truth import truth_at

CUTOFFS = (date(2024, 1, 1), date(2024, 7, 1), date(2024, 10, 7))


def definitions(within: str) -> dict[str, dict]:
    """Name the rules to compare; the purchase-only rule waits as long as the retail preset."""
    personal = {"overdue_ratio": 2, "min_orders": 3}
    return {
        f"orders alone, {within}": {"any_of": ["purchase"], "within": within},
        "retail": {"preset": "retail"},
        "retail, personal limit": {"preset": "retail", "personal": personal},
        "subscription": {"preset": "subscription"},
        "relational": {"preset": "relational"},
    }


def simulated(customers: int, seed: int) -> pd.DataFrame:
    """Share of the gone and of the living that each definition calls wrongly."""
    settings = rv.SimulationSettings(customers=customers, seed=seed)
    made = simulate(settings)
    latent = made.truth.to_pandas().set_index("customer_id")
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        write(made, Path(folder))
        names = {"customer": "customer_id", "at": "at", "amount": "amount", "order": "order_id",
                 "item": "item", "channel": "channel", "campaign": "campaign", "offer": "offer",
                 "is_machine": "is_machine"}  # fmt: skip
        source = SourceSettings(
            name="events",
            path=Path(folder) / "events.parquet",
            columns=names,
            kind={"column": "kind"},
        )
        people = CustomersSettings(
            path=Path(folder) / "customers.parquet", customer="customer_id", since="created_on"
        )
        log = open_log(
            DuckDB(EngineSettings(memory="4GB")), [source], people, settings.coverage, roles_of({}),
            machines=MachineSettings(),
        )  # fmt: skip
        for cutoff in CUTOFFS:
            now = truth_at(settings, cutoff, 90).to_pandas().set_index("customer_id")
            for name, said in definitions("8 months").items():
                activity = ActivitySettings(**said)
                found = states(log, activity, cutoff).to_pyarrow().to_pandas()
                found = found[found["orders"] > 0].set_index("customer_id")
                alive = now.loc[found.index, "alive"].to_numpy(bool)
                reader = latent.loc[found.index, "engaged_non_buyer"].to_numpy(bool)
                active = (found["state"] == "active").to_numpy(bool)
                rows.append(
                    {
                        "definition": name,
                        "cutoff": cutoff,
                        "gone": int((~alive).sum()),
                        "gone called active": active[~alive].mean(),
                        "alive": int(alive.sum()),
                        "alive called inactive": (~active)[alive].mean(),
                        "readers alive": int((reader & alive).sum()),
                        "readers alive called inactive": (~active)[reader & alive].mean(),
                    }
                )
    return pd.DataFrame(rows)


def real(path: Path, cutoff: date, horizon: int, within: str) -> pd.DataFrame:
    """Who orders in the weeks after, by what each definition called them."""
    study = load_study(path)
    log = rv.open_events(study)
    bought = log.events.filter(
        log.events.kind == "purchase",
        log.events.at_s >= seconds(cutoff),
        log.events.at_s < seconds(cutoff + timedelta(days=horizon)),
    )
    back = set(bought.select("customer_id").distinct().to_pyarrow()["customer_id"].to_pylist())
    rows = []
    for name, said in definitions(within).items():
        activity = ActivitySettings(**({"within": within} | said if "preset" in said else said))
        found = states(log, activity, cutoff).to_pyarrow().to_pandas()
        found = found[found["state"].isin(["active", "inactive", "former"])]
        found["back"] = found["customer_id"].isin(back)
        quiet = found[found["state"] == "inactive"]
        spared = wrongly_inactive(
            log, activity, cutoff, margin_rate=study.labels.margin_rate, observation=timedelta(days=364)
        ).to_pyarrow().to_pandas()  # fmt: skip
        spared = spared[
            spared["customer_id"].isin(found.loc[found["state"] == "active", "customer_id"])
        ]
        rows.append(
            {
                "study": study.name, "definition": name, "customers": len(found),
                "active": int((found["state"] == "active").sum()), "inactive": len(quiet),
                "former": int((found["state"] == "former").sum()),
                "active who order": found.loc[found["state"] == "active", "back"].mean(),
                "inactive who order": quiet["back"].mean(),
                "active without order in time": len(spared),
                "of whom order": spared["customer_id"].isin(back).mean() if len(spared) else None,
                "their margin, a year": round(spared["margin"].sum()),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def seconds(day: date) -> int:
    """Seconds from 1970 to the midnight that starts a day."""
    return (day - date(1970, 1, 1)).days * 86_400


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rows = simulated(asked.customers, asked.seed)
    print(table(rows.sort_values(["cutoff"], kind="stable")))
    if "REVEIL_DATA" not in os.environ:
        return
    models = Path(__file__).parents[2] / "models"
    found = pd.concat(
        [
            real(models / "online_retail" / "study.yaml", date(2011, 6, 1), 90, "180 days"),
            real(models / "complete_journey" / "study.yaml", date(2017, 9, 1), 56, "56 days"),
        ]
    )
    print()
    print(table(found))


def table(frame: pd.DataFrame) -> str:
    """Write a frame as Markdown."""

    def cell(value: object) -> str:
        if isinstance(value, float):
            return "" if pd.isna(value) else f"{value:.1%}"
        return f"{value:,}" if isinstance(value, int) else str(value)

    lines = [list(frame.columns), ["---"] * len(frame.columns)]
    lines += [[cell(v) for v in row] for row in frame.astype(object).itertuples(index=False)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


if __name__ == "__main__":
    main()
