"""Attributes of customers: what held when, and of whom."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from people import COVERAGE, at, opened, said_of

from reveil.engine.duckdb import DuckDB
from reveil.events.clock import Clock
from reveil.events.customers import held_at, open_customers
from reveil.events.identity import Identity, open_identity
from reveil.events.log import seconds
from reveil.events.settings import CustomersSettings, IdentitySettings

HISTORY = pd.DataFrame(
    {
        "id": ["a", "a", "b", "c"],
        "from": ["2011-01-10", "2011-03-01", "2011-02-01", "2011-02-01"],
        "to": ["2011-03-01", "", "2011-04-01", ""],
        "tier": ["silver", "gold", "bronze", ""],
        "size": ["1", "2", "3", "4"],
    }
)
PERIODS: dict[str, Any] = {
    "valid_from": "from", "valid_until": "to", "attributes": {"tier": "tier", "size": "size"},
}  # fmt: skip


def test_the_row_that_held(db: DuckDB, tmp_path: Path) -> None:
    """What began at the cutoff is not known yet; what was last said stays when it is over."""
    log = opened(db, tmp_path, HISTORY, **PERIODS)
    assert at(log, "2011-01-10")["customer_id"] == []
    assert at(log, "2011-03-01")["tier"] == ["silver", "bronze", None]
    assert at(log, "2011-03-02")["tier"] == ["gold", "bronze", None]
    assert at(log, "2011-05-01")["size"] == [2.0, 3.0, 4.0]


def test_a_customer_is_known_since_the_first_period(db: DuckDB, tmp_path: Path) -> None:
    """And not since the one that holds now."""
    found = at(opened(db, tmp_path, HISTORY, **PERIODS), "2011-05-01")
    assert found["since_s"] == [
        int(pd.Timestamp(day).timestamp()) for day in ("2011-01-10", "2011-02-01", "2011-02-01")
    ]


@pytest.mark.parametrize(
    ("day", "tier", "size"),
    [
        ("2011-02-01", "silver", 1.0),
        ("2011-03-01", "bronze", 3.0),  # b began later; c too, of a larger id
        ("2011-03-02", "gold", 2.0),
        ("2011-05-01", "gold", 2.0),
    ],
)
def test_rows_of_one_customer(db: DuckDB, tmp_path: Path, day: str, tier: str, size: float) -> None:
    """The row that holds, then the one that began last, then the smallest id; empty says nothing."""
    pd.DataFrame({"person": ["a", "b", "c"], "company": ["ACME"] * 3}).to_csv(
        tmp_path / "links.csv", index=False
    )
    link = {"path": tmp_path / "links.csv", "id": "person", "customer": "company"}
    found = at(opened(db, tmp_path, HISTORY, {"links": [link]}, **PERIODS), day)
    assert (found["customer_id"], found["tier"], found["size"]) == (["ACME"], [tier], [size])
    assert set(found) == {"customer_id", "since_s", "tier", "size"}


def test_a_row_that_is_over_gives_way_to_one_that_holds(db: DuckDB, tmp_path: Path) -> None:
    """Of ids that are one customer; even where the row that is over began later."""
    people = pd.DataFrame(
        {
            "id": ["a", "A"],
            "from": ["2011-01-10", "2011-02-01"],
            "to": ["", "2011-03-01"],
            "tier": ["silver", "gold"],
            "size": [1, 2],
        }
    )
    log = opened(db, tmp_path, people, {"same": ["case"]}, **PERIODS)
    assert at(log, "2011-02-15")["tier"] == ["gold"]
    assert at(log, "2011-03-02")["tier"] == ["silver"]


def test_an_empty_field_lets_another_row_speak(db: DuckDB, tmp_path: Path) -> None:
    """Of ids that are one customer; without any date the smallest id speaks first."""
    people = pd.DataFrame(
        {"id": ["A1", "a1 ", "a2"], "tier": ["", "gold", "silver"], "n": [1, 2, 3]}
    )
    log = opened(
        db, tmp_path, people, {"same": ["case", "spaces"]}, attributes={"tier": "tier", "n": "n"}
    )
    found = at(log, "2011-03-01")
    assert found["customer_id"] == ["A1", "A2"]
    assert (found["tier"], found["n"]) == (["gold", "silver"], [1.0, 3.0])


WORDS = ("1", "2,5", "02", "3 000", "gold", "2011-01-05", "", "n.c.")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data())
def test_later_rows_move_nothing(db: DuckDB, tmp_path: Path, data: st.DataObject) -> None:
    """Delete every row known at or after a cutoff: no attribute moves, whatever later rows hold."""
    day = st.dates(date(2010, 12, 25), date(2011, 1, 20)).map(str)
    by_period = data.draw(st.booleans())
    rows = data.draw(
        st.lists(
            st.tuples(st.sampled_from("aAbBc"), day, st.sampled_from(WORDS), st.sampled_from(WORDS)),
            min_size=1, max_size=8, unique_by=(lambda row: row[:2]) if by_period else (lambda row: row[0]),
        )
    )  # fmt: skip
    cutoff = data.draw(st.dates(date(2011, 1, 2), date(2011, 1, 20)).map(str))
    said = {("valid_from" if by_period else "since"): "from", "attributes": {"x": "x", "y": "y"}}
    same = {"same": ["case"]} if data.draw(st.booleans()) else None
    people = pd.DataFrame(rows, columns=["id", "from", "x", "y"])
    before = people[people["from"] < cutoff]
    who = Identity() if same is None else open_identity(db, IdentitySettings.model_validate(same))
    clock = Clock(zone="UTC", source="UTC", coverage=COVERAGE)

    def known(rows: pd.DataFrame) -> dict[str, list[Any]]:
        file = tmp_path / "people.csv"
        rows.to_csv(file, index=False, sep=";")
        settings = CustomersSettings.model_validate(
            {**said, "path": {"file": file, "decimal": ",", "delimiter": ";"}, "customer": "id"}
        )
        table, _ = open_customers(db, settings, clock, who, seconds(COVERAGE.start))
        return said_of(held_at(table, seconds(date.fromisoformat(cutoff))))

    whole = known(people)
    if before.empty:
        assert whole["customer_id"] == []
    else:
        assert whole == known(before)


def test_consent_of_a_row_not_known_yet_is_not_counted(db: DuckDB, tmp_path: Path) -> None:
    """Of ids that are one customer, with no more than `since` to tell when each became known."""
    people = pd.DataFrame(
        {"id": ["a", "A"], "from": ["2011-01-10", "2011-03-01"], "ok": ["yes", "no"]}
    )
    log = opened(db, tmp_path, people, {"same": ["case"]}, since="from", consent={"email": "ok"})
    assert at(log, "2011-02-01")["consent_email"] == [True]
    assert at(log, "2011-03-02")["consent_email"] == [False]
