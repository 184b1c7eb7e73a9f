"""Attributes of customers: what they are read as, and which are of no use."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from people import at, opened

from reveil.config import parse_study
from reveil.engine.duckdb import DuckDB
from reveil.errors import DataError, StudyError


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
