"""Attributes of customers: what they are read as, what held when, which texts become levels."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reveil.config import Study, parse_study
from reveil.engine.asof import AsOf
from reveil.engine.duckdb import DuckDB
from reveil.engine.plan import aggregate
from reveil.errors import DataError, StudyError
from reveil.events.clock import Clock
from reveil.events.contents import (
    MIN_CUSTOMERS,
    MOST_LEVELS,
    Attribute,
    attributes_of,
    levels_of,
)
from reveil.events.customers import held_at, open_customers
from reveil.events.identity import Identity, open_identity
from reveil.events.log import EventLog, open_log, seconds
from reveil.events.roles import roles_of
from reveil.events.settings import CustomersSettings, IdentitySettings, SourceSettings
from reveil.pipeline.observing import contents_of, read_events
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2011, 1, 1), end=date(2012, 1, 1))
EVENTS = pd.DataFrame({"who": ["a"], "day": ["2011-02-01"]})


def opened(
    db: DuckDB,
    folder: Path,
    people: pd.DataFrame | pa.Table,
    identity: dict[str, Any] | None = None,
    path: dict[str, Any] | None = None,
    **said: Any,
) -> EventLog:
    file = folder / "people.csv"
    if isinstance(people, pa.Table):
        file = folder / "people.parquet"
        pq.write_table(people, file)
    else:
        people.to_csv(file, index=False, sep=(path or {}).get("delimiter", ","))
    source = SourceSettings.model_validate(
        {"name": "shop", "columns": {"customer": "who", "at": "day"}, "kind": "purchase"}
    )
    customers = CustomersSettings.model_validate(
        {"path": {"file": file, **(path or {})}, "customer": "id", **said}
    )
    return open_log(
        db, [source], customers, COVERAGE, roles_of({}), frames={"shop": EVENTS},
        identity=None if identity is None else IdentitySettings.model_validate(identity),
    )  # fmt: skip


def at(log: EventLog, day: str) -> dict[str, list[Any]]:
    """Give what the table said of each customer, by attribute; None where it said nothing."""
    people = log.before(date.fromisoformat(day)).customers
    assert people is not None
    return said_of(people)


def said_of(people: ibis.Table) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = people.order_by("customer_id").to_pyarrow().to_pydict()
    return {name.removeprefix("attribute_"): values for name, values in found.items()}


def test_what_texts_are_read_as(db: DuckDB, tmp_path: Path) -> None:
    """All numbers: a number; a zero in front, or one word: a text; days: their age in days."""
    people = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "age": ["30", "", "1 070,5"],
            "band": ["30-39", "70", ""],
            "department": ["01", "75", "69"],
            "point": ["1.5", "2", "3"],  # no number where the comma is the mark
            "town": [" Lyon ", "", "Lyon"],
            "born": ["1980-01-01", "", "2011-06-30"],
            "joined": ["01/03/2011", "", "30/06/2011"],
            "nothing": ["", "", ""],
        }
    )
    names = [name for name in people.columns if name not in ("id", "joined")]
    log = opened(
        db, tmp_path, people, path={"decimal": ",", "delimiter": ";"},
        attributes={name: name for name in names}
        | {"joined": {"column": "joined", "format": "%d/%m/%Y"}},
    )  # fmt: skip
    found = at(log, "2011-07-01")
    assert found["age"] == [30.0, None, 1070.5]
    assert found["band"] == ["30-39", "70", None]
    assert found["department"] == ["01", "75", "69"]
    assert found["point"] == ["1.5", "2", "3"]
    assert found["town"] == ["Lyon", None, "Lyon"]
    days = (date(2011, 7, 1) - date(1980, 1, 1)).days
    assert found["born"] == [float(days), None, 1.0]
    assert found["joined"] == [122.0, None, 1.0]
    assert found["nothing"] == [None, None, None]
    assert at(log, "2011-06-29")["born"] == [float(days - 2), None, -1.0]


def test_what_types_are_read_as(db: DuckDB, tmp_path: Path) -> None:
    """Yes and no are 1 and 0; what is no number is none; an expression is what its type says."""
    people = pa.table(
        {
            "id": ["a", "b", "c"],
            "member": [True, False, None],
            "score": [1.5, float("nan"), float("inf")],
            "points": pa.array([3, None, 2**40], pa.int64()),
            "born": pa.array([date(2011, 1, 1), None, date(2011, 3, 1)]),
            "code": ["1", "2", None],
            "size": pa.array(["2", "5", None]).dictionary_encode(),
        }
    )
    log = opened(
        db, tmp_path, people,
        attributes={
            **{name: name for name in people.column_names[1:]},
            "code_text": {"expression": "cast(code as varchar)"},
            "double": {"expression": "score * 2"},
        },
    )  # fmt: skip
    found = at(log, "2011-03-01")
    assert found["member"] == [1.0, 0.0, None]
    assert found["score"] == [1.5, None, None]
    assert found["points"] == [3.0, None, float(2**40)]
    assert found["born"] == [59.0, None, 0.0]
    assert found["code"] == [1.0, 2.0, None]
    assert found["size"] == [2.0, 5.0, None]
    assert found["code_text"] == ["1", "2", None]
    assert found["double"] == [3.0, None, None]


def test_columns_that_are_none_are_refused(db: DuckDB, tmp_path: Path) -> None:
    people = pa.table({"id": ["a"], "age": ["30"], "tags": [["x"]], "born": ["31/02/2011"]})
    with pytest.raises(DataError, match='has no column "aeg"') as raised:
        opened(db, tmp_path, people, attributes={"age": "aeg"})
    assert raised.value.hint == "did you mean `age`?"
    with pytest.raises(DataError, match=r'"tags" of people\.parquet holds values of type array'):
        opened(db, tmp_path, people, attributes={"tags": "tags"})
    with pytest.raises(DataError, match=r"1 rows .* no readable date") as raised:
        opened(db, tmp_path, people, attributes={"born": {"column": "born", "format": "%d/%m/%Y"}})
    assert "customers.attributes.born" in str(raised.value.hint)
    with pytest.raises(StudyError, match=r"customers\.attributes\.age"):
        opened(db, tmp_path, people, attributes={"age": {"expression": "agee + 1"}})


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


def test_attributes_that_tell_nobody_apart_are_found(db: DuckDB, tmp_path: Path) -> None:
    """Empty, constant, a text for each: with the line to write; never a value of the data."""
    n = 90
    people = pd.DataFrame(
        {
            "id": range(n),
            "from": ["2010-01-01"] * 80 + ["2011-03-01"] * 10,
            "none": "",
            "same": "x",
            "some": ["x"] * 45 + [""] * 45,  # known or not is something
            "code": [f"{75 + k % 2}{k:03d}x" for k in range(n)],
            "o'clock": [f"{k}h" for k in range(n)],
            "age": ["30", "40"] * 40 + ["n.c.", "50"] * 5,
            "town": ["Lyon"] * 40 + ["Brest"] * 30 + [f"T{k}" for k in range(20)],
        }
    )
    names = {"none": "none", "same": "same", "some": "some", "code": "code", "clock": "o'clock",
             "age": "age", "town": "town"}  # fmt: skip
    log = opened(db, tmp_path, people, since="from", attributes=names)
    found = {(f.check, f.column): f for f in log.findings if f.check.startswith("attribute ")}
    assert {key: f.rows for key, f in found.items()} == {
        ("attribute without values", "none"): n,
        ("attribute with one value", "same"): n,
        ("attribute of rare texts", "code"): n,
        ("attribute of rare texts", "o'clock"): n,
        ("attribute not as its first values", "age"): 5,
    }
    assert all(f.state == "warning" and f.fix and f.fix_fr for f in found.values())
    for (_, column), f in found.items():
        assert ("75" in f.say("en"), "n.c." in f.say("fr")) == (False, False)
        if not f.line:
            assert f"take `{column}` out of" in f.fix
    lines = [f.line for f in found.values() if f.line]
    said = "customers: {path: people.csv, customer: id, attributes: {" + ", ".join(lines) + "}}"
    study = parse_study({**_yaml(said), **SMALLEST})
    assert study.customers is not None
    again = opened(
        db, tmp_path, people, since="from",
        attributes={k: v.model_dump() for k, v in study.customers.attributes.items()},
    )  # fmt: skip
    assert [f.check for f in again.findings if f.check.startswith("attribute ")] == [
        "attribute of rare texts"  # two letters of a clock are rare still
    ]


SMALLEST: dict[str, Any] = {
    "name": "shop",
    "sources": [{"name": "s", "path": "s.csv", "kind": "purchase",
                 "columns": {"customer": "who", "at": "day"}}],
    "coverage": {"start": "2010-01-01", "end": "2012-01-01"},
}  # fmt: skip


def _yaml(text: str) -> dict[str, Any]:
    import yaml  # noqa: PLC0415

    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
