"""The customers table: who is known, and what held for each, at any moment."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reveil.engine.duckdb import DuckDB
from reveil.errors import DataError
from reveil.events.log import EventLog, open_log
from reveil.events.roles import roles_of
from reveil.events.settings import CustomersSettings, IdentitySettings, SourceSettings
from reveil.windows import Coverage

COVERAGE = Coverage(start=date(2011, 1, 1), end=date(2012, 1, 1))
EVENTS = pd.DataFrame({"who": ["a"], "day": ["2011-02-01"]})


def opened(
    db: DuckDB,
    folder: Path,
    people: pd.DataFrame,
    identity: dict[str, Any] | None = None,
    **said: Any,
) -> EventLog:
    people.to_csv(folder / "people.csv", index=False)
    source = SourceSettings(name="shop", columns={"customer": "who", "at": "day"}, kind="purchase")
    customers = CustomersSettings(path=folder / "people.csv", customer="id", **said)
    return open_log(
        db, [source], customers, COVERAGE, roles_of({}), frames={"shop": EVENTS},
        identity=None if identity is None else IdentitySettings.model_validate(identity),
    )  # fmt: skip


def at(log: EventLog, day: str) -> pd.DataFrame:
    people = log.before(date.fromisoformat(day)).customers
    assert people is not None
    frame: pd.DataFrame = people.order_by("customer_id").to_pyarrow().to_pandas()
    return frame.set_index("customer_id")


def test_every_answer_and_what_no_answer_means(db: DuckDB, tmp_path: Path) -> None:
    """No answer is no consent, no objection, every channel wanted, still in the market."""
    people = pd.DataFrame(
        {
            "id": ["a", "b", "c"],
            "optin": ["oui", "N", ""], "news": ["1", "0", ""], "offers": ["Vrai", "", "no"],
            "bounced": ["", "hard", ""], "age": ["30", "70", ""], "stop": ["no", "yes", ""],
            "likes": ["y", "n", ""], "until": ["2011-06-30", "", "2012-03-01"],
        }
    )  # fmt: skip
    log = opened(
        db, tmp_path, people,
        consent={"email": "optin", "sms": {"news": "news", "offers": {"column": "offers"}}},
        usable={"email": {"expression": "bounced is null"}}, wants={"email": "likes"},
        objection="stop", in_target={"expression": "age < 60"}, contract_end="until",
    )  # fmt: skip
    found = at(log, "2011-07-01")
    assert found["consent_email"].tolist() == [True, False, False]
    assert found["consent_sms_for_news"].tolist() == [True, False, False]
    assert found["consent_sms_for_offers"].tolist() == [True, False, False]
    assert found["usable_email"].tolist() == [True, False, True]
    assert found["wants_email"].tolist() == [True, False, True]
    assert found["objection"].tolist() == [False, True, False]
    assert found["in_target"].tolist() == [True, False, True]
    ends = pd.to_datetime(found["contract_end_s"], unit="s").dt.strftime("%F").fillna("")
    assert ends.tolist() == ["2011-06-30", "", "2012-03-01"]


HISTORY = pd.DataFrame(
    {
        "id": ["a", "a", "a", "b"],
        "from": ["2011-01-10", "2011-03-01", "2011-05-01", "2011-02-01"],
        "to": ["2011-03-01", "2011-05-01", "", "2011-04-01"],
        "ok": ["no", "yes", "no", "yes"],
    }
)
PERIODS = {"valid_from": "from", "valid_until": "to", "consent": {"email": "ok"}, "usable": {"email": "ok"}}  # fmt: skip


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2011-01-10", {}),  # what begins at the cutoff is not known yet
        ("2011-01-11", {"a": False}),
        ("2011-03-01", {"a": False, "b": True}),
        ("2011-03-02", {"a": True, "b": True}),
        ("2011-04-01", {"a": True, "b": True}),
        ("2011-04-02", {"a": True, "b": False}),  # over: known, and reached nowhere
        ("2011-05-02", {"a": False, "b": False}),
    ],
)
def test_the_row_that_held(db: DuckDB, tmp_path: Path, day: str, expected: dict[str, bool]) -> None:
    found = at(opened(db, tmp_path, HISTORY, **PERIODS), day)
    assert found["consent_email"].to_dict() == expected
    assert found["usable_email"].to_dict() == expected
    assert not {"valid_from_s", "valid_until_s", "written_id"} & set(found.columns)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
@given(data=st.data())
def test_later_rows_move_nothing(db: DuckDB, tmp_path: Path, data: st.DataObject) -> None:
    """Delete every row that begins at or after a cutoff: what held before it stays."""
    day = st.dates(date(2011, 1, 1), date(2011, 1, 20))
    rows = data.draw(
        st.lists(
            st.tuples(st.sampled_from("abc"), day, st.none() | day, st.booleans()),
            min_size=1, unique_by=lambda row: row[:2],
        )
    )  # fmt: skip
    cutoff = data.draw(day)
    people = pd.DataFrame(rows, columns=["id", "from", "to", "ok"]).astype({"from": str})
    people["to"] = people["to"].map(lambda d: "" if d is None else str(d))
    before = people[people["from"] < str(cutoff)]
    same = {"links": [], "same": ["case"]} if data.draw(st.booleans()) else None
    whole = at(opened(db, tmp_path, people, same, **PERIODS), str(cutoff))
    if before.empty:
        assert whole.empty
        return
    cut = at(opened(db, tmp_path, before, same, **PERIODS), str(cutoff))
    pd.testing.assert_frame_equal(whole, cut)
    # An obvious reading of the same: of the rows that are not over, the one that began last.
    for who, mine in before.groupby("id"):
        holding = mine[(mine["to"] == "") | (mine["to"] >= str(cutoff))].sort_values("from")
        held = bool(len(holding)) and bool(holding["ok"].iloc[-1])
        name = who.upper() if same else who
        assert whole.loc[name, "consent_email"] == held


def test_contacts_of_one_company(db: DuckDB, tmp_path: Path) -> None:
    """Each contact's row of the moment, then the company: an objection anywhere counts."""
    pd.DataFrame({"person": ["a", "b"], "company": ["ACME", "ACME"]}).to_csv(
        tmp_path / "links.csv", index=False
    )
    link = {"path": tmp_path / "links.csv", "id": "person", "customer": "company"}
    log = opened(db, tmp_path, HISTORY, {"links": [link]}, **PERIODS)
    for day, consent, usable in (("2011-03-01", False, True), ("2011-03-02", True, True), ("2011-06-01", False, False)):  # fmt: skip
        found = at(log, day)
        assert found.index.tolist() == ["ACME"]
        assert found["consent_email"].tolist() == [consent]
        assert found["usable_email"].tolist() == [usable]
    assert log.events.to_pyarrow()["customer_id"].to_pylist() == ["ACME"]


def test_two_rows_for_one_period_are_refused(db: DuckDB, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="one row per customer and period") as raised:
        opened(db, tmp_path, pd.concat([HISTORY, HISTORY[:1]]), **PERIODS)
    assert raised.value.hint == "keep the latest row of each pair in that file"
    with pytest.raises(DataError, match="one row per customer is required") as raised:
        opened(db, tmp_path, HISTORY, consent={"email": "ok"})
    assert "`valid_from`" in raised.value.hint


def test_lookups_bring_dates_and_names(db: DuckDB, tmp_path: Path) -> None:
    """A campaign's date, a product's department; several keys; rows without a match stay."""
    pd.DataFrame({"id": ["1", "2"], "start": ["2011-03-01", "2011-04-01"], "type": ["A", "B"]}).to_csv(tmp_path / "c.csv", index=False)  # fmt: skip
    pd.DataFrame({"shop": [1, 2], "sku": ["x", "x"], "dept": ["food", "toys"]}).to_parquet(tmp_path / "p.parquet")  # fmt: skip
    sent = pd.DataFrame({"who": list("abcd"), "campaign": [1, 2, 1, 2], "shop": [1, 2, 1, 2], "sku": ["x", "x", "x", "y"]})  # fmt: skip
    said: dict[str, Any] = {
        "name": "shop", "kind": "purchase",
        "columns": {"customer": "who", "at": "start", "offer": "type", "category": "dept"},
        "lookups": [
            {"path": tmp_path / "c.csv", "key": {"campaign": "id"}},
            {"path": tmp_path / "p.parquet", "key": {"shop": "shop", "sku": "sku"}},
        ],
    }  # fmt: skip
    source = SourceSettings(**said)
    log = open_log(db, [source], None, COVERAGE, roles_of({}), frames={"shop": sent})
    rows = log.events.order_by("customer_id").to_pyarrow().to_pandas()
    assert rows["offer"].tolist() == ["A", "B", "A", "B"]
    assert pd.to_datetime(rows["at_s"], unit="s").dt.month.tolist() == [3, 4, 3, 4]
    lines = log.lines.order_by("customer_id").to_pyarrow().to_pandas()
    assert lines["category"].tolist() == ["food", "toys", "food"]


def test_lookups_that_would_change_the_rows_are_refused(db: DuckDB, tmp_path: Path) -> None:
    def refused(table: pd.DataFrame, match: str, **more: Any) -> None:
        table.to_csv(tmp_path / "c.csv", index=False)
        lookup = {"path": tmp_path / "c.csv", "key": {"who": "id"}, **more}
        source = SourceSettings(
            name="shop", kind="purchase", columns={"customer": "who", "at": "day"}, lookups=[lookup]
        )
        with pytest.raises(DataError, match=match):
            open_log(db, [source], None, COVERAGE, roles_of({}), frames={"shop": EVENTS})

    refused(pd.DataFrame({"id": ["a", "a"], "x": [1, 2]}), "stand in several rows")
    refused(pd.DataFrame({"id": ["a"], "day": [1]}), 'both shop and c.csv have a column "day"')
    refused(pd.DataFrame({"key": ["a"], "x": [1]}), 'c.csv has no column "id"')
    refused(pd.DataFrame({"id": ["a"], "x": [1]}), 'c.csv has no column "y"', columns=["y"])


def test_rows_that_stand_twice_keep_their_positions(db: DuckDB, tmp_path: Path) -> None:
    """What is wrong is told of the rows of the file, not of what is left of them."""
    rows = ["a,2011-02-01"] * 5 + ["b,2011-02-02", "b,never", "b,2011-02-02"]
    (tmp_path / "s.csv").write_text("\n".join(["who,day", *rows]), "utf-8")
    source = SourceSettings(
        name="shop", kind="visit", path=tmp_path / "s.csv", on_duplicate="drop",
        on_bad_date="drop", columns={"customer": "who", "at": "day"},
    )  # fmt: skip
    log = open_log(db, [source], None, COVERAGE, roles_of({}))
    assert log.events.count().to_pyarrow().as_py() == 2
    found = {f.check: f for f in log.findings}
    assert found["unreadable date"].positions == (7,)
    refusing = source.model_copy(update={"on_bad_date": "refuse"})
    with pytest.raises(DataError, match=r"rows? 7"):
        open_log(db, [refusing], None, COVERAGE, roles_of({}))


def test_a_value_with_a_quote_in_it_is_not_shown(db: DuckDB, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("who,day,sum\na,2011-02-01,O'Brien 'x' Siobhan\n", "utf-8")
    columns = {"customer": "who", "at": "day", "amount": {"expression": "cast(sum as double)"}}
    source = SourceSettings(name="shop", kind="visit", path=tmp_path / "s.csv", columns=columns)
    with pytest.raises(DataError) as raised:
        open_log(db, [source], None, COVERAGE, roles_of({}))
    assert "Brien" not in str(raised.value)
    assert "Siobhan" not in str(raised.value)


def test_a_first_row_of_data_is_not_shown(db: DuckDB, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text("C0001,jean@example.fr,oui\nC0002,x,non\n", "utf-8")
    with pytest.raises(DataError) as raised:
        opened_as_written(db, tmp_path)
    assert "C0001" not in str(raised.value)
    assert "jean" not in str(raised.value)


def opened_as_written(db: DuckDB, folder: Path) -> EventLog:
    source = SourceSettings(name="shop", columns={"customer": "who", "at": "day"}, kind="visit")
    people = CustomersSettings(path=folder / "people.csv", customer="id")
    return open_log(db, [source], people, COVERAGE, roles_of({}), frames={"shop": EVENTS})


def test_lookups_keep_every_column_of_the_source(db: DuckDB, tmp_path: Path) -> None:
    """Whatever it is called; a name that differs by capitals only is taken."""
    pd.DataFrame({"id": ["1"], "dept": ["food"]}).to_csv(tmp_path / "l.csv", index=False)
    sold = pd.DataFrame({"who": list("ab"), "day": ["2011-02-01"] * 2, "key account": ["1", "2"],
                         "eye_right": ["x", "y"]})  # fmt: skip
    lookup = {"path": tmp_path / "l.csv", "key": {"key account": "id"}}
    said = {"name": "shop", "kind": "purchase", "on_duplicate": "drop"}
    columns = {"customer": "who", "at": "day", "item": "eye_right", "category": "dept"}
    source = SourceSettings.model_validate({**said, "columns": columns, "lookups": [lookup, {
        **lookup, "columns": []}]})  # fmt: skip
    log = open_log(db, [source], None, COVERAGE, roles_of({}), frames={"shop": sold})
    rows = log.lines.order_by("customer_id").to_pyarrow().to_pandas()
    assert rows["item"].tolist() == ["x", "y"]
    assert rows["category"].fillna("").tolist() == ["food", ""]
    assert {f.check: f.rows for f in log.findings}["lookup without match"] == 1
    named = SourceSettings.model_validate({**said, "columns": columns, "lookups": [lookup]})
    with pytest.raises(DataError, match='have a column "dept"'):
        open_log(
            db, [named], None, COVERAGE, roles_of({}), frames={"shop": sold.assign(Dept="mine")}
        )
