"""What happened in the outcome window, for every eligible customer, silent ones included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import ibis
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small import Typed, small_log

from reveil.engine.duckdb import DuckDB
from reveil.errors import TooLittleDataError
from reveil.events.log import EventLog
from reveil.labels.outcomes import Label
from reveil.windows import Windows

CUTOFF = date(2011, 6, 1)
WINDOWS = Windows(observation=timedelta(364), gap=timedelta(7), horizon=timedelta(90))
BACK = Label(name="reactivation", kinds=("purchase",), windows=WINDOWS)
MARGIN = Label(
    name="margin_if_returns", kinds=("purchase",), windows=WINDOWS,
    money_kinds=("purchase", "return"), margin_rate=0.5,
)  # fmt: skip
Log = Callable[..., EventLog]


@pytest.fixture
def log(db: DuckDB, tmp_path: Path) -> Log:
    return lambda *rows: small_log(db, tmp_path, list(rows))


def y_of(label: Label, log: EventLog, *who: str, cutoff: date = CUTOFF) -> dict[str, float | None]:
    population = ibis.memtable({"customer_id": list(who), "state": ["x"] * len(who)})
    table = label.query(log, population, cutoff).to_pyarrow()
    assert table.column_names == ["customer_id", "state", "y"]
    assert str(table.schema.field("y").type) == "double"
    return dict(zip(table["customer_id"].to_pylist(), table["y"].to_pylist(), strict=True))


def test_the_outcome_window_is_half_open(log: Log) -> None:
    """Its first second counts, its end does not; the gap is seen by nobody."""
    moments = {
        "before the cutoff": "2011-05-31 23:59:59",
        "the cutoff": "2011-06-01 00:00:00",
        "end of the gap": "2011-06-07 23:59:59",
        "start": "2011-06-08 00:00:00",
        "last second": "2011-09-05 23:59:59",
        "end": "2011-09-06 00:00:00",
    }
    opened = log(*[(who, "purchase", at) for who, at in moments.items()])
    found = y_of(BACK, opened, *moments)
    assert {who for who, y in found.items() if y == 1.0} == {"start", "last second"}
    assert set(found.values()) == {0.0, 1.0}


def test_silent_customers_are_labelled(log: Log) -> None:
    """Also one without a single event in the log; and nobody is labelled unasked."""
    opened = log(
        ("a", "purchase", "2011-07-01"),
        ("b", "purchase", "2010-07-01"),
        ("d", "purchase", "2011-07-01"),
    )
    assert y_of(BACK, opened, "a", "b", "c") == {"a": 1.0, "b": 0.0, "c": 0.0}
    assert y_of(MARGIN, opened, "b", "c") == {"b": None, "c": None}


def test_only_the_kinds_that_count(log: Log) -> None:
    """A return or a click is no coming back, unless the study says so."""
    opened = log(("a", "return", "2011-07-01", -5), ("b", "email_click", "2011-07-01"))
    assert y_of(BACK, opened, "a", "b") == {"a": 0.0, "b": 0.0}
    wider = Label(name="reactivation", kinds=("email_click", "purchase"), windows=WINDOWS)
    assert y_of(wider, opened, "a", "b") == {"a": 0.0, "b": 1.0}


def test_lines_that_follow_an_earlier_order_are_no_return(log: Log) -> None:
    """The order was placed before the window; its late lines are not another one."""
    opened = log(
        ("a", "purchase", "2011-06-07 23:00", 1, "no 1"),
        ("a", "purchase", "2011-06-08 01:00", 1, "no 1"),
        ("b", "purchase", "2011-06-08 01:00", 1, "no 1"),
    )
    assert y_of(BACK, opened, "a", "b") == {"a": 0.0, "b": 1.0}


def test_an_outcome_told_later_still_happened(log: Log) -> None:
    """`available_at` limits what a feature sees, not what happened."""
    opened = log(("a", "purchase", "2011-07-01", 1, None, "2011-12-01"))
    assert y_of(BACK, opened, "a") == {"a": 1.0}


def test_margin_is_the_share_of_what_was_bought_less_what_came_back(log: Log) -> None:
    """In the window only; null for who did not order, whatever was sent back."""
    opened = log(
        ("a", "purchase", "2011-07-01", 100.10),
        ("a", "purchase", "2011-07-02", 50),
        ("a", "return", "2011-07-03", -30.10),
        ("a", "purchase", "2011-06-07", 999),
        ("a", "purchase", "2011-09-06", 999),
        ("a", "quote", "2011-07-01", 999),
        ("b", "return", "2011-07-01", -10),
        ("c", "purchase", "2011-07-01", 10),
        ("c", "return", "2011-07-01", -30),
        ("d", "purchase", "2011-07-01", None),
    )
    assert y_of(MARGIN, opened, "a", "b", "c", "d") == {"a": 60.0, "b": None, "c": -10.0, "d": 0.0}


def test_a_horizon_beyond_the_coverage_is_refused(log: Log) -> None:
    """The last cutoff that can be labelled, and the day after."""
    opened = log(("a", "purchase", "2011-07-01"))
    last = date(2012, 1, 1) - timedelta(97)
    assert y_of(BACK, opened, "a", cutoff=last) == {"a": 0.0}
    with pytest.raises(TooLittleDataError) as raised:
        y_of(BACK, opened, "a", cutoff=last + timedelta(1))
    assert str(last) in str(raised.value.hint)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("abc"),
            st.sampled_from(["purchase", "return", "email_click"]),
            st.datetimes(datetime(2011, 5, 25), datetime(2011, 9, 12)).map(
                lambda d: d.replace(microsecond=0)
            ),
            st.integers(-9_999, 9_999).map(lambda n: n / 100),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_labels_are_what_a_person_would_count(
    db: DuckDB, tmp_path: Path, rows: list[Typed]
) -> None:
    """Against a loop over the rows."""
    opened = small_log(db, tmp_path, rows)
    start, end = datetime(2011, 6, 8), datetime(2011, 9, 6)
    inside = [row for row in rows if start <= row[2] < end]
    back, margin = y_of(BACK, opened, *"abcd"), y_of(MARGIN, opened, *"abcd")
    for who in "abcd":
        own = [row for row in inside if row[0] == who]
        ordered = any(kind == "purchase" for _, kind, *_ in own)
        assert back[who] == float(ordered)
        if ordered:
            money = sum(amount for _, kind, _, amount in own if kind != "email_click")
            assert np.isclose(margin[who], money / 2)
        else:
            assert margin[who] is None
