"""Attributes of customers: which texts become levels, and which contents a study has."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pytest
from people import opened

from reveil.config import Study, parse_study
from reveil.engine.asof import AsOf
from reveil.engine.duckdb import DuckDB
from reveil.engine.plan import aggregate
from reveil.errors import DataError
from reveil.events.contents import (
    MIN_CUSTOMERS,
    MOST_LEVELS,
    Attribute,
    attributes_of,
    levels_of,
)
from reveil.pipeline.observing import contents_of, read_events


def towns(**counts: int) -> ibis.Table:
    names = [name for name, n in counts.items() for _ in range(n)]
    ids = [f"c{n:05d}" for n in range(len(names))]
    return ibis.memtable({"customer_id": ids, "attribute_town": names})


def test_levels_are_texts_that_enough_customers_share() -> None:
    """Most frequent first, ties by letters; neither the rare, nor those beyond the fiftieth."""
    people = towns(Zug=25, Lyon=40, Arles=25, Brest=MIN_CUSTOMERS, Ys=MIN_CUSTOMERS - 1)
    assert levels_of(people, "attribute_town") == ("Lyon", "Arles", "Zug", "Brest")
    # Half a percent of 6,000 is 30; of 5,999, too.
    base = towns(Paris=5_940, Lyon=30, Arles=29, Ys=1)
    assert levels_of(base, "attribute_town") == ("Paris", "Lyon")
    many = towns(**{f"T{n:02d}": 30 for n in range(MOST_LEVELS + 3)})
    assert levels_of(many, "attribute_town") == tuple(f"T{n:02d}" for n in range(MOST_LEVELS))


def test_a_text_without_levels_is_no_attribute() -> None:
    people = towns(Lyon=MIN_CUSTOMERS - 1).mutate(attribute_age=ibis.literal(3.0))
    assert attributes_of(people) == (Attribute(name="age"),)
    assert attributes_of(None) == ()


def shop(folder: Path, people: pd.DataFrame, **customers: Any) -> Study:
    people.to_csv(folder / "people.csv", index=False)
    n = np.arange(3_000)
    day = pd.Timestamp("2010-01-01") + pd.to_timedelta(n * 7 % 720, unit="D")
    channel = np.where(day < pd.Timestamp("2011-08-01"), "shop", "web")
    pd.DataFrame({"who": n % 90, "day": day, "by": channel}).to_csv(folder / "s.csv", index=False)
    source = {
        "name": "shop", "path": str(folder / "s.csv"), "kind": "purchase",
        "columns": {"customer": "who", "at": "day", "channel": "by"},
    }  # fmt: skip
    return parse_study(
        {
            "name": "shop",
            "sources": [source],
            "customers": {"path": str(folder / "people.csv"), "customer": "id", **customers},
            "coverage": {"start": "2010-01-01", "end": "2011-12-20"},
            "windows": {"observation": "364 days", "horizon": "60 days"},
            "cutoffs": {"test": ["2011-06-01", "2011-09-01"], "min_history": "180 days"},
        }
    )


def members(rng: np.random.Generator) -> pd.DataFrame:
    """Thirty of one tier, thirty of another; then thirty more of a third, known in July."""
    frame = pd.DataFrame(
        {
            "id": range(90),
            "from": ["2010-01-01"] * 60 + ["2011-07-01"] * 30,
            "tier": ["gold"] * 30 + ["silver"] * 30 + ["new"] * 30,
            "age": rng.integers(20, 60, 90),
            "until": "2012-01-01",
            "ok": "yes",
        }
    )
    return frame.sample(frac=1, random_state=1)


def test_contents_are_those_of_the_first_test_cutoff(tmp_path: Path) -> None:
    """Levels and channels that came later decide no column of a model judged by that cutoff."""
    study = shop(
        tmp_path, members(np.random.default_rng(3)), since="from", contract_end="until",
        consent={"email": {"open_tracking": "ok"}}, attributes={"tier": "tier", "age": "age"},
    )  # fmt: skip
    contents = contents_of(study, read_events(study))
    assert contents.attributes == (
        Attribute(name="age"),
        Attribute(name="tier", levels=("gold", "silver")),
    )
    assert contents.channels == {"shop": ("shop",)}
    assert contents.facts == ("since_s", "contract_end_s", "consent_email_for_open_tracking")


def test_facts_are_only_what_the_study_names(tmp_path: Path) -> None:
    """A table that does not say since when holds zeros there, which are no dates."""
    people = members(np.random.default_rng(3))
    bare = shop(tmp_path, people, consent={"email": "ok"})
    assert contents_of(bare, read_events(bare)).facts == ()
    periods = shop(tmp_path, people, valid_from="from")
    assert contents_of(periods, read_events(periods)).facts == ("since_s",)


def test_a_level_unseen_at_training_counts_as_another(db: DuckDB, tmp_path: Path) -> None:
    """As a rare one does; and an empty field is not known."""
    people = pd.DataFrame({"id": list("abcde"), "tier": ["gold", "silver", "rare", "", "new"]})
    log = opened(db, tmp_path, people, attributes={"tier": "tier"})
    asof = AsOf(log.roles)
    place = asof.attribute(Attribute(name="tier", levels=("silver", "gold")))
    ids = ibis.memtable({"customer_id": list("abcdef")})
    table = aggregate(log, ids, date(2011, 3, 1), asof.aggregates.values())
    found = table.select("customer_id", place=place).order_by("customer_id").to_pyarrow()
    assert found["place"].to_pylist() == [1.0, 0.0, 2.0, None, 2.0, None]


def test_a_study_whose_attribute_is_gone_is_refused_by_its_name(db: DuckDB, tmp_path: Path) -> None:
    people = pd.DataFrame({"id": ["a"], "tier": ["gold"], "age": [30]})
    log = opened(db, tmp_path, people, attributes={"age": "age"})
    asof = AsOf(log.roles)
    asof.attribute(Attribute(name="tier", levels=("gold",)))
    ids = ibis.memtable({"customer_id": ["a"]})
    with pytest.raises(DataError, match="has no column 'tier'"):
        aggregate(log, ids, date(2011, 3, 1), asof.aggregates.values())
